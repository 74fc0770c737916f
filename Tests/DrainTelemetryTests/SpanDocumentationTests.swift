import DrainTelemetry
import KubernetesAPI
import Telemetry
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("docs/traces.md: spans; docs/metrics.md: log lines")
struct SpanDocumentationTests {
    /// Drains that between them show everything there is to be told.
    private static func rigs() -> [Rig] {
        [timedOut(), interrupted(), troubled(), blockedForLong(), otherwise(), Rig.withObstacles(), interruptedTurn()]
    }

    private static func timedOut() -> Rig {
        let rig = Rig()
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        drain.at(.seconds(30)) { $0.tell(.deadline($0.now)) }
        drain.run()
        return rig
    }

    private static func interrupted() -> Rig {
        let rig = Rig()
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        drain.run(limit: .seconds(20))
        rig.spanObserver.interrupt(at: drain.now)
        return rig
    }

    private static func troubled() -> Rig {
        let rig = Rig()
        let drain = ScriptedDrain([.stub("a"), .stub("b")])
        var calls = 0
        drain.script = { call, _ in
            calls += 1
            switch call {
            case .readNode where calls == 1: return .init(.serverError)
            case .evict(let pod, _) where pod.name == "b" && calls < 10: return .init(.noSuchPod(pod))
            case .evict where calls < 10: return .init(.throttled, retryAfter: .seconds(1))
            default: return nil
            }
        }
        drain.brokenWatch = { _, now in
            guard now < ScriptedDrain.epoch + .seconds(2) else { return nil }
            return .ended(.error, detail: "forbidden", status: Status(code: 403))
        }
        drain.termination = { _ in .seconds(50) }
        rig.attach(to: drain)
        drain.run()
        return rig
    }

    private static func interruptedTurn() -> Rig {
        let rig = Rig()
        Obstacles.drain.forEach(rig.observe)
        rig.observe(.turn(.lost(reason: "expired")))
        rig.observe(Obstacles.stuck(3, .finalizers))
        rig.spanObserver.tick(at: ScriptedDrain.epoch + .seconds(1000))
        rig.observe(Obstacles.ended(.timedOut), at: .seconds(1001))
        return rig
    }

    private static func blockedForLong() -> Rig {
        let rig = Rig()
        let drain = ScriptedDrain([.stub("a"), .stub("b"), .stub("c")], deadline: .seconds(400))
        drain.script = { call, _ in
            guard case .evict(let pod, _) = call else { return nil }
            if pod.name == "c" { return .init(.webhook("kv")) }
            return pod.name == "a" ? .init(.severalBudgets) : .init(.serverError)
        }
        drain.at(.seconds(350)) { $0.tell(.cancel(uncordon: true)) }
        rig.attach(to: drain)
        drain.run()
        return rig
    }

    private static func otherwise() -> Rig {
        let rig = Rig()
        let cluster = ScriptedCluster(node: "node-a", unschedulable: true)
        let drain = ScriptedDrain(DrainPolicy(node: "node-a"), cluster: cluster)
        rig.attach(to: drain)
        drain.run()
        rig.log.observe(DrainEvent(at: drain.now, .cordon(.uncordonFailed(message: "no"))))
        return rig
    }

