import ArgumentParser
import DrainEngine
import HTTPServer
import KubernetesAPI
import Testing

@testable import DrainAgent

@Suite struct OptionsTests {
    private func parse(_ arguments: String) throws -> any ParsableCommand {
        try DrainAgentCommand.parseAsRoot(KubectlSpelling.translate(arguments.split(separator: " ").map(String.init)))
    }

    @Test(
        "a bad flag is a usage error that names the flag",
        arguments: [
            ("drain node-a --grace-period -2", "--grace-period"),
            ("drain node-a --grace-period 1000000001", "--grace-period"),
            ("trigger --grace-period 9223372036854775807", "--grace-period"),
            ("drain node-a --grace-period soon", "--grace-period"),
            ("drain node-a --timeout 5", "--timeout"),
            ("drain node-a --timeout=-5s", "--timeout"),
            ("drain node-a --pod-selector a=b=c", "--pod-selector"),
            ("drain node-a --dry-run=maybe", "--dry-run"),
            ("drain node-a --skip-wait-for-delete-timeout=-1", "--skip-wait-for-delete-timeout"),
            ("drain node-a --chunk-size=-1", "--chunk-size"),
            ("drain node-a --concurrency 0", "--concurrency"),
            ("drain node-a --concurrency 101", "--concurrency"),
            ("drain node-a --max-terminating=-1", "--max-terminating"),
            ("drain node-a --max-retries=-1", "--max-retries"),
            ("drain node-a --retry-base-delay 0", "--retry-base-delay"),
            ("drain node-a --retry-base-delay 30s", "--retry-base-delay"),
            ("drain node-a --retry-max-delay 10ms", "--retry-max-delay"),
            ("drain node-a --pdb-retry-interval 10ms", "--pdb-retry-interval"),
            ("drain node-a --startup-timeout forever", "--startup-timeout"),
            ("drain node-a --listen 9809", "--listen"),
            ("drain node-a --log-format xml", "--log-format"),
            ("drain node-a --otlp-endpoint collector:4318", "--otlp-endpoint"),
            ("run --node node-a --otlp-endpoint grpc://collector:4317", "--otlp-endpoint"),
            ("drain node-a --pod-events --no-events", "--pod-events"),
            ("drain node-a --log-level loud", "--log-level"),
            ("drain node-a --bogus", "--bogus"),
            ("drain", "<node>"),
            ("drain Node_A", "<node>"),
            ("drain node-a --order random", "--order"),
            ("drain node-a --preflight maybe", "--preflight"),
            ("plan", "<node>"),
            ("plan Node_A", "<node>"),
            ("plan node-a -o xml", "-o"),
            ("plan node-a --pod-selector a=b=c", "--pod-selector"),
            ("plan node-a --skip-wait-for-delete-timeout=-1", "--skip-wait-for-delete-timeout"),
            ("run --node node-a --on-sigterm sleep", "--on-sigterm"),
            ("run --node node-a --self first", "--self"),
            ("run --node node-a --linger x", "--linger"),
            ("run --node node-a --termination-grace 10", "--termination-grace"),
            ("run --node node-a --listen localhost:1", "--listen"),
            ("run --node a/b", "--node"),
            ("run --node node-a --tls-cert a.crt", "--tls-key"),
            ("run --node node-a --tls-key a.key", "--tls-cert"),
            ("drain node-a --tls-cert a.crt --tls-key a.key", "--listen"),
            ("status --ca a.crt", "--ca"),
            ("status --token-file t", "--token-file"),
            ("status --insecure-skip-tls-verify", "--insecure-skip-tls-verify"),
            ("status --url node-a:9809", "--url"),
            ("status --url https://", "--url"),
            ("status --url https://node-a/metrics", "--url"),
            ("status --url https://token@node-a", "--url"),
            ("trigger --timeout x", "--timeout"),
            ("trigger --grace-period=-1", "--grace-period"),
            ("demo --listen nonsense", "--listen"),
            ("demo --port 70000", "--port"),
            ("evict node-a", "evict"),
        ])
    func usageErrors(arguments: String, flag: String) throws {
        let error = try #require(throws: (any Error).self) { try parse(arguments) }
        #expect(DrainAgentCommand.exitCode(for: error).rawValue == 64)
        let message = DrainAgentCommand.message(for: error)
        #expect(message.contains(flag), "\(message)")
    }

