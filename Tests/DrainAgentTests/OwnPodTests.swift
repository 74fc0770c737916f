import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent

@Suite struct OwnPodTests {
    private static let signal = Timestamp(seconds: 1_800_000_000)
    private static let own = PodIdentity(namespace: "ops", name: "agent", uid: "agent-uid")

    private func ownPod(_ environment: [String: String], isInCluster: Bool = true) -> OwnPod {
        OwnPod(environment: environment, namespace: "home", isInCluster: isInCluster)
    }

    private func answering(_ answer: Exchange.Answer) -> @Sendable (APIRequest) async -> Exchange {
        { _ in Exchange(answer: answer, sent: Self.signal, received: Self.signal) }
    }

    private func pod(_ deletion: Timestamp? = nil, grace: Int64 = 30) -> Exchange.Answer {
        var pod = Pod.stub("agent", namespace: "ops", deletion: deletion)
        pod.spec.terminationGracePeriodSeconds = grace
        return .success(code: 200, .pod(pod))
    }

    private let unreachable = Exchange.Answer.failure(TransportFailure(.timeout, "no answer"))

    @Test(
        "the downward API names our pod",
        arguments: [
            (["POD_NAME": "agent", "POD_NAMESPACE": "ops", "POD_UID": "agent-uid"], own),
            (["POD_NAME": "agent"], PodIdentity(namespace: "home", name: "agent", uid: "")),
            (["POD_NAME": "agent", "POD_NAMESPACE": ""], PodIdentity(namespace: "home", name: "agent", uid: "")),
            (["POD_NAME": "", "POD_NAMESPACE": "ops"], nil), ([:], nil),
        ] as [([String: String], PodIdentity?)])
    func declared(environment: [String: String], expected: PodIdentity?) {
        #expect(ownPod(environment).declared == expected)
    }

    @Test("outside a cluster there is no pod of ours, and nobody is asked")
    func outside() async {
        let answer = await ownPod([:], isInCluster: false).find { _ in
            Issue.record("asked")
            return Exchange(answer: self.unreachable, sent: Self.signal, received: Self.signal)
        }
        #expect(answer == .none)
    }

    @Test("in a cluster the API server is asked who we are")
    func asked() async {
        let identity = SelfIdentity(username: "sa", podName: "agent", podUID: "agent-uid")
        let answer = await ownPod([:]).find(answering(.success(code: 201, .identity(identity))))
        #expect(answer == .pod(PodIdentity(namespace: "home", name: "agent", uid: "agent-uid")))
    }

    @Test("who does not say which pod we are leaves it unknown, with advice")
    func unknown() async throws {
        for answer in [unreachable, .success(code: 201, .identity(SelfIdentity(username: "sa"))), .refusal(.forbidden)]
        {
            guard case .unknown(let reason) = await ownPod([:]).find(answering(answer)) else {
                Issue.record("known")
                continue
            }
            #expect(reason.contains("POD_NAME"))
        }
    }

    @Test(
        "the time we have ends 3 s before our pod's deletionTimestamp, else after the grace from the signal",
        arguments: [
            // The deletionTimestamp has the last word.
            (Self.signal + .seconds(60), 30, nil, 57), (Self.signal + .seconds(60), 30, .seconds(10), 57),
            (Self.signal + .seconds(1), 30, nil, -2),
            // None: --termination-grace, or what the pod asks for.
            (nil, 30, .seconds(10), 7), (nil, 45, nil, 42), (nil, .max, nil, nil),
        ] as [(Timestamp?, Int64, Duration?, Int64?)])
    func deadline(deletion: Timestamp?, podGrace: Int64, configured: Duration?, seconds: Int64?) async throws {
        let grace = Grace(own: Self.own, configured: configured)
        let deadline = await grace.limit(signalAt: Self.signal, answering(pod(deletion, grace: podGrace)))?.deadline
        if let seconds {
            #expect(deadline == Self.signal + .seconds(seconds))
        } else {
            #expect(try #require(deadline) > Self.signal + .seconds(1_000_000_000))
        }
    }

    @Test("nobody to ask, or another pod under our name: the estimate has to do")
    func estimated() async {
        let stranger = Exchange.Answer.success(code: 200, .pod(.stub("agent", namespace: "ops", uid: "another")))
        for answer in [unreachable, .refusal(.forbidden), stranger] {
            let usual = Grace(own: Self.own, configured: nil)
            #expect(await usual.limit(signalAt: Self.signal, answering(answer))?.deadline == Self.signal + .seconds(27))
            let told = Grace(own: Self.own, configured: .seconds(100))
            #expect(await told.limit(signalAt: Self.signal, answering(answer))?.deadline == Self.signal + .seconds(97))
        }
    }

    @Test("why our own pod could not be read is told", arguments: [true, false])
    func complaint(isAllowed: Bool) async {
        let grace = Grace(own: Self.own, configured: nil)
        var told: [String] = []
        let answer = isAllowed ? pod(nil, grace: 30) : .refusal(.forbidden)
        _ = await grace.limit(signalAt: Self.signal, answering(answer)) { told.append($0) }
        #expect(told == (isAllowed ? [] : [Status.forbidden.message]))
    }

    @Test("no pod of ours, and nothing configured: nobody will kill us that we know of")
    func noLimit() async {
        let free = Grace(own: nil, configured: nil)
        #expect(free.estimate(signalAt: Self.signal) == nil)
        #expect(await free.limit(signalAt: Self.signal, answering(unreachable)) == nil)
        let told = Grace(own: nil, configured: .seconds(4))
        #expect(await told.limit(signalAt: Self.signal, answering(unreachable))?.deadline == Self.signal + .seconds(1))
    }

    @Test(
        "pods that are deleted at the deadline get ten seconds to end, or a third of the grace if that is less",
        arguments: [(60, 10), (30, 10), (15, 5), (6, 3)] as [(Int64, Int64)])
    func deletionReserve(grace: Int64, reserve: Int64) async throws {
        let limits = Grace(own: Self.own, configured: nil, deletesAtDeadline: true)
        let limit = try #require(
            await limits.limit(signalAt: Self.signal, answering(pod(Self.signal + .seconds(grace), grace: 30))))
        #expect(limit.hardEnd == Self.signal + .seconds(grace))
        #expect(limit.hardEnd - limit.deadline == .seconds(reserve))
    }
}
