import KubernetesAPI
import SeededRandom
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

// What the simulation found: inputs that come late, twice, or in an order that nobody thought of.
@Suite("NodeDrain: what comes late, or twice")
struct NodeDrainLateTests {
    private static let away = Exchange.Answer.away

    @Test("an answer that comes after the deadline begins no eviction")
    func lateCordon() {
        var drain = HandDrain(deadline: .seconds(10))
        drain.plan([.stub("a")])
        drain.answer(.cordon, HandDrain.node(unschedulable: true, version: "2"), at: .seconds(20))
        #expect(drain.asked.isEmpty && drain.summary?.outcome == .timedOut)
        #expect(drain.summary?.leftCordoned == true)
    }

    @Test("a list that shows the end is believed, though the deadline is over")
    func lateVerdict() {
        var drain = HandDrain(deadline: .seconds(10))
        drain.begin([])
        drain.answer(.verify, .success(code: 200, .pods(PodList(resourceVersion: "3", items: []))), at: .seconds(20))
        #expect(drain.summary?.outcome == .completed)
    }

    @Test("a list that was asked for before a pod left, and comes after, does not bring it back")
    func lateList() {
        var mirror = Pod.stub("proxy")
        mirror.metadata.annotations["kubernetes.io/config.mirror"] = "x"
        var drain = HandDrain()
        drain.begin([mirror])
        #expect(drain.asked == [.verify])
        drain.watchPods(.deleted(.pod(mirror)), at: .seconds(1))
        let list = PodList(resourceVersion: "1", items: [mirror])
        let asked = HandDrain.epoch
        drain.tell(
            .answered(
                .verify, Exchange(answer: .success(code: 200, .pods(list)), sent: asked, received: asked + .seconds(30))
            ),
            at: .seconds(30))
        #expect(drain.events.count { if case .podExcluded = $0 { true } else { false } } == 1)
        #expect(drain.summary?.outcome == .completed)
    }

    private static func recorded() -> DrainPolicy {
        var policy = DrainPolicy(node: "node-a")
        policy.recordedAs = "us"
        return policy
    }

    @Test("an uncordon that is asked for while the outcome is written is done")
    func cancelWhileClosing() {
        var drain = HandDrain(Self.recorded())
        drain.begin([.stub("a")])
        drain.answer(.evict(pod: 0, attempt: 1), .refusal(.webhook("w")), at: .seconds(1))
        drain.tell(.cancel(uncordon: false), at: .seconds(2))
        #expect(drain.asked == [.record])
        drain.tell(.cancel(uncordon: true), at: .seconds(3))
        #expect(drain.asked.isEmpty)
        drain.answer(.record, HandDrain.node(unschedulable: true, version: "3"), at: .seconds(4))
        #expect(drain.asked == [.uncordon])
        drain.answer(.uncordon, HandDrain.node(version: "4"), at: .seconds(5))
        #expect(drain.summary?.outcome == .cancelled && drain.summary?.leftCordoned == false)
    }

    @Test("a cordon whose answer was lost may have been done: it is undone, once, where that is asked for")
    func lostCordon() {
        var drain = HandDrain()
        drain.plan([.stub("a")])
        drain.answer(.cordon, Self.away, at: .seconds(1))
        drain.tell(.cancel(uncordon: true), at: .seconds(2))
        #expect(drain.asked == [.uncordon])
        drain.answer(.uncordon, HandDrain.node(version: "4"), at: .seconds(3))
        #expect(drain.asked.isEmpty && drain.summary?.outcome == .cancelled)
    }

    @Test(
        "an answer of 200 whose node is not cordoned is no cordon",
        arguments: [HandDrain.node(version: "2"), .success(code: 200, .other)])
    func droppedCordon(answer: Exchange.Answer) {
        var drain = HandDrain()
        drain.plan([.stub("a")])
        drain.answer(.cordon, answer, at: .seconds(1))
        #expect(drain.asked.isEmpty && !drain.events.contains { if case .cordon = $0 { true } else { false } })
        drain.tell(.tick, at: .seconds(60))
        #expect(drain.asked == [.cordon])
        drain.answer(.cordon, HandDrain.node(unschedulable: true, version: "3"), at: .seconds(61))
        #expect(drain.asked == [.evict(pod: 0, attempt: 1)])
    }

