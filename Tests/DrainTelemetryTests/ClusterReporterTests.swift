import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Locking
import Telemetry
import TestSupport
import Testing
import Timestamps

@Suite("ClusterReporter: best effort, never in a drain's way", .timeLimit(.minutes(1)))
struct ClusterReporterTests {
    /// An API server that writes down what it is asked.
    private final class Server: Sendable {
        let requests = Lock<[APIRequest]>([])
        let answer: @Sendable (APICall) -> Exchange.Answer

        init(_ answer: @escaping @Sendable (APICall) -> Exchange.Answer = { _ in .created }) { self.answer = answer }

        func send(_ request: APIRequest) async -> Exchange {
            requests.withLock { $0.append(request) }
            return Exchange(
                answer: answer(request.call), sent: ScriptedDrain.epoch, received: ScriptedDrain.epoch)
        }

        var words: [String] {
            requests.withLock { $0 }.map { request in
                switch request.call {
                case .createEvent(let event): event.reason
                case .repeatEvent(let event): "\(event.reason) again"
                case .setNodeConditions(_, let values): values.map { "\($0.type)=\($0.status)" }.joined(separator: " ")
                default: "\(request.call)"
                }
            }
        }
    }

    private let registry = Registry()
    private let said = Lock<[String]>([])

    private func reporter(_ settings: ClusterReporter.Settings = .init()) -> ClusterReporter {
        ClusterReporter(
            settings, node: "node-a", boot: "boot-1", registry: registry,
            time: TimeSource { ScriptedDrain.epoch + .seconds(10) }
        ) { [said] level, message, _ in said.withLock { $0.append("\(level.rawValue) \(message)") } }
    }

    private func count(_ result: String) -> Double? {
        registry.collect().flatMap(\.samples).first {
            $0.name == "drain_cluster_events_total" && $0.labels["result"] == result
        }?.value
    }

    /// Never returns before it is cancelled.
    @Sendable private func forever() async {
        let (never, end) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
        withExtendedLifetime(end) {}
    }

    private func run(
        _ reporter: ClusterReporter, against server: Server, drain: ScriptedDrain = ScriptedDrain([.stub("a")])
    ) async {
        drain.onStep = { _, step in step.events.forEach(reporter.observe) }
        drain.run()
        reporter.start(send: { await server.send($0) }, sleep: { _ in await self.forever() })
        await reporter.finish { await self.forever() }
    }

    @Test("a quiet drain costs a handful of requests, each in the drain's trace")
    func quiet() async {
        let server = Server()
        await run(reporter(), against: server)
        #expect(
            server.words == [
                "DrainInProgress=False Drained=True", "DrainStarted", "NodeCordoned", "DrainCompleted",
            ])
        let trace = DrainTrace(DrainStart(id: "drain-1", trigger: .command), boot: "boot-1")
        #expect(
            server.requests.withLock { $0 }.allSatisfy { $0.traceparent?.contains("\(trace.traceID)") == true })
        #expect(count("written") == 3 && count("dropped") == 0 && count("failed") == 0)
    }

    @Test("what is switched off is not written")
    func switches() async {
        let server = Server()
        await run(reporter(.init(events: false)), against: server)
        #expect(server.words == ["DrainInProgress=False Drained=True"])
        let other = Server()
        await run(reporter(.init(conditions: false)), against: other)
        #expect(other.words == ["DrainStarted", "NodeCordoned", "DrainCompleted"])
        let none = Server()
        await run(reporter(.init(events: false, conditions: false)), against: none)
        #expect(none.words.isEmpty)
    }

    @Test("a missing permission is said once, and the drain does not care")
    func forbidden() async {
        let server = Server { _ in .refusal(.forbidden) }
        await run(reporter(), against: server)
        #expect(
            said.withLock { $0 } == ["warning cannot write the node's conditions", "warning cannot write Events"])
        #expect(count("failed") == 3)
    }

    @Test("what cannot be sent in the time at the end is dropped, and counted")
    func endless() async {
        let reporter = reporter()
        let drain = ScriptedDrain([.stub("a")])
        drain.onStep = { _, step in step.events.forEach(reporter.observe) }
        drain.run()
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let exchange = Exchange(answer: .away, sent: drain.now, received: drain.now)
        reporter.start(
            send: { _ in
                ask.finish()
                await forever()
                return exchange
            }, sleep: { _ in })
        await reporter.finish { for await _ in asked {} }
        #expect(count("dropped") == 3)
    }

    @Test("who was never started has nothing to wait for")
    func idle() async {
        let reporter = reporter()
        await reporter.finish { await forever() }
        #expect(count("written") == 0)
    }

    @Test("what comes later is sent as it comes")
    func later() async {
        let reporter = reporter()
        let (calls, call) = AsyncStream.makeStream(of: APICall.self)
        reporter.start(
            send: { request in
                call.yield(request.call)
                return Exchange(answer: .created, sent: ScriptedDrain.epoch, received: ScriptedDrain.epoch)
            }, sleep: { _ in await self.forever() })
        var iterator = calls.makeAsyncIterator()
        for fact: DrainEvent.Fact in [Obstacles.began(), .cordon(.alreadyCordoned)] {
            reporter.observe(DrainEvent(at: ScriptedDrain.epoch, fact))
        }
        guard case .setNodeConditions? = await iterator.next() else {
            Issue.record("no conditions")
            return
        }
        guard case .createEvent(let event)? = await iterator.next() else {
            Issue.record("no Event")
            return
        }
        #expect(event.reason == "DrainStarted")
        await reporter.finish { await forever() }
    }
}
