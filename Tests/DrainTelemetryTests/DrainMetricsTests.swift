import DrainEngine
import DrainTelemetry
import KubernetesAPI
import SeededRandom
import Telemetry
import TestSupport
import Testing
import Timestamps

@Suite("DrainMetrics: events as series")
struct DrainMetricsTests {
    private let rig = Rig()

    @Test("a scrape in the middle of a drain is as it should be, to the last digit")
    func golden() throws {
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        #expect(drain.run(limit: .seconds(20)) == .paused)
        let scrape = rig.scrape(at: .seconds(20))
        #expect(String(decoding: scrape, as: UTF8.self) == (try Golden.text("drain-metrics.prom", renewedFrom: scrape)))
    }

    @Test("every word of a vocabulary has its series from the start, at 0")
    func fromZero() {
        for phase in PodPhase.allCases { #expect(rig.value("drain_pods", ["phase": phase.rawValue]) == 0) }
        for answer in EvictionAnswer.allCases {
            #expect(rig.value("drain_eviction_attempts_total", ["answer": answer.rawValue]) == 0)
            #expect(rig.value("drain_eviction_retries_total", ["answer": answer.rawValue]) == 0)
        }
        for state in DrainState.allCases {
            #expect(rig.value("drain_state", ["state": state.rawValue]) == (state == .idle ? 1 : 0))
        }
        #expect(rig.value("drain_start_timestamp_seconds") == 0)
        #expect(rig.value("drain_state_start_timestamp_seconds") == ScriptedDrain.epoch.seconds)
    }

    @Test("counters equal the events", arguments: 1...20)
    func countersEqualEvents(seed: UInt64) {
        let drain = ScriptedDrain((0..<8).map { .stub("p\($0)") }, seed: seed, deadline: .seconds(90))
        var random = SplitMix64(seed: seed)
        drain.script = { call, _ in
            guard case .evict(let pod, _) = call else { return nil }
            let answers: [Status?] = [
                nil, .budget("web"), .serverError, .webhook("kv"), .throttled, pod.name == "p3" ? .forbidden : nil,
            ]
            return (answers.randomElement(using: &random) ?? nil).map { .init($0) }
        }
        rig.attach(to: drain)
        #expect(drain.run() == .ended)
        let facts = drain.events.map(\.fact)
        for answer in EvictionAnswer.allCases {
            let attempts = facts.count {
                if case .evictionAnswered(let a) = $0 { a.reply.answer == answer } else { false }
            }
            #expect(rig.value("drain_eviction_attempts_total", ["answer": answer.rawValue]) == Double(attempts))
            let retries = drain.moves.count { $0.to == .evicting && $0.answer == answer }
            #expect(rig.value("drain_eviction_retries_total", ["answer": answer.rawValue]) == Double(retries))
        }
        for result in PodResult.allCases {
            let ends = drain.finished.count { $0.result == result }
            #expect(rig.value("drain_pods_finished_total", ["result": result.rawValue]) == Double(ends))
        }
        for outcome in WaitOutcome.allCases {
            let waits = facts.count { fact in
                if case .waitEnded(let wait, outcome) = fact, case .budget = wait.blocker { true } else { false }
            }
            #expect(rig.value("drain_pdb_wait_duration_seconds_count", ["outcome": outcome.rawValue]) == Double(waits))
        }
        let phases = PodPhase.allCases.map { rig.value("drain_pods", ["phase": $0.rawValue]) ?? 0 }
        #expect(phases.reduce(0, +) == 8)
        #expect(rig.value("drain_pods", ["phase": "gone"]) == Double(8 - (drain.summary?.remaining.count ?? 0)))
        #expect(rig.value("drain_pod_eviction_attempts_count") == Double(drain.finished.count { $0.attempts > 0 }))
        #expect(rig.value("drain_duration_seconds_count") == 1)
        #expect(rig.value("drain_duration_seconds_sum") == drain.elapsed.inSeconds)
    }

    @Test("exactly one state is 1, whatever happens")
    func oneState() {
        let drain = ScriptedDrain([.stub("a")])
        rig.attach(to: drain)
        let observe = drain.onStep
        drain.onStep = { [rig] drain, step in
            observe(drain, step)
            let states = DrainState.allCases.filter { rig.value("drain_state", ["state": $0.rawValue]) == 1 }
            #expect(states == [drain.machine.state])
        }
        #expect(drain.run() == .ended)
        let completion = rig.value("drain_last_completion_timestamp_seconds", ["outcome": "completed"]) ?? 0
        #expect(abs(completion - drain.now.seconds) < 1e-6)
        #expect(rig.value("drain_last_completion_timestamp_seconds", ["outcome": "failed"]) == 0)
    }

    @Test("pod-seconds grow between scrapes while pods wait, and no more once it has ended")
    func phaseSeconds() {
        let drain = ScriptedDrain([.stub("a"), .stub("b")], deadline: .seconds(100))
        drain.script = { call, _ in if case .evict = call { .init(.budget("web")) } else { nil } }
        rig.attach(to: drain)
        drain.run(limit: .seconds(12))
        func blocked(_ offset: Int) -> Double {
            _ = rig.scrape(at: .seconds(offset))
            return rig.value("drain_pod_phase_seconds_total", ["phase": "blocked"]) ?? 0
        }
        let first = blocked(12)
        #expect(blocked(14) - first == 4)
        #expect(drain.run() == .ended)
        let total = blocked(100)
        #expect(total > 190 && total < 200)
        #expect(blocked(500) == total)
        #expect(rig.value("drain_pod_phase_seconds_total", ["phase": "gone"]) == 0)
    }

    @Test("the earliest deletion still pending is shown, and 0 where none is")
    func deletionDeadline() {
        let epoch = ScriptedDrain.epoch
        let drain = ScriptedDrain([
            .stub("a", deletion: epoch + .seconds(50)), .stub("b", deletion: epoch + .seconds(20)),
        ])
        rig.attach(to: drain)
        drain.at(.seconds(30)) { $0.remove("b-uid") }
        drain.at(.seconds(60)) { $0.remove("a-uid") }
        drain.run(limit: .seconds(1))
        #expect(rig.value("drain_oldest_deletion_deadline_timestamp_seconds") == (epoch + .seconds(20)).seconds)
        drain.run(limit: .seconds(40))
        #expect(rig.value("drain_oldest_deletion_deadline_timestamp_seconds") == (epoch + .seconds(50)).seconds)
        drain.run()
        #expect(rig.value("drain_oldest_deletion_deadline_timestamp_seconds") == 0)
    }

    @Test("time to deletion counts what we evicted, from the answer to the absence")
    func deletions() {
        let drain = ScriptedDrain([.stub("a"), .stub("old", deletion: ScriptedDrain.epoch)])
        drain.at(.seconds(1)) { $0.remove("old-uid") }
        rig.attach(to: drain)
        #expect(drain.run() == .ended)
        #expect(rig.value("drain_pod_deletion_duration_seconds_count") == 1)
        let seconds = rig.value("drain_pod_deletion_duration_seconds_sum") ?? 0
        #expect(seconds > 1.9 && seconds < 2.1)
        #expect(rig.value("drain_pods_finished_total", ["result": "vanished"]) == 1)
    }

    @Test("counters and histograms of one request lead to its span")
    func exemplars() throws {
        let drain = ScriptedDrain([.stub("a")])
        rig.attach(to: drain)
        #expect(drain.run() == .ended)
        let trace = DrainTrace(DrainStart(id: "drain-1", trigger: .command), boot: "boot-1")
        func exemplar(_ name: String) -> Exemplar? {
            rig.registry.collect().flatMap(\.samples).filter { $0.name == name }.compactMap(\.exemplar).first
        }
        let uid = "a-uid"
        let expected = [
            ("drain_eviction_attempts_total", trace.attempt(uid, 1)),
            ("drain_pod_deletion_duration_seconds_bucket", trace.termination(uid)),
            ("drain_duration_seconds_bucket", trace.root),
        ]
        for (name, span) in expected {
            let found = try #require(exemplar(name))
            #expect(found.labels["trace_id"] == trace.traceID.description)
            #expect(found.labels["span_id"] == span.description)
            #expect(rig.spans.contains { $0.id == span })
        }
    }

    @Test("pods that should be gone are counted by reason, until they are")
    func stuck() {
        func stuck(_ reason: String) -> Double? { rig.value("drain_pods_stuck", ["reason": reason]) }
        rig.observe(Obstacles.began())
        for index in 0..<3 { rig.observe(Obstacles.added(index, phase: .terminating)) }
        rig.observe(Obstacles.stuck(0, .finalizers))
        rig.observe(Obstacles.stuck(1, .finalizers))
        rig.observe(Obstacles.stuck(2, .unknown))
        #expect(stuck("finalizers") == 2 && stuck("unknown") == 1 && stuck("volume_attached") == 0)
        rig.observe(Obstacles.stuck(2, .volumeAttached))
        rig.observe(Obstacles.stuck(1, nil))
        #expect(stuck("finalizers") == 1 && stuck("unknown") == 0 && stuck("volume_attached") == 1)
        rig.observe(Obstacles.moved(0, .terminating, .gone))
        #expect(stuck("finalizers") == 0)
        rig.observe(Obstacles.ended(.timedOut))
        #expect(stuck("volume_attached") == 0)
    }

    @Test("an overrun is its seconds, infinite when it never ends, and nothing once it is over")
    func overrun() {
        func overrun() -> Double? { rig.value("drain_projected_overrun_seconds") }
        rig.observe(Obstacles.began())
        #expect(overrun() == 0)
        rig.observe(.overrunProjected(.by(.milliseconds(1500))))
        #expect(overrun() == 1.5)
        rig.observe(.overrunProjected(.never))
        #expect(overrun() == .infinity)
        #expect(String(decoding: rig.scrape(at: .zero), as: UTF8.self).contains("overrun_seconds +Inf\n"))
        rig.observe(.overrunProjected(nil))
        #expect(overrun() == 0)
        rig.observe(.overrunProjected(.never))
        rig.observe(Obstacles.ended(.timedOut))
        #expect(overrun() == 0)
    }

    @Test("a node's turn: its place while it waits, and how it stands")
    func turn() {
        func turn(_ standing: String) -> Double? { rig.value("drain_fleet_turn", ["standing": standing]) }
        rig.observe(.turn(.waiting(place: 0, holders: ["node-b"])))
        #expect(rig.value("drain_fleet_place") == 1 && turn("waiting") == 1 && turn("held") == 0)
        rig.observe(.turn(.held(lease: "slot-0")))
        #expect(rig.value("drain_fleet_place") == 0 && turn("waiting") == 0 && turn("held") == 1)
        rig.observe(.turn(.lost(reason: "expired")))
        #expect(turn("held") == 0 && turn("lost") == 1)
    }

    @Test("what is done about budgets and deadlines is counted, and broken watches and attached volumes are shown")
    func remedies() {
        let rig = Rig.withObstacles()
        for result in ["restarted", "refused", "failed"] {
            #expect(rig.value("drain_unblocks_total", ["result": result]) == 1)
        }
        for result in ["accepted", "failed"] {
            #expect(rig.value("drain_deadline_deletions_total", ["result": result]) == 1)
        }
        rig.observe(.volumesAttached(["pv-1", "pv-2"]))
        #expect(rig.value("drain_volumes_attached") == 2)
        for namespace in ["demo", "demo", nil] {
            rig.observe(.budgetWatchChanged(namespace: namespace, isLive: false, reason: "forbidden"))
        }
        #expect(rig.value("drain_pdb_watches_broken") == 2)
        rig.observe(.budgetWatchChanged(namespace: nil, isLive: true, reason: ""))
        #expect(rig.value("drain_pdb_watches_broken") == 1)
    }

    @Test("a pod that a sibling's refusal had blocked is first asked for, and not asked for again")
    func siblings() {
        let rig = Rig.withObstacles()
        #expect(rig.value("drain_eviction_retries_total", ["answer": "budget"]) == 0)
        rig.observe(Obstacles.moved(0, .blocked, .evicting, attempts: 2, answer: .budget))
        #expect(rig.value("drain_eviction_retries_total", ["answer": "budget"]) == 1)
    }

    @Test("a resumed drain began when the first process began it")
    func resumed() {
        let rig = Rig.withObstacles()
        #expect(rig.value("drain_start_timestamp_seconds") == Obstacles.record.started.seconds)
        rig.observe(Obstacles.ended(.completed), at: .seconds(100))
        #expect(rig.value("drain_duration_seconds_sum") == 160)
    }

    @Test("a second drain of the same process starts from nothing, but counters go on")
    func secondDrain() {
        let first = ScriptedDrain([.stub("a"), .stub("logs", owner: .daemonSet("logs"))])
        rig.attach(to: first)
        first.run()
        #expect(rig.value("drain_pods_excluded", ["reason": "daemonset"]) == 1)
        rig.observe(.began(DrainStart(id: "2", trigger: .http), DrainPolicy(node: "node-a")), at: .seconds(100))
        #expect(rig.value("drain_pods_excluded", ["reason": "daemonset"]) == 0)
        #expect(rig.value("drain_pods", ["phase": "gone"]) == 0)
        #expect(rig.value("drain_deadline_timestamp_seconds") == 0)
        #expect(rig.value("drain_pods_finished_total", ["result": "evicted"]) == 1)
    }

    @Test("waiting to send again is counted, for pods and for other requests")
    func backoff() {
        let drain = ScriptedDrain([.stub("a")])
        var tries = 0
        drain.script = { call, _ in
            tries += 1
            return tries == 1 || tries == 5 ? .init(.serverError, retryAfter: .seconds(30)) : nil
        }
        rig.attach(to: drain)
        #expect(drain.run() == .ended)
        #expect(rig.value("drain_api_backoff_seconds_total") == 60)
    }

    @Test("watches begun again are counted by reason", arguments: WatchRestart.allCases)
    func watchRestarts(reason: WatchRestart) {
        rig.observe(.watchEnded(reason, detail: ""))
        #expect(rig.value("drain_api_watch_restarts_total", ["reason": reason.rawValue]) == 1)
    }

    @Test("an accepted eviction, a pod gone and a new state are progress, a refusal is none")
    func progress() {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(30))
        drain.script = { call, _ in if case .evict = call { .init(.budget("web")) } else { nil } }
        rig.attach(to: drain)
        drain.run(limit: .seconds(20))
        let progress = rig.value("drain_last_progress_timestamp_seconds") ?? 0
        #expect(progress < (ScriptedDrain.epoch + .seconds(1)).seconds)
        drain.run()
        #expect(rig.value("drain_last_progress_timestamp_seconds") == (ScriptedDrain.epoch + .seconds(30)).seconds)
    }
}
