import KubernetesAPI
import Locking

/// What stands between us and a drain.
final class Readiness: Sendable {
    private struct State {
        var obstacle: String?
        var ownPod: OwnPod.Answer
    }

    private let state: Lock<State>

    init(ownPod: OwnPod.Answer) {
        state = Lock(State(obstacle: "the API server has not been reached yet", ownPod: ownPod))
    }

    var obstacle: String? { state.withLock { $0.obstacle } }
    var ownPod: OwnPod.Answer { state.withLock { $0.ownPod } }

    func isBlocked(by reason: String) { state.withLock { $0.obstacle = reason } }
    func found(_ own: OwnPod.Answer) { state.withLock { $0.ownPod = own } }
    func reached() { state.withLock { $0.obstacle = nil } }
}

extension OwnPod.Answer {
    var identity: PodIdentity? {
        guard case .pod(let pod) = self else { return nil }
        return pod
    }
}