    @Test("kubectl drain's flags mean what they mean there")
    func kubectlFlags() throws {
        let command = try #require(
            try parse(
                """
                drain node/node-a --grace-period 7 --timeout 1m30s --pod-selector app=web --dry-run server \
                --delete-emptydir-data=true --force --ignore-daemonsets=false --disable-eviction \
                --skip-wait-for-delete-timeout 9 --chunk-size 20
                """) as? DrainCommand)
        #expect(command.node.value == "node-a")
        #expect(command.refusals.deleteEmptydirData && command.refusals.force && !command.refusals.ignoreDaemonsets)
        #expect(command.eviction.timeout.value == .seconds(90))
        let policy = try command.eviction.policy(node: command.node.value)
        #expect(policy.gracePeriodSeconds == 7)
        #expect(policy.podSelector.matches(["app": "web"]) && !policy.podSelector.matches(["app": "db"]))
        #expect(policy.dryRun == .server)
        #expect(policy.deletesWithoutEviction)
        #expect(policy.skipTerminatingAfter == .seconds(9))
        #expect(policy.chunkSize == 20)
    }

    @Test("a grace period of -1 is each pod's own, with a space or an equals sign before it")
    func ownGracePeriod() throws {
        for arguments in ["drain node-a", "drain node-a --grace-period=-1", "drain node-a --grace-period -1"] {
            let command = try #require(try parse(arguments) as? DrainCommand)
            #expect(try command.eviction.policy(node: "node-a").gracePeriodSeconds == nil)
        }
    }

    @Test("a terminal's drain is careful by default, and never gives up")
    func drainDefaults() throws {
        let command = try #require(try parse("drain node-a") as? DrainCommand)
        #expect(!command.refusals.deleteEmptydirData && !command.refusals.force && command.refusals.ignoreDaemonsets)
        let policy = try command.eviction.policy(node: "node-a")
        #expect(policy.dryRun == .none && !policy.deletesWithoutEviction && policy.skipTerminatingAfter == nil)
        #expect(policy.concurrency == 16 && policy.maxRetries == 10 && policy.budgetRetryInterval == .seconds(5))
        #expect(command.eviction.timeout.value == .zero)
    }

    @Test("the sidecar drains on SIGTERM, serves both families and lingers a minute by default")
    func runDefaults() throws {
        let command = try #require(try parse("run --node node-a") as? RunCommand)
        #expect(try command.nodeName() == "node-a")
        #expect(command.onSigterm == .drain && command.ownPod == .last)
        #expect(command.linger.value == .seconds(60))
        #expect(command.terminationGrace == nil && command.terminationLog == nil)
        #expect(try command.serving.address() == .tcp(host: "::", port: 9809))
        #expect(!command.serving.httpPrestop)
    }

    @Test(
        "a duration is what kubectl takes, and not negative",
        arguments: [
            ("0", .zero), ("90s", .seconds(90)), ("1m30s", .seconds(90)), ("1.5h", .seconds(5400)),
            ("300ms", .milliseconds(300)), ("-1s", nil), ("5", nil), ("", nil), ("10 s", nil), ("1d", nil),
            ("99999999999h", nil),
        ] as [(String, Duration?)])
    func durations(text: String, expected: Duration?) {
        #expect(DurationArgument(argument: text)?.value == expected)
    }

    @Test(
        "each outcome has its exit code",
        arguments: zip(DrainOutcome.allCases, [0, 3, 4, 5, 1] as [Int32]))
    func exitCodes(outcome: DrainOutcome, code: Int32) {
        #expect(AgentExit.code(outcome) == code)
    }
}
