import FoundationEssentials
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("Budget")
struct BudgetTests {
    private struct List: Decodable { var items: [Budget] }
    private struct Recording: Decodable { var body: List }

    private static func recorded(_ file: String) throws -> [Budget] {
        try JSONDecoder().decode(Recording.self, from: Data(Fixtures.bytes(file))).body.items
    }

    @Test("the budgets of a real server are read")
    func real() throws {
        let budgets = try Self.recorded("wire/pdb-list.json")
        #expect(budgets.map(\.metadata.name) == ["twice-1", "twice-2", "web-pdb"])
        let web = try #require(budgets.last)
        #expect(
            web.spec
                == BudgetSpec(
                    maxUnavailable: .int(0), selector: LabelSelector([.isIn(key: "app", values: ["web"])])))
        #expect(
            web.status
                == BudgetStatus(
                    observedGeneration: 1, currentHealthy: 4, desiredHealthy: 4, expectedPods: 4,
                    conditions: [
                        Condition(
                            type: "DisruptionAllowed", status: "False", reason: "InsufficientPods",
                            lastTransitionTime: Timestamp(rfc3339: "2026-11-22T15:56:51Z"))
                    ]))
        #expect(web.isCurrent)
        #expect(web.status.syncFailure == nil)
        #expect(web.metadata.annotations.isEmpty, "the last applied configuration is not kept")
    }

    @Test("those of an old one, too", arguments: ["wire-1.20/pdb-list.json"])
    func old(file: String) throws {
        let budgets = try Self.recorded(file)
        #expect(!budgets.isEmpty)
        #expect(budgets.allSatisfy { $0.spec.selector?.requirements.isEmpty == false })
        #expect(budgets.contains { $0.status.expectedPods > 0 })
    }

    private func budget(_ spec: String, status: String = "{}") throws -> Budget {
        let json = #"{"metadata":{"name":"b","namespace":"shop","generation":2},"spec":\#(spec),"status":\#(status)}"#
        return try JSONDecoder().decode(Budget.self, from: Data(json.utf8))
    }

    @Test(
        "whom it selects",
        arguments: [
            (#"{"selector":{"matchLabels":{"app":"web"}}}"#, true), (#"{"selector":{}}"#, true),
            (#"{"selector":null}"#, false), ("{}", false),
            (#"{"selector":{"matchLabels":{"app":"web","tier":"x"}}}"#, false),
            (#"{"selector":{"matchExpressions":[{"key":"app","operator":"In","values":["web","db"]}]}}"#, true),
            (#"{"selector":{"matchExpressions":[{"key":"app","operator":"NotIn","values":["web"]}]}}"#, false),
            (#"{"selector":{"matchExpressions":[{"key":"app","operator":"Exists"}]}}"#, true),
            (#"{"selector":{"matchExpressions":[{"key":"app","operator":"DoesNotExist"}]}}"#, false),
        ])
    func selection(spec: String, selects: Bool) throws {
        let budget = try budget(spec)
        #expect(budget.selects(namespace: "shop", labels: ["app": "web"]) == selects)
        #expect(!budget.selects(namespace: "other", labels: ["app": "web"]))
    }

    @Test("its status may be of another spec, or of a sync that failed, or below zero")
    func status() throws {
        let stale = try budget(
            "{}",
            status: #"""
                {"observedGeneration":1,"disruptionsAllowed":-1,"disruptedPods":{"web-0":"2027-01-15T08:00:00Z"},
                "conditions":[{"type":"DisruptionAllowed","status":"False","reason":"SyncFailed","message":"no scale"}]}
                """#)
        #expect(!stale.isCurrent)
        #expect(stale.status.syncFailure == "no scale")
        #expect(stale.status.disruptionsAllowed == -1)
        #expect(stale.status.disruptedPods == ["web-0": Timestamp(seconds: 1_800_000_000)])
    }

    @Test(
        "what is no budget is refused",
        arguments: [
            "{}", #"{"metadata":{},"spec":{"minAvailable":"half"}}"#, #"{"metadata":{},"spec":{"minAvailable":[]}}"#,
            #"{"metadata":{},"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"Is"}]}}}"#,
            #"{"metadata":{},"spec":{"selector":[]}}"#, #"{"metadata":{},"status":{"disruptedPods":{"a":"now"}}}"#,
            #"{"metadata":{},"status":{"expectedPods":1e99}}"#,
            #"{"metadata":{},"status":{"desiredHealthy":-9223372036854775808}}"#,
            #"{"metadata":{},"status":{"disruptionsAllowed":2147483648}}"#,
            #"{"metadata":{},"status":{"currentHealthy":-2147483649}}"#,
        ])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Budget.self, from: Data(json.utf8)) }
    }
}