    @Test("a cordon that is dropped until the deadline ends without an eviction, and leaves nothing cordoned")
    func neverCordoned() {
        var drain = HandDrain(deadline: .seconds(90))
        drain.plan([.stub("a")])
        drain.answer(.cordon, HandDrain.node(version: "2"), at: .seconds(1))
        drain.tell(.tick, at: .seconds(60))
        drain.tell(.tick, at: .seconds(90))
        drain.answer(.cordon, HandDrain.node(version: "2"), at: .seconds(91))
        #expect(drain.summary?.outcome == .timedOut && drain.summary?.leftCordoned == false)
    }

    @Test("the record of a cordon that was dropped is closed all the same")
    func recordOfDroppedCordon() {
        var drain = HandDrain(Self.recorded())
        drain.plan([.stub("a")])
        drain.answer(.cordon, HandDrain.node(version: "2"), at: .seconds(1))
        drain.tell(.cancel(uncordon: false), at: .seconds(2))
        #expect(drain.asked == [.record])
    }

    @Test("an answer of 200 whose node is still cordoned is no uncordon")
    func droppedUncordon() {
        var drain = HandDrain()
        drain.begin([.stub("a")])
        drain.answer(.evict(pod: 0, attempt: 1), .refusal(.webhook("w")), at: .seconds(1))
        drain.tell(.cancel(uncordon: true), at: .seconds(2))
        drain.answer(.uncordon, HandDrain.node(unschedulable: true, version: "3"), at: .seconds(3))
        drain.tell(.tick, at: .seconds(10))
        #expect(drain.asked == [.uncordon] && drain.summary == nil)
        drain.answer(.uncordon, HandDrain.node(version: "4"), at: .seconds(11))
        #expect(drain.summary?.leftCordoned == false)
    }

    @Test("a cordon that is done again and dropped is tried again, but not at once")
    func droppedRecordon() throws {
        var policy = DrainPolicy(node: "node-a")
        policy.onUncordon = .recordon
        var drain = HandDrain(policy)
        drain.begin([.stub("a")])
        drain.watchNode(unschedulable: false, version: "3", at: .seconds(1))
        #expect(drain.asked == [.recordon])
        drain.answer(.recordon, HandDrain.node(version: "3"), at: .seconds(2))
        #expect(drain.asked.isEmpty)
        #expect(drain.events.count { if case .cordon = $0 { true } else { false } } == 1)
        drain.tell(.tick, at: .seconds(60))
        #expect(drain.asked.contains(.recordon))
    }

    @Test("a cordon that was refused is not undone")
    func refusedCordon() {
        var drain = HandDrain()
        drain.plan([.stub("a")])
        drain.tell(.cancel(uncordon: true), at: .seconds(2))
        drain.answer(.cordon, .refusal(.forbidden), at: .seconds(3))
        #expect(drain.asked.isEmpty && drain.summary?.outcome == .cancelled)
    }

    @Test("the last step asks for nothing")
    func lastStep() {
        var drain = HandDrain(Self.recorded())
        drain.begin([])
        drain.answer(.verify, .success(code: 200, .pods(PodList(resourceVersion: "3", items: []))), at: .seconds(1))
        drain.answer(.record, Self.away, at: .seconds(1))
        drain.tell(.tick, at: .seconds(60))
        #expect(drain.summary?.outcome == .completed && drain.asked.isEmpty)
    }

    @Test("while a record of before is on its way, the end waits for it and asks for nothing again and again")
    func earlierRecord() throws {
        var policy = Self.recorded()
        policy.fleet = DrainPolicy.Fleet(parallel: 1, namespace: "fleet")
        var drain = HandDrain(policy)
        drain.answer(.readNode, HandDrain.node(), at: .zero)
        var held = Lease(metadata: ObjectMeta(name: "drain-agent-0", namespace: "fleet", resourceVersion: "1"))
        held.spec = Lease.Spec(holderIdentity: "node-b", leaseDurationSeconds: 1800)
        drain.answer(.turn(1), .success(code: 200, .leases([held])), at: .seconds(1))
        #expect(drain.asked.contains(.record))
        drain.tell(.cancel(uncordon: false), at: .seconds(2))
        drain.tell(.tick, at: .seconds(8))
        #expect(!drain.asked.contains(.record))
        let wake = try #require(drain.machine.nextWake)
        #expect(wake > HandDrain.epoch + .seconds(8))
    }

