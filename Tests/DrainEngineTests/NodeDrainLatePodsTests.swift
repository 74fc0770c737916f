import KubernetesAPI
import SeededRandom
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

// What the simulation found about pods and budgets.
@Suite("NodeDrain: pods and budgets whose news come late, or twice")
struct NodeDrainLatePodsTests {
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
