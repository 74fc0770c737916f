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
}
