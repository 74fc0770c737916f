import DrainEngine
import KubernetesAPI
import Testing

@testable import DrainAgent

@Suite struct DrainDemandTests {
    private func parse(_ body: String) throws -> (id: String?, overrides: DrainDemand.Overrides) {
        try DrainDemand.Overrides.parse(Array(body.utf8))
    }

    @Test("an empty body, and an empty object, ask for nothing special")
    func empty() throws {
        for body in ["", "{}", " { } "] {
            let parsed = try parse(body)
            #expect(parsed.id == nil && parsed.overrides == DrainDemand.Overrides())
        }
    }

    @Test("every field is read, and goes into the policy")
    func allFields() throws {
        let parsed = try parse(
            """
            {"drain_id": "reboot-7.a_b", "timeout": "1m30s", "grace_period_seconds": 5, "pod_selector": "app=web",
             "dry_run": "server"}
            """)
        #expect(parsed.id == "reboot-7.a_b")
        #expect(parsed.overrides.timeout == .seconds(90))
        var demand = DrainDemand(.http)
        demand.overrides = parsed.overrides
        let policy = demand.applied(to: DrainPolicy(node: "node-a"))
        #expect(policy.gracePeriodSeconds == 5)
        #expect(policy.dryRun == .server)
        #expect(policy.podSelector.matches(["app": "web"]) && !policy.podSelector.matches([:]))
    }

    @Test("what is not overridden stays as the flags have it")
    func unchanged() {
        var flags = DrainPolicy(node: "node-a")
        flags.gracePeriodSeconds = 9
        flags.dryRun = .client
        #expect(DrainDemand(.http).applied(to: flags) == flags)
    }

    @Test("zero is a timeout: the drain never gives up")
    func zeroTimeout() throws {
        #expect(try parse("{\"timeout\":\"0\"}").overrides.timeout == .zero)
    }

    @Test(
        "a bad field is refused by its name",
        arguments: [
            ("{\"drain_id\": 1}", "drain_id"), ("{\"drain_id\": \"\"}", "drain_id"),
            ("{\"drain_id\": \"a b\"}", "drain_id"),
            ("{\"drain_id\": \"\(String(repeating: "x", count: 129))\"}", "drain_id"),
            ("{\"drain_id\": \"ä\"}", "drain_id"),
            ("{\"timeout\": 90}", "timeout"), ("{\"timeout\": \"90\"}", "timeout"),
            ("{\"timeout\": \"-1s\"}", "timeout"),
            ("{\"timeout\": null}", "timeout"), ("{\"grace_period_seconds\": \"5\"}", "grace_period_seconds"),
            ("{\"grace_period_seconds\": -1}", "grace_period_seconds"),
            ("{\"grace_period_seconds\": 1.5}", "grace_period_seconds"),
            ("{\"grace_period_seconds\": 1000000001}", "grace_period_seconds: 0 to 1000000000"),
            ("{\"grace_period_seconds\": 9223372036854775807}", "grace_period_seconds: 0 to 1000000000"),
            ("{\"grace_period_seconds\": 1e30}", "grace_period_seconds"),
            ("{\"grace_period_seconds\": 99999999999999999999}", "grace_period_seconds"),
            ("{\"pod_selector\": \"a=b=c\"}", "pod_selector"), ("{\"pod_selector\": {}}", "pod_selector"),
            ("{\"dry_run\": true}", "dry_run"), ("{\"dry_run\": \"maybe\"}", "dry_run"), ("{\"force\": true}", "force"),
            ("[]", "object"), ("\"drain\"", "object"), ("7", "object"), ("null", "object"), ("{", "JSON"),
            ("drain", "JSON"),
            ("{\"timeout\": \"1s\"", "JSON"), ("\u{0}", "JSON"),
        ])
    func refused(body: String, named: String) throws {
        let error = try #require(throws: DrainDemand.Overrides.Malformed.self) { try parse(body) }
        #expect(error.description.contains(named), "\(error.description)")
    }

    @Test("a body that nests for ever, or is no text, is refused like any other")
    func hostile() {
        for body in [
            [UInt8](repeating: UInt8(ascii: "["), count: 50_000), [0xFF, 0xFE, 0x7B], [0x7B, 0x22, 0xC3, 0x28],
        ] {
            #expect(throws: DrainDemand.Overrides.Malformed.self) { try DrainDemand.Overrides.parse(body) }
        }
    }
}