    @Test("nobody new becomes part of a drain whose end is decided")
    func lateArrival() {
        var drain = HandDrain()
        drain.begin([.stub("a")])
        drain.tell(.cancel(uncordon: false), at: .seconds(1))
        drain.watchPods(.added(.stub("late", scheduled: HandDrain.epoch)), at: .seconds(2))
        drain.answer(.evict(pod: 0, attempt: 1), .refusal(.webhook("w")), at: .seconds(3))
        #expect(drain.summary?.total == 1)
    }

    @Test("uncordoned again while the cordon is on its way: one request, and another after its answer")
    func recordonTwice() {
        var policy = DrainPolicy(node: "node-a")
        policy.onUncordon = .recordon
        var drain = HandDrain(policy)
        drain.begin([.stub("a")])
        drain.watchNode(unschedulable: false, version: "3", at: .seconds(1))
        #expect(drain.asked == [.recordon])
        drain.watchNode(unschedulable: true, version: "4", at: .seconds(2))
        drain.watchNode(unschedulable: false, version: "5", at: .seconds(10))
        #expect(drain.asked.isEmpty)
        drain.answer(.recordon, HandDrain.node(unschedulable: true, version: "4"), at: .seconds(20))
        #expect(drain.asked == [.recordon])
    }

    @Test("access is asked about once, however long the answer takes")
    func oneReview() {
        var drain = HandDrain()
        drain.begin([.stub("a")])
        var reviews = 0
        var now = Duration.zero
        for attempt in 1...3 {
            now += .seconds(20)
            drain.tell(.tick, at: now)
            drain.answer(.evict(pod: 0, attempt: attempt), .refusal(.forbidden), at: now)
            reviews += drain.asked.count { if case .reviewAccess = $0 { true } else { false } }
            guard let wake = drain.machine.nextWake else { break }
            now = wake - HandDrain.epoch
            drain.tell(.tick, at: now)
        }
        #expect(reviews == 1)
    }

    @Test("a list asked for elsewhere is the oldest that a feed's own list may be")
    func floor() {
        var feed = ObjectFeed(
            .pods(node: "node-a"), policy: DrainPolicy(node: "node-a"), interval: .seconds(5),
            random: SplitMix64(seed: 1))
        feed.start(from: "7")
        feed.saw(version: "12")
        feed.relist()
        #expect(feed.wantedList() == .cache(notBefore: "12"))
    }

    @Test("a feed that is begun again takes the list that is on its way, and numbers its watches on")
    func begunAgain() throws {
        var feed = ObjectFeed(
            .budgets(namespace: "shop"), policy: DrainPolicy(node: "node-a"), interval: .seconds(5),
            random: SplitMix64(seed: 1))
        let now = HandDrain.epoch
        feed.startListing()
        #expect(feed.wantedList() != nil)
        feed.stop()
        feed.startListing()
        #expect(feed.wantedList() == nil)
        feed.listed(version: "1", at: now)
        let first = try #require(feed.wantedWatch).generation
        feed.stop()
        feed.startListing()
        #expect(feed.wantedList() != nil)
        feed.listed(version: "2", at: now)
        #expect(try #require(feed.wantedWatch).generation > first)
    }

