import DrainTelemetry
import KubernetesAPI
import SeededRandom
import Telemetry
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("DrainSpans: events as a tree of spans")
struct DrainSpansTests {
    private let rig = Rig()
    private let trace = DrainTrace(DrainStart(id: "drain-1", trigger: .command), boot: "boot-1")

    private func named(_ name: String) -> [Span] { rig.spans.filter { $0.name == name } }

    private func attribute(_ key: String, of span: Span?) -> AttributeValue? {
        span?.attributes.first { $0.key == key }?.value
    }

    private func pod(_ name: String) -> Span? {
        named("pod.evict").first { attribute("k8s.pod.name", of: $0) == .string(name) }
    }

    /// One root, every parent there, no id twice, children within their parents.
    private func expectOneTree(_ spans: [Span]) {
        let byID = Dictionary(spans.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        #expect(byID.count == spans.count)
        #expect(spans.filter { $0.parent == nil }.map(\.name) == ["node.drain"])
        #expect(Set(spans.map(\.traceID)) == [trace.traceID])
        for span in spans {
            #expect(span.start <= span.end, "\(span.name)")
            guard let parent = span.parent else { continue }
            #expect(byID[parent] != nil, "\(span.name) has no parent")
            #expect(
                byID[parent].map { $0.start <= span.start && span.end <= $0.end } == true, "\(span.name) lies outside")
        }
    }

    private func seconds(_ span: Span) -> Double {
        span.attributes.reduce(0) { sum, attribute in
            guard attribute.key.hasPrefix("drain.seconds."), case .double(let seconds) = attribute.value else {
                return sum
            }
            return sum + seconds
        }
    }

    @Test("the spans of a drain are one tree, and its parts add up", arguments: 1...20)
    func oneTree(seed: UInt64) {
        let drain = ScriptedDrain((0..<8).map { .stub("p\($0)") }, seed: seed, deadline: .seconds(60))
        var random = SplitMix64(seed: seed)
        drain.script = { call, _ in
            guard case .evict = call else { return nil }
            let answers: [Status?] = [nil, .budget("web"), .budget("db"), .serverError, .webhook("kv"), .badRequest]
            return (answers.randomElement(using: &random) ?? nil).map {
                .init($0, after: .milliseconds(Int.random(in: 1...4000, using: &random)))
            }
        }
        drain.termination = { _ in .milliseconds(Int.random(in: 0...40_000, using: &random)) }
        rig.attach(to: drain)
        #expect(drain.run() == .ended)
        expectOneTree(rig.spans)
        #expect(named("pod.evict").count == 8)
        for span in named("pod.evict") { #expect(abs(seconds(span) - (span.end - span.start).inSeconds) < 1e-6) }
        let answered = drain.events.count { if case .evictionAnswered = $0.fact { true } else { false } }
        #expect(named("eviction.attempt").count == answered)
        let waits = drain.events.count { if case .waitEnded = $0.fact { true } else { false } }
        #expect(named("pdb.wait").count == waits)
        #expect(rig.spans.last?.name == "node.drain")
    }

    @Test("a quiet drain's spans, line for line")
    func golden() throws {
        let drain = ScriptedDrain([.stub("a"), .stub("b", finalizers: ["example.com/hold"])])
        var isFirst = true
        drain.script = { call, _ in
            guard case .evict(let pod, _) = call, pod.name == "b", isFirst else { return nil }
            isFirst = false
            return .init(.budget("web"))
        }
        rig.attach(to: drain)
        #expect(drain.run() == .ended)
        let lines = rig.spans.flatMap { span in
            SpanEncoding.line(span, resource: [("service.name", .string("drain-agent"))], scope: ("drain", "1.0.0"))
        }
        #expect(String(decoding: lines, as: UTF8.self) == (try Golden.text("drain-spans.jsonl", renewedFrom: lines)))
    }

    @Test("an attempt is a client's span with what went over the wire")
    func attempt() throws {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(4))
        drain.script = { call, _ in if case .evict = call { .init(.serverError) } else { nil } }
        rig.attach(to: drain)
        drain.run()
        let span = try #require(named("eviction.attempt").first)
        #expect(span.kind == .client && span.parent == trace.pod("a-uid") && span.id == trace.attempt("a-uid", 1))
        #expect(attribute("http.request.method", of: span) == .string("POST"))
        #expect(attribute("http.response.status_code", of: span) == .int(503))
        #expect(attribute("url.template", of: span) == .string("/api/v1/namespaces/{namespace}/pods/{name}/eviction"))
        #expect(attribute("server.address", of: span) == .string("10.0.0.1"))
        #expect(attribute("k8s.audit_id", of: span) != nil)
        #expect(attribute("error.type", of: span) == .string("server_error"))
        #expect(span.status == .error("etcd is away"))
    }