    @Test("every span and attribute that is told is documented, and the other way round")
    func spans() throws {
        var told: [String: Set<String>] = [:]
        for span in Self.rigs().flatMap(\.spans) { told[span.name, default: []].formUnion(span.attributes.map(\.key)) }
        var documented: [String: Set<String>] = [:]
        for row in try Documentation.table("The tree", of: "traces.md") {
            documented[try #require(Documentation.words(row[0]).first)] = Set(Documentation.words(row[2]))
        }
        #expect(Set(documented.keys) == Set(told.keys))
        for (name, attributes) in told {
            #expect(documented[name]?.subtracting(attributes) == [], "\(name): documented only")
            #expect(attributes.subtracting(documented[name] ?? []) == [], "\(name): told only")
        }
    }

    @Test("every event of a span is documented with its attributes, and the other way round")
    func spanEvents() throws {
        var told: [String: Set<String>] = [:]
        for event in Self.rigs().flatMap(\.spans).flatMap(\.events) {
            told[event.name, default: []].formUnion(event.attributes.map(\.key))
        }
        var documented: [String: Set<String>] = [:]
        for row in try Documentation.table("Span events", of: "traces.md") {
            documented[try #require(Documentation.words(row[0]).first)] = Set(Documentation.words(row[1]))
        }
        #expect(told == documented)
    }

    @Test("the words that the page gives for attributes are the vocabulary's")
    func vocabularies() throws {
        let rigs = Self.rigs()
        func values(_ key: String) -> Set<String> {
            Set(
                rigs.flatMap(\.spans).flatMap(\.attributes).compactMap { attribute in
                    guard attribute.key == key, case .string(let text) = attribute.value else { return nil }
                    return text
                })
        }
        #expect(values("drain.list.purpose") == ["plan", "refresh", "verify"])
        #expect(values("drain.blocker") == ["budget", "several_budgets", "webhook"])
        #expect(values("drain.pdb.verdict").isSubset(of: BudgetVerdict.allCases.map(\.rawValue)))
        #expect(values("drain.pod.stuck").isSubset(of: StuckTermination.Reason.allCases.map(\.rawValue)))
        #expect(values("drain.fleet.outcome") == ["held", "abandoned"])
        #expect(values("drain.wait.outcome").isSubset(of: ["allowed", "abandoned", "drain.interrupted"]))
        #expect(values("drain.eviction.answer").isSubset(of: EvictionAnswer.allCases.map(\.rawValue)))
        #expect(values("drain.pod.result") == Set(PodResult.allCases.map(\.rawValue)))
    }

    @Test("every log line, level and field that is written is documented, and the other way round")
    func logLines() throws {
        let rigs = Self.rigs()
        let under = rigs[0].log.summary(of: Self.underWay(), at: ScriptedDrain.epoch)
        var written: [String: (levels: Set<String>, fields: Set<String>)] = [:]
        for line in rigs.flatMap(\.logLines) + [under] {
            #expect(line.fields.prefix(2).map(\.0) == ["drain_id", "node"])
            written[line.message, default: ([], [])].levels.insert(line.level.rawValue)
            written[line.message]?.fields.formUnion(line.fields.dropFirst(2).map(\.0))
        }
        let rows = try Documentation.table("Log lines")
        #expect(Set(rows.compactMap { Documentation.words($0[0]).first }) == Set(written.keys))
        for row in rows {
            let message = try #require(Documentation.words(row[0]).first)
            let levels = Set(row[1].split(separator: ",").map { String($0.drop { $0 == " " }) })
            #expect(written[message]?.levels.isSubset(of: levels) == true, "\(message)")
            #expect(written[message]?.fields == Set(Documentation.words(row[2])), "\(message)")
        }
    }

    @Test("the facts of a line stand in the contract's order, and its trace is there")
    func order() {
        let order = ["drain_id", "node", "pod", "pdb", "attempt", "answer", "phase", "err"]
        for line in Self.rigs().flatMap(\.logLines) {
            let positions = line.fields.compactMap { order.firstIndex(of: $0.0) }
            #expect(positions == positions.sorted(), "\(line.message): \(line.fields.map(\.0))")
            #expect(line.trace != nil, "\(line.message)")
            guard let pod = line.fields.first(where: { $0.0 == "pod" })?.1 else { continue }
            guard case .object(let members) = pod else {
                Issue.record("\(line.message): \(pod)")
                continue
            }
            #expect(members.map(\.0) == ["namespace", "name", "uid"])
        }
    }

    private static func underWay() -> DrainStatus {
        let rig = Rig()
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        drain.run(limit: .seconds(20))
        rig.observe(.turn(.waiting(place: 0, holders: [])))
        rig.observe(.overrunProjected(.never))
        return rig.progress.current
    }
}
