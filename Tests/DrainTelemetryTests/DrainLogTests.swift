import DrainTelemetry
import KubernetesAPI
import Telemetry
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("DrainLog: events as lines")
struct DrainLogTests {
    private let rig = Rig()

    private func messages(_ level: LogLevel? = nil) -> [String] {
        rig.logLines.filter { level == nil || $0.level == level }.map(\.message)
    }

    @Test("a busy drain's lines, debug and all, are as they should be")
    func golden() throws {
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        drain.at(.seconds(12)) { $0.tell(.deadline(ScriptedDrain.epoch + .seconds(15))) }
        #expect(drain.run() == .ended)
        let lines = rig.logLines.flatMap { $0.json() }
        #expect(String(decoding: lines, as: UTF8.self) == (try Golden.text("drain-log.jsonl", renewedFrom: lines)))
    }

    @Test("a hundred retries are one warning, the rest is for those who debug")
    func retries() {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(600))
        drain.script = { call, _ in if case .evict = call { .init(.serverError) } else { nil } }
        rig.attach(to: drain)
        drain.run()
        #expect(drain.evictions(of: "a").count > 50)
        #expect(messages(.warning) == ["eviction is tried again", "deadline will be missed"])
        #expect(messages(.debug).count > 100)
        #expect(messages(.error) == ["drain ended"])
    }

    @Test("a budget that says no for minutes is one warning, and one line when it is over")
    func waits() {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(600))
        drain.script = { call, now in
            if case .evict = call, now < ScriptedDrain.epoch + .seconds(300) { .init(.budget("web")) } else { nil }
        }
        rig.attach(to: drain)
        drain.run()
        #expect(messages(.warning) == ["eviction is blocked"])
        let ended = rig.logLines.first { $0.message == "wait ended" }
        #expect(ended?.fields.first { $0.0 == "pdb" }?.1 == .string("demo/web"))
        #expect(ended?.fields.first { $0.0 == "outcome" }?.1 == .string("allowed"))
    }

    @Test("every line names the drain and the node, and stands in the trace")
    func common() {
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        drain.run(limit: .seconds(20))
        let trace = DrainTrace(DrainStart(id: "drain-1", trigger: .command), boot: "boot-1")
        #expect(!rig.logLines.isEmpty)
        for line in rig.logLines {
            #expect(Array(line.fields.prefix(2).map(\.0)) == ["drain_id", "node"])
            #expect(line.trace?.0 == trace.traceID)
        }
    }

    @Test("a drain with very many pods left names the first twenty")
    func remaining() {
        let drain = ScriptedDrain((0..<40).map { .stub("p\($0)") }, deadline: .seconds(10))
        drain.script = { call, _ in if case .evict = call { .init(.budget("web")) } else { nil } }
        rig.attach(to: drain)
        drain.run()
        guard case .array(let names)? = rig.logLines.last?.fields.first(where: { $0.0 == "remaining" })?.1 else {
            Issue.record("no remaining pods")
            return
        }
        #expect(names.count == 20 && names.first == .string("demo/p0 blocked"))
    }

    @Test(
        "an outcome's level says how bad it is",
        arguments: [
            (DrainOutcome.completed, LogLevel.info), (.cancelled, .warning), (.incomplete, .error), (.timedOut, .error),
            (.failed, .error),
        ])
    func levels(outcome: DrainOutcome, level: LogLevel) {
        rig.log.observe(
            DrainEvent(
                at: ScriptedDrain.epoch,
                .ended(
                    DrainSummary(
                        outcome: outcome, reason: "", total: 0, evicted: 0, vanished: 0, failed: 0, remaining: [],
                        leftCordoned: false))))
        #expect(rig.logLines.map(\.level) == [level])
    }

    @Test("an API server that is away is one warning, until it has been there again")
    func outages() {
        let away = DrainEvent.Fact.requestFailed(.list, message: "away", retryIn: .seconds(1))
        let back = DrainEvent.Fact.listed(pods: 1, sent: ScriptedDrain.epoch, purpose: .refresh)
        for fact in [away, away, back, away] { rig.log.observe(DrainEvent(at: ScriptedDrain.epoch, fact)) }
        #expect(rig.logLines.map(\.level) == [.warning, .debug, .warning])
    }

    @Test("what goes wrong around the pods is said with its reason")
    func troubles() {
        let troubles: [DrainEvent.Fact] = [
            .pollingChanged(true, reason: "forbidden"), .pollingChanged(false, reason: ""),
            .requestFailed(.list, message: "away", retryIn: .milliseconds(1500)), .throttled(for: .seconds(2)),
            .watchEnded(.expired, detail: "too old"), .cordon(.uncordonFailed(message: "no")),
        ]
        for trouble in troubles { rig.log.observe(DrainEvent(at: ScriptedDrain.epoch, trouble)) }
        #expect(
            rig.logLines.map { "\($0.level.rawValue) \($0.message)" } == [
                "warning watch does not work: listing pods instead", "info watch works again",
                "warning request failed: trying again", "warning server asked for a pause", "debug watch ended",
                "error node could not be uncordoned",
            ])
        #expect(rig.logLines[2].fields.last?.1 == .string("1.5s"))
    }

    @Test("what holds a drain up, and what is done about it, is said when it changes")
    func obstacles() throws {
        Obstacles.drain.forEach(rig.observe)
        let lines = rig.logLines.flatMap { $0.json() }
        #expect(
            String(decoding: lines, as: UTF8.self) == (try Golden.text("drain-obstacles.jsonl", renewedFrom: lines)))
    }

    @Test("what is told again unchanged is not said again")
    func repeated() {
        rig.observe(Obstacles.began())
        rig.observe(Obstacles.added(0))
        let facts: [DrainEvent.Fact] = [
            Obstacles.judged(.unsatisfiable), Obstacles.stuck(0, .finalizers), .overrunProjected(.never),
            .turn(.waiting(place: 1, holders: [])), .budgetWatchChanged(namespace: nil, isLive: false, reason: "no"),
        ]
        facts.forEach { rig.observe($0) }
        let count = rig.logLines.count
        #expect(count == facts.count + 1)
        facts.forEach { rig.observe($0) }
        for fact: DrainEvent.Fact in [
            Obstacles.judged(.waiting, .webhook(name: "kv")),
            .budgetWatchChanged(
                namespace: "demo", isLive: true, reason: ""), .overrunProjected(.never),
            Obstacles.stuck(0, .finalizers),
        ] {
            rig.observe(fact)
        }
        #expect(rig.logLines.count == count)
    }

    @Test("a forecast full of pods that can never go names twenty")
    func forecast() {
        let pods = (0..<30).map { index in
            Forecast.PodEntry(
                pod: Obstacles.pod(index), tier: .ordinary, outlook: .never(reason: "no"), answer: .budget, message: "")
        }
        rig.observe(.surveyed(Forecast(node: "node-a", pods: pods, budgets: [])))
        #expect(messages(.warning) == Array(repeating: "pod can never go", count: 20))
        #expect(rig.logLines.first?.fields.contains { $0 == ("never", .int(30)) } == true)
    }

    @Test("the summary of each half minute names verdicts, the turn that is waited for and the overrun")
    func summary() {
        rig.observe(Obstacles.began())
        rig.observe(Obstacles.added(0))
        rig.observe(.waitBegan(Obstacles.wait(0)))
        rig.observe(Obstacles.judged(.unsatisfiable))
        rig.observe(.turn(.waiting(place: 0, holders: ["node-b"])))
        rig.observe(.overrunProjected(.by(.seconds(90))))
        let line = rig.log.summary(of: rig.progress.current, at: ScriptedDrain.epoch)
        let text = String(decoding: line.json(), as: UTF8.self)
        for word in [
            #""verdict":"unsatisfiable""#, #""place":1"#, #""holders":["node-b"]"#, #""projected_overrun":"1m30s""#,
        ] {
            #expect(text.contains(word), "\(word)")
        }
    }
}
