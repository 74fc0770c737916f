public import KubernetesAPI
public import Timestamps

/// Which pods of a node go, which stay and why, and what a careful person would want to be asked about.
public struct DrainPlan: Sendable, Equatable {
    /// Which DaemonSet, to find out whether it still exists.
    public struct DaemonSetKey: Sendable, Hashable {
        public var namespace: String
        public var name: String
    }

    public struct Exclusion: Sendable, Equatable {
        public var pod: PodIdentity
        public var reason: ExclusionReason
    }

    /// Why nothing is touched at all, and the flag that says it may be.
    public struct Refusal: Sendable, Equatable {
        public enum Cause: String, Sendable, CaseIterable {
            case daemonSet = "daemonset"
            case emptyDir = "emptydir"
            case unmanaged, orphan

            /// For people, with the flag that says the pod may go.
            public var text: String {
                switch self {
                case .daemonSet: "pods of a DaemonSet, which stay (--ignore-daemonsets)"
                case .emptyDir: "pods with emptyDir volumes, whose data would be lost (--delete-emptydir-data)"
                case .unmanaged: "pods that no controller would replace (--force)"
                case .orphan: "pods whose DaemonSet no longer exists (--force)"
                }
            }
        }

        public var pod: PodIdentity
        public var cause: Cause
    }

    /// In the order in which they are asked for: by tier, by their own wish within it, by namespace and name; our own pod
    /// last.
    public private(set) var targets: [Pod] = []
    public private(set) var exclusions: [Exclusion] = []
    public private(set) var refusals: [Refusal] = []

    /// `missing`: DaemonSets that no longer exist.
    public init(pods: [Pod], missing: Set<DaemonSetKey>, policy: DrainPolicy, at now: Timestamp) {
        let ranked = pods.map { pod in
            (
                rank: (
                    Self.tier(of: pod, policy), PodOverrides(pod).order, pod.metadata.namespace, pod.metadata.name
                ), pod: pod
            )
        }
        for (_, pod) in ranked.sorted(by: { $0.rank < $1.rank }) {
            if let reason = Self.exclusion(of: pod, missing: missing, policy: policy, at: now) {
                exclusions.append(Exclusion(pod: pod.identity, reason: reason))
                if reason == .daemonset, policy.refusals.daemonSets {
                    refusals.append(Refusal(pod: pod.identity, cause: .daemonSet))
                }
            } else {
                targets.append(pod)
                refusals += Self.refusals(of: pod, policy: policy)
            }
        }
        if let own = targets.firstIndex(where: { Self.isSelf($0, policy) }) { targets.append(targets.remove(at: own)) }
    }

    /// The rows in the order in which they are tried; `nil`: it goes.
    public static func exclusion(
        of pod: Pod, missing: Set<DaemonSetKey>, policy: DrainPolicy, at now: Timestamp
    ) -> ExclusionReason? {
        if pod.isMirror { return .mirror }
        if isSelf(pod, policy), staysWithUs(pod, policy) { return .self }
        if !policy.podSelector.matches(pod.metadata.labels) { return .selector }
        if !PodOverrides(pod).evicts { return .annotation }
        if pod.isFinished { return nil }
        if let owner = daemonSet(of: pod), !missing.contains(owner) { return .daemonset }
        if let limit = policy.skipTerminatingAfter, let deadline = pod.metadata.deletionTimestamp,
            now - deadline > limit
        {
            return .terminating
        }
        return nil
    }

    /// The DaemonSet that says it controls the pod.
    public static func daemonSet(of pod: Pod) -> DaemonSetKey? {
        guard let owner = pod.metadata.controller, owner.kind == "DaemonSet" else { return nil }
        return DaemonSetKey(namespace: pod.metadata.namespace, name: owner.name)
    }

    /// Which pods must have left before it is asked for; all are alike with `--order none`.
    static func tier(of pod: Pod, _ policy: DrainPolicy) -> PodTier {
        policy.order == .priority ? PodTier(priority: pod.spec.priority) : .ordinary
    }

    static func isSelf(_ pod: Pod, _ policy: DrainPolicy) -> Bool {
        guard let own = policy.selfPod else { return false }
        if !own.uid.isEmpty { return pod.metadata.uid == own.uid }
        return pod.metadata.namespace == own.namespace && pod.metadata.name == own.name
    }

    /// A terminating pod of our own is what began the drain, as a rule: to wait for it would be to wait for ourselves.
    private static func staysWithUs(_ pod: Pod, _ policy: DrainPolicy) -> Bool {
        policy.ownPod == .leave || pod.isTerminating || daemonSet(of: pod) != nil
            || pod.metadata.controller?.kind == "Node"
    }

    private static func refusals(of pod: Pod, policy: DrainPolicy) -> [Refusal] {
        guard !pod.isFinished, !pod.isTerminating else { return [] }
        var refusals: [Refusal] = []
        if policy.refusals.emptyDir, pod.spec.hasEmptyDir {
            refusals.append(Refusal(pod: pod.identity, cause: .emptyDir))
        }
        guard policy.refusals.unmanaged else { return refusals }
        if daemonSet(of: pod) != nil {
            refusals.append(Refusal(pod: pod.identity, cause: .orphan))
        } else if pod.metadata.controller == nil {
            refusals.append(Refusal(pod: pod.identity, cause: .unmanaged))
        }
        return refusals
    }
}

extension DrainPlan {
    /// What stands in the way, by cause, and the flag for each: `nil` when nothing does.
    public var refusalText: String? {
        guard !refusals.isEmpty else { return nil }
        let parts = Refusal.Cause.allCases.compactMap { cause -> String? in
            let names = refusals.filter { $0.cause == cause }.map { "\($0.pod)" }
            return names.isEmpty ? nil : "\(cause.text): \(names.joined(separator: ", "))"
        }
        return "nothing was touched, for there are " + parts.joined(separator: "; ")
    }
}