    @Test("a namespace's watch on budgets is another one each time it is needed")
    func budgetFeeds() throws {
        var feeds = BudgetFeeds(policy: DrainPolicy(node: "node-a"), random: SplitMix64(seed: 1))
        var generations: [Int] = []
        for _ in 0..<2 {
            feeds.need("shop")
            #expect(feeds.wantedLists().count == 1 && feeds.awaitsList("shop"))
            _ = feeds.listed("shop", version: "1", at: HandDrain.epoch)
            generations.append(try #require(feeds.wantedWatches.first).generation)
            feeds.drop("shop")
            #expect(feeds.wantedWatches.isEmpty && !feeds.awaitsList("shop"))
        }
        #expect(generations == [1, 2])
    }

    @Test("an unready pod passes where its budget always allows that, even one without a current status")
    func staleStatus() {
        var budget = Budget.stub(of: 2)
        budget.metadata.generation = 2
        let pod = PodEviction(
            index: 0, pod: .stub("a", labels: ["app": "web"]).ready(false), isSelf: false, at: HandDrain.epoch)
        #expect(budget.guards(pod) == false)
        budget.status.currentHealthy = 0
        #expect(budget.guards(pod))
        budget.spec.unhealthyPodEvictionPolicy = "AlwaysAllow"
        #expect(!budget.guards(pod))
    }

    @Test("what a budget allowed passes on when the pod is refused by another one")
    func permitPassesOn() {
        var book = BudgetBook(policy: DrainPolicy(node: "node-a"), random: SplitMix64(seed: 1))
        let now = HandDrain.epoch
        let pods = (0..<2).map { number in
            PodEviction(
                index: number, pod: .stub("p\(number)", labels: ["app": "web"]).ready(), isSelf: false, at: now)
        }
        let (web, ghost) = (
            Blocker.budget(namespace: "demo", name: "web"), Blocker.budget(namespace: "demo", name: "ghost")
        )
        for pod in pods {
            _ = book.refused(pod.index, by: web, message: "no", isAsked: true, pods: pods, at: now)
        }
        #expect(book.seen(.stub(of: 2), pods: pods, at: now) == [0])
        #expect(book.refused(0, by: ghost, message: "no", isAsked: true, pods: pods, at: now) == [1])
    }

    @Test("what was accepted and not answered yet is not taken off what a budget allows twice")
    func countedOnce() {
        var book = BudgetBook(policy: DrainPolicy(node: "node-a"), random: SplitMix64(seed: 1))
        let now = HandDrain.epoch
        let pods = (0..<3).map { number in
            PodEviction(
                index: number, pod: .stub("p\(number)", labels: ["app": "web"]).ready(), isSelf: false, at: now)
        }
        let web = Blocker.budget(namespace: "demo", name: "web")
        for pod in pods { _ = book.refused(pod.index, by: web, message: "no", isAsked: true, pods: pods, at: now) }
        var budget = Budget.stub(of: 3)
        #expect(book.seen(budget, pods: pods, at: now) == [0])
        budget.status.disruptedPods = ["p0": now]
        #expect(book.seen(budget, pods: pods, at: now) == [1])
    }

    @Test("a throttled answer pauses everybody, though its pod has gone meanwhile")
    func throttledAndGone() {
        var random = SplitMix64(seed: 1)
        var pod = PodEviction(index: 0, pod: .stub("a"), isSelf: false, at: HandDrain.epoch)
        _ = pod.sent(at: HandDrain.epoch)
        _ = pod.vanished(at: HandDrain.epoch)
        let step = pod.answered(
            EvictionReply(.throttled), retryAfter: .seconds(5), at: HandDrain.epoch,
            policy: DrainPolicy(node: "node-a"), accessDenied: false, random: &random)
        #expect(pod.phase == .gone)
        #expect(step.consequence == .pause(.seconds(5), until: HandDrain.epoch + .seconds(5)))
    }

    @Test("a pod that reappears is told of as finished once")
    func finishedOnce() {
        var pod = PodEviction(index: 0, pod: .stub("a"), isSelf: false, at: HandDrain.epoch)
        func ends(_ step: PodEviction.Step) -> Int {
            step.facts.count { if case .podFinished = $0 { true } else { false } }
        }
        #expect(ends(pod.vanished(at: HandDrain.epoch)) == 1)
        _ = pod.reappeared(at: HandDrain.epoch)
        #expect(ends(pod.vanished(at: HandDrain.epoch)) == 0)
        #expect(pod.result == .vanished)
    }

    @Test("a pod of a terminating namespace that nobody deletes holds its tier up no longer than any other")
    func namespaceHoldsUp() {
        var random = SplitMix64(seed: 1)
        var pod = PodEviction(index: 0, pod: .stub("a"), isSelf: false, at: HandDrain.epoch)
        _ = pod.sent(at: HandDrain.epoch)
        _ = pod.answered(
            EvictionReply(.namespaceTerminating), retryAfter: nil, at: HandDrain.epoch,
            policy: DrainPolicy(node: "node-a"), accessDenied: false, random: &random)
        #expect(
            pod.heldUp(for: .seconds(60), from: HandDrain.epoch + .seconds(20)) == HandDrain.epoch + .seconds(60))
    }

