import DrainEngine
import KubernetesAPI
import Timestamps

/// The pod we run in, if we run in one.
struct OwnPod: Sendable {
    enum Answer: Sendable, Equatable {
        case pod(PodIdentity)
        /// Not in a pod: nothing to spare.
        case none
        /// In a cluster, and nobody can say which pod is ours.
        case unknown(String)
    }

    let environment: [String: String]
    let namespace: String
    let isInCluster: Bool

    /// By the downward API (POD_NAME, POD_NAMESPACE, POD_UID); nothing when the variables are not there.
    var declared: PodIdentity? {
        guard let name = environment["POD_NAME"], !name.isEmpty else { return nil }
        let declared = environment["POD_NAMESPACE"] ?? ""
        return PodIdentity(
            namespace: declared.isEmpty ? namespace : declared, name: name, uid: environment["POD_UID"] ?? "")
    }

    /// By the environment, else by asking the server who we are; the token of a pod names it since Kubernetes 1.26.
    func find(_ send: @Sendable (APIRequest) async -> Exchange) async -> Answer {
        if let declared { return .pod(declared) }
        guard isInCluster else { return .none }
        let exchange = await send(APIRequest(.whoAmI))
        if case .success(_, .identity(let own)) = exchange.answer, let name = own.podName {
            return .pod(PodIdentity(namespace: namespace, name: name, uid: own.podUID ?? ""))
        }
        return .unknown(
            "which pod is ours? Set POD_NAME, POD_NAMESPACE and POD_UID by the downward API (the API server does not say)"
        )
    }
}

/// How long we may still live, once asked to end.
struct Grace: Sendable {
    /// Kept for the end of the program: spans, termination log, last scrape.
    static let reserve = Duration.seconds(3)
    /// Kept for pods that are deleted at the deadline (`--at-deadline delete`), or a third of the grace if that is less.
    static let deletionReserve = Duration.seconds(10)
    /// What remains of it when the last scrape has been waited for long enough.
    static let lastMoment = Duration.milliseconds(1500)
    /// What the kubelet gives where nobody says otherwise.
    static let usual = Duration.seconds(30)

    let own: PodIdentity?
    /// `--termination-grace`.
    let configured: Duration?
    /// Pods are deleted at the deadline, and have to end before us.
    var deletesAtDeadline = false

    /// Before the server was asked; `nil`: nobody will kill us that we know of.
    func estimate(signalAt: Timestamp) -> TimeLimit? {
        guard let grace = configured ?? (own == nil ? nil : Self.usual) else { return nil }
        return limit(signalAt + grace, signalAt: signalAt)
    }

    private func limit(_ hardEnd: Timestamp, signalAt: Timestamp) -> TimeLimit {
        let forDeletions = deletesAtDeadline ? min(Self.deletionReserve, (hardEnd - signalAt) / 3) : .zero
        return TimeLimit(deadline: hardEnd - max(Self.reserve, forDeletions), hardEnd: hardEnd)
    }

    /// Our pod's `deletionTimestamp` lies ahead by the grace period; a probe's kill and a node's shutdown set none.
    /// `complain` hears why the pod could not be read.
    func limit(
        signalAt: Timestamp, _ send: @Sendable (APIRequest) async -> Exchange, complain: (String) -> Void = { _ in }
    ) async -> TimeLimit? {
        guard let own else { return estimate(signalAt: signalAt) }
        let exchange = await send(APIRequest(.readPod(namespace: own.namespace, name: own.name)))
        guard case .success(_, .pod(let pod)) = exchange.answer, own.uid.isEmpty || own.uid == pod.metadata.uid else {
            complain(exchange.answer.complaint ?? "\(own) is another pod by now")
            return estimate(signalAt: signalAt)
        }
        if let deletion = pod.metadata.deletionTimestamp { return limit(deletion, signalAt: signalAt) }
        let grace = configured ?? .seconds(pod.spec.terminationGracePeriodSeconds)
        return limit(signalAt + grace, signalAt: signalAt)
    }
}

extension Exchange.Answer {
    /// Why it is no success, for the log.
    fileprivate var complaint: String? {
        switch self {
        case .success: nil
        case .refusal(let status): status.message
        case .failure(let failure): failure.message
        }
    }
}