    @Test("a budget's no is an answer and no error")
    func refusalIsNoError() {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(4))
        drain.script = { call, _ in if case .evict = call { .init(.budget("web")) } else { nil } }
        rig.attach(to: drain)
        drain.run()
        let span = named("eviction.attempt").first
        #expect(span?.status == .unset)
        #expect(attribute("error.type", of: span) == nil)
        #expect(attribute("drain.eviction.answer", of: span) == .string("budget"))
    }

    @Test("after 50 attempts a pod's further ones have no spans, and its own span says how many")
    func attemptCap() {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(300))
        drain.script = { call, _ in if case .evict = call { .init(.webhook("kv")) } else { nil } }
        rig.attach(to: drain)
        drain.run()
        let attempts = drain.evictions(of: "a").count
        #expect(attempts == 60)
        #expect(named("eviction.attempt").count == 50)
        #expect(attribute("drain.eviction.attempts", of: pod("a")) == .int(60))
        #expect(attribute("drain.eviction.attempts_omitted", of: pod("a")) == .int(10))
        #expect(attribute("drain.eviction.retries", of: pod("a")) == .int(59))
    }

    @Test("the attempt that is accepted has its span, however many came before")
    func acceptedBeyondCap() {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(600))
        drain.script = { call, now in
            guard case .evict = call, now < ScriptedDrain.epoch + .seconds(298) else { return nil }
            return .init(.webhook("kv"))
        }
        rig.attach(to: drain)
        drain.run()
        #expect(named("eviction.attempt").count == 51)
        #expect(attribute("drain.eviction.answer", of: named("eviction.attempt").last) == .string("accepted"))
        #expect(attribute("drain.eviction.attempts_omitted", of: pod("a")) == .int(10))
    }

    @Test("what is open when the drain is over ends with it, as errors that say why")
    func timedOut() {
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        drain.at(.seconds(30)) { $0.tell(.deadline($0.now)) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut)
        expectOneTree(rig.spans)
        #expect(named("pod.evict").count == 10)
        #expect(pod("stuck-0")?.status == .error("timed_out"))
        #expect(attribute("drain.pod.phase", of: pod("stuck-0")) == .string("terminating"))
        #expect(attribute("drain.pod.result", of: pod("web-0")) == .string("evicted"))
        #expect(pod("web-0")?.status == .unset)
        let stuck = named("pod.termination").first { $0.parent == trace.pod("stuck-0-uid") }
        #expect(stuck?.status == .error("timed_out"))
        let old = named("pod.termination").first { $0.parent == trace.pod("old-0-uid") }
        #expect(attribute("drain.finalizers", of: old) == .strings(["example.com/hold"]))
        guard case .double(let overdue)? = attribute("drain.overdue_seconds", of: old) else {
            Issue.record("no overdue seconds")
            return
        }
        #expect(overdue > 26)
        let root = named("node.drain").first
        #expect(attribute("drain.outcome", of: root) == .string("timed_out"))
        #expect(attribute("drain.pods.excluded", of: root) == .int(3))
        #expect(named("pdb.wait").allSatisfy { attribute("drain.wait.outcome", of: $0) == .string("abandoned") })
    }

    @Test("a process that ends before its drain ends all open spans as interrupted, waits too, and once")
    func interrupt() {
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        drain.run(limit: .seconds(20))
        let before = rig.spans.count
        rig.spanObserver.interrupt(at: drain.now)
        expectOneTree(rig.spans)
        let open = rig.spans.dropFirst(before)
        #expect(open.count { $0.name == "pdb.wait" } == 3)
        #expect(open.allSatisfy { $0.status == .error("drain.interrupted") })
        #expect(attribute("drain.interrupted", of: named("node.drain").first) == .bool(true))
        let count = rig.spans.count
        rig.spanObserver.interrupt(at: drain.now)
        drain.run()
        #expect(rig.spans.filter { $0.name == "node.drain" }.count == 1)
        #expect(rig.spans.count >= count)
    }

    @Test(
        "what held a pod up is on its spans: verdict and advice, why it was stuck, its tier, the delete at the deadline"
    )
    func obstacles() {
        Obstacles.drain.forEach(rig.observe)
        rig.observe(Obstacles.ended(.timedOut), at: .seconds(100))
        expectOneTree(rig.spans)
        let wait = named("pdb.wait").first
        #expect(attribute("drain.pdb.verdict", of: wait) == .string("waiting"))
        #expect(attribute("drain.deleted_at_deadline", of: pod("p0")) == .bool(true))
        #expect(attribute("drain.deleted_at_deadline", of: pod("p2")) == nil)
        #expect(attribute("drain.pod.tier", of: pod("p2")) == .string("system-cluster-critical"))
        #expect(attribute("drain.pod.stuck", of: pod("p3")) == .string("volume_attached"))
        #expect(attribute("drain.eviction.retries", of: pod("p1")) == .int(0))
        let root = named("node.drain").first
        #expect(attribute("drain.resumed", of: root) == .bool(true))
        #expect(root?.events.map(\.name) == ["unblock", "unblock", "unblock", "uncordoned_by_others"])
    }

    @Test("a wait's verdict is the last one, and that of an earlier wait is not its own")
    func verdicts() {
        rig.observe(Obstacles.began())
        rig.observe(Obstacles.added(0))
        for verdict in [BudgetVerdict.waiting, .misconfigured] {
            rig.observe(.waitBegan(Obstacles.wait(0)))
            rig.observe(Obstacles.judged(verdict))
            rig.observe(.waitEnded(Obstacles.wait(0), .allowed), at: .seconds(1))
        }
        rig.observe(.waitEnded(Obstacles.wait(0), .allowed), at: .seconds(2))
        let waits = named("pdb.wait")
        #expect(
            waits.map { attribute("drain.pdb.verdict", of: $0) } == [.string("waiting"), .string("misconfigured"), nil])
        #expect(attribute("drain.pdb.advice", of: waits[1]) == .string("lower minAvailable of demo/web to 1"))
    }

    private func blocked(at offset: Duration) {
        rig.observe(Obstacles.began())
        rig.observe(Obstacles.added(0))
        rig.observe(.waitBegan(Obstacles.wait(0, since: offset)), at: offset)
        rig.observe(Obstacles.judged(.waiting), at: offset)
    }

    private func tick(_ offset: Duration) { rig.spanObserver.tick(at: ScriptedDrain.epoch + offset) }

    @Test("a wait that lasts is told every ten minutes, each segment linked to the one before")
    func segments() throws {
        blocked(at: .seconds(5))
        tick(.seconds(604))
        #expect(named("pdb.wait").isEmpty)
        tick(.seconds(630))
        tick(.seconds(631))
        #expect(named("pdb.wait").count == 1)
        rig.observe(.waitGoesOn(Obstacles.wait(0, since: .seconds(5), refusals: 7)), at: .seconds(700))
        tick(.seconds(2000))
        rig.observe(.waitEnded(Obstacles.wait(0, since: .seconds(5), refusals: 9), .allowed), at: .seconds(2100))
        rig.observe(Obstacles.ended(.completed), at: .seconds(2101))
        expectOneTree(rig.spans)
        let waits = named("pdb.wait")
        let bounds = waits.map { [$0.start, $0.end].map { ($0 - ScriptedDrain.epoch).components.seconds } }
        #expect(bounds == [[5, 605], [605, 1205], [1205, 1805], [1805, 2100]])
        #expect(waits.map { attribute("drain.wait.segment", of: $0) } == (1...4).map { .int($0) })
        let goesOn = AttributeValue.bool(true)
        #expect(waits.map { attribute("drain.wait.continues", of: $0) } == [goesOn, goesOn, goesOn, nil])
        #expect(waits.map { attribute("drain.wait.outcome", of: $0) } == [nil, nil, nil, .string("allowed")])
        #expect(waits.map { attribute("drain.wait.refusals", of: $0) } == [.int(1), .int(7), .int(7), .int(9)])
        let since = (ScriptedDrain.epoch + .seconds(5)).rfc3339(.microseconds)
        #expect(waits.allSatisfy { attribute("drain.wait.since", of: $0) == .string(since) })
        #expect(waits.allSatisfy { attribute("drain.pdb.verdict", of: $0) == .string("waiting") })
        #expect(waits.map { $0.links.map(\.spanID) } == [[], [waits[0].id], [waits[1].id], [waits[2].id]])
        #expect(waits.flatMap(\.links).allSatisfy { $0.traceID == trace.traceID })
        #expect(waits.first?.id == trace.wait("p0-uid", 1), "where exemplars and log lines point")
        #expect(waits.allSatisfy { $0.status == .unset })
    }

    @Test("segments are the same without a tick: every event makes up for it")
    func segmentsWithoutTicks() {
        blocked(at: .zero)
        rig.observe(.waitEnded(Obstacles.wait(0), .allowed), at: .seconds(1200))
        #expect(named("pdb.wait").map { $0.end - $0.start } == [.seconds(600), .seconds(600), .zero])
    }

    @Test("an interrupted wait ends in its last segment")
    func interruptedSegment() {
        blocked(at: .zero)
        rig.spanObserver.interrupt(at: ScriptedDrain.epoch + .seconds(700))
        let waits = named("pdb.wait")
        #expect(waits.map(\.status) == [.unset, .error("drain.interrupted")])
        #expect(waits.last?.links.map(\.spanID) == [waits[0].id])
        tick(.seconds(5000))
        #expect(named("pdb.wait").count == 2)
        expectOneTree(rig.spans)
    }

    @Test("a second wait of the same pod begins with a first segment")
    func secondWait() {
        blocked(at: .zero)
        tick(.seconds(600))
        rig.observe(.waitEnded(Obstacles.wait(0), .allowed), at: .seconds(601))
        var second = Obstacles.wait(0, since: .seconds(602))
        second.number = 2
        rig.observe(.waitBegan(second), at: .seconds(602))
        tick(.seconds(1201))
        #expect(named("pdb.wait").count == 2)
        tick(.seconds(1202))
        #expect(attribute("drain.wait.segment", of: named("pdb.wait").last) == .int(1))
        #expect(Set(named("pdb.wait").map(\.id)).count == 3)
    }

    @Test("before a drain has begun no time goes by")
    func earlyTick() {
        tick(.seconds(9999))
        #expect(rig.spans.isEmpty)
    }

    @Test("waiting for a turn is a span, from the first moment to the Lease, and again when it is lost")
    func turns() {
        rig.observe(Obstacles.began())
        rig.observe(.turn(.waiting(place: 2, holders: ["node-b"])), at: .seconds(1))
        rig.observe(.turn(.waiting(place: 1, holders: ["node-c"])), at: .seconds(2))
        rig.observe(.turn(.held(lease: "slot-0")), at: .seconds(3))
        rig.observe(.turn(.held(lease: "slot-0")), at: .seconds(4))
        rig.observe(.turn(.lost(reason: "expired")), at: .seconds(5))
        rig.spanObserver.interrupt(at: ScriptedDrain.epoch + .seconds(6))
        expectOneTree(rig.spans)
        let waits = named("drain.fleet.wait")
        #expect(waits.map { ($0.end - $0.start) } == [.seconds(2), .seconds(1)])
        #expect(attribute("drain.fleet.holders", of: waits.first) == .strings(["node-c"]))
        #expect(attribute("drain.fleet.lease", of: waits.first) == .string("slot-0"))
        #expect(attribute("drain.fleet.loss", of: waits.last) == .string("expired"))
        #expect(waits.last?.status == .error("drain.interrupted"))
    }

    @Test("before a drain has begun there is nothing to interrupt")
    func nothingToInterrupt() {
        rig.spanObserver.interrupt(at: ScriptedDrain.epoch)
        #expect(rig.spans.isEmpty)
    }

    @Test("what is open at the end of a completed drain is no error: our own pod, a dry run's pods")
    func completedWithOpenPods() {
        var policy = DrainPolicy(node: "node-a")
        policy.selfPod = PodIdentity(namespace: "demo", name: "agent", uid: "agent-uid")
        let drain = ScriptedDrain([.stub("agent")], policy: policy)
        drain.termination = { _ in nil }
        rig.attach(to: drain)
        drain.run()
        #expect(drain.summary?.outcome == .completed)
        #expect(pod("agent")?.status == .unset)
        #expect(attribute("error.type", of: pod("agent")) == nil)
        #expect(named("node.drain").first?.status == .ok)
    }

    @Test("a drain that was asked for within a trace joins it")
    func joins() throws {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let start = DrainStart(id: "d", trigger: .http, traceparent: header)
        rig.observe(.began(start, DrainPolicy(node: "node-a")))
        rig.observe(
            .ended(
                DrainSummary(
                    outcome: .failed, reason: "no", total: 0, evicted: 0, vanished: 0, failed: 0, remaining: [],
                    leftCordoned: false)), at: .seconds(1))
        let root = try #require(rig.spans.first)
        #expect(root.traceID.description == "0af7651916cd43dd8448eb211c80319c")
        #expect(root.parent?.description == "b7ad6b7169203331")
        #expect(root.status == .error("no"))
    }
}