    @Test("a conflict at the deadline is no proof that the pod is gone")
    func conflictAtDeadline() {
        var random = SplitMix64(seed: 1)
        var deletes = DeadlineDeletes()
        let (pod, now) = (Pod.stub("a").identity, HandDrain.epoch)
        deletes.add(0, pod, grace: 5, at: now)
        _ = deletes.sendDue(at: now)
        func answer(_ status: Status) -> DeadlineDeletes.Reply? {
            let exchange = Exchange(answer: .refusal(status), sent: now, received: now)
            return deletes.answered(
                0, in: "demo", exchange, at: now, policy: DrainPolicy(node: "node-a"), random: &random)?.reply
        }
        #expect(answer(Status(code: 409, message: "the object has been modified")) == .again)
        #expect(answer(.uidMismatch(pod)) == .gone)
    }

    @Test("how long a budget held others up earlier says nothing about the next one")
    func paceBeginsAnew() {
        var pace = Pace()
        let (now, blocker) = (HandDrain.epoch, Blocker.budget(namespace: "demo", name: "web"))
        let pod = PodIdentity(namespace: "demo", name: "a", uid: "a-uid")
        pace.note(
            .podAdded(
                PodFacts(index: 0, pod: pod, priority: 0, gracePeriodSeconds: 30, tier: .ordinary, phase: .queued)),
            at: now)
        let wait = PodWait(
            index: 0, pod: pod, number: 1, blocker: blocker, since: now, refusals: 1, firstMessage: "", lastMessage: "")
        pace.note(.waitBegan(wait), at: now)
        pace.note(.waitEnded(wait, .allowed), at: now + .seconds(60))
        pace.note(.waitBegan(wait), at: now + .seconds(600))
        #expect(pace.blockers[blocker]?.firstRefusal == now + .seconds(600))
    }

    @Test("an old event of a pod does not take the one for gone that has its name by now")
    func oldEvent() {
        var drain = HandDrain()
        drain.begin([])
        let list = PodList(resourceVersion: "20", items: [.stub("web-0", uid: "new", scheduled: HandDrain.epoch)])
        drain.answer(.verify, .success(code: 200, .pods(list)), at: .seconds(1))
        #expect(drain.asked == [.evict(pod: 0, attempt: 1)])
        drain.answer(.evict(pod: 0, attempt: 1), .created, at: .seconds(2))
        drain.watchPods(.modified(.stub("web-0", uid: "old", scheduled: HandDrain.epoch)), at: .seconds(3))
        #expect(drain.machine.drain.pods.map(\.phase) == [.terminating])
    }

    @Test("a list that still shows a pod that has left since is no proof: another one is")
    func leftSince() {
        var drain = HandDrain()
        drain.begin([.stub("a"), .stub("b")])
        drain.answer(.evict(pod: 0, attempt: 1), .created, at: .seconds(1))
        drain.answer(.evict(pod: 1, attempt: 1), .refusal(.noSuchPod(Pod.stub("b").identity)), at: .seconds(1))
        drain.watchPods(.deleted(.stub("a")), at: .seconds(2))
        #expect(drain.asked == [.verify])
        // Once more the watch says so, after the list was asked for.
        drain.watchPods(.deleted(.stub("a")), at: .seconds(3))
        let sent = HandDrain.epoch + .seconds(2)
        let list = PodList(resourceVersion: "9", items: [.stub("a")])
        drain.tell(
            .answered(.verify, Exchange(answer: .success(code: 200, .pods(list)), sent: sent, received: sent)),
            at: .seconds(4))
        #expect(drain.summary == nil)
        drain.tell(.tick, at: .seconds(9))
        #expect(drain.asked == [.verify])
        drain.answer(.verify, .success(code: 200, .pods(PodList(resourceVersion: "10", items: []))), at: .seconds(10))
        #expect(drain.summary?.outcome == .completed)
    }

    @Test("an old list of volumes says nothing once the pods came first again")
    func oldVolumes() {
        var policy = DrainPolicy(node: "node-a")
        policy.waitsForVolumeDetach = true
        var drain = HandDrain(policy)
        drain.begin([])
        let empty = Exchange.Answer.success(code: 200, .pods(PodList(resourceVersion: "3", items: [])))
        drain.answer(.verify, empty, at: .seconds(1))
        #expect(drain.asked == [.volumes(1)])
        var late = Pod.stub("late", scheduled: HandDrain.epoch)
        late.metadata.resourceVersion = "4"
        drain.watchPods(.added(.pod(late)), at: .seconds(2))
        drain.answer(.evict(pod: 0, attempt: 1), .created, at: .seconds(3))
        drain.watchPods(.deleted(.pod(late)), at: .seconds(4))
        drain.tell(.tick, at: .seconds(9))
        drain.answer(.verify, empty, at: .seconds(10))
        #expect(drain.asked == [.volumes(2)])
        drain.answer(.volumes(1), .success(code: 200, .volumeAttachments([])), at: .seconds(11))
        #expect(drain.summary == nil)
        drain.answer(.volumes(2), .success(code: 200, .volumeAttachments([])), at: .seconds(12))
        #expect(drain.summary?.outcome == .completed)
    }

    @Test("an unready pod that was tried too early is tried again when its budget's counts change")
    func freedAgain() {
        var book = BudgetBook(policy: DrainPolicy(node: "node-a"), random: SplitMix64(seed: 1))
        let now = HandDrain.epoch
        let pods = [PodEviction(index: 0, pod: .stub("a", labels: ["app": "web"]).ready(false), isSelf: false, at: now)]
        let web = Blocker.budget(namespace: "demo", name: "web")
        _ = book.refused(0, by: web, message: "no", isAsked: true, pods: pods, at: now)
        var budget = Budget.stub(maxUnavailable: 0, of: 3)
        budget.status.currentHealthy = 3
        #expect(book.seen(budget, pods: pods, at: now) == [0])
        _ = book.refused(0, by: web, message: "no", isAsked: true, pods: pods, at: now)
        #expect(book.seen(budget, pods: pods, at: now) == [])
        budget.status.currentHealthy = 4
        #expect(book.seen(budget, pods: pods, at: now) == [0])
    }

    @Test("a pod that several budgets select and that has finished waits for none of them")
    func finishedUnderSeveral() {
        var book = BudgetBook(policy: DrainPolicy(node: "node-a"), random: SplitMix64(seed: 1))
        let now = HandDrain.epoch
        var pods = [PodEviction(index: 0, pod: .stub("a"), isSelf: false, at: now)]
        let several = Blocker.severalBudgets(namespace: "demo")
        _ = book.refused(0, by: several, message: "no", isAsked: true, pods: pods, at: now)
        _ = pods[0].observed(.stub("a", phase: "Succeeded"), at: now)
        #expect(book.podChanged(0, pods: pods) == [0])
    }

    @Test("whom a budget guards is asked again where the answer is older than the budget")
    func staleReview() {
        var budget = Budget.stub(of: 2)
        budget.metadata.resourceVersion = "20"
        var review = BudgetReview(BudgetKey(budget))
        #expect(review.begin(budget).count == 1)
        let now = HandDrain.epoch
        func list(_ version: String) -> Exchange {
            Exchange(
                answer: .success(code: 200, .pods(PodList(resourceVersion: version, items: []))), sent: now,
                received: now)
        }
        _ = review.podsListed(list("19"))
        #expect(review.hasGaps)
        _ = review.begin(budget)
        _ = review.podsListed(list("20"))
        #expect(!review.hasGaps)
    }

    @Test("the node's turn is renewed while what will happen is asked about")
    func turnDuringSurvey() {
        var policy = DrainPolicy(node: "node-a")
        policy.fleet = DrainPolicy.Fleet(parallel: 1, namespace: "fleet")
        policy.preflight = .warn
        var drain = HandDrain(policy)
        func lease(_ version: String) -> Exchange.Answer {
            var lease = Lease(metadata: ObjectMeta(name: "drain-agent-0", namespace: "fleet", resourceVersion: version))
            lease.spec = Lease.Spec(holderIdentity: "node-a", leaseDurationSeconds: 1800)
            return .success(code: 200, .lease(lease))
        }
        drain.answer(.readNode, HandDrain.node(), at: .zero)
        drain.answer(.turn(1), .success(code: 200, .leases([])), at: .zero)
        drain.answer(.turn(2), lease("1"), at: .zero)
        drain.answer(.plan, .success(code: 200, .pods(PodList(resourceVersion: "1", items: [.stub("a")]))), at: .zero)
        #expect(drain.asked.contains(.survey(pod: 0)))
        drain.tell(.tick, at: .seconds(25))
        #expect(drain.asked == [.turn(3)])
        drain.answer(.turn(3), lease("2"), at: .seconds(26))
        drain.tell(.tick, at: .seconds(29))
        drain.tell(.tick, at: .seconds(51))
        #expect(drain.asked.contains(.turn(4)))
    }
}
