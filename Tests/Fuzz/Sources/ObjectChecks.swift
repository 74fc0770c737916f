import FoundationEssentials
import KubernetesAPI
import Timestamps

@testable import DrainEngine
@testable import KubernetesClient

/// The objects of the API, as JSON.
enum ObjectChecks {
    static func pod(_ bytes: [UInt8]) {
        guard let pod = roundTrip(bytes, Pod.self) else { return }
        let own = PodIdentity(namespace: "shop", name: "web-0", uid: "u")
        var policy = DrainPolicy(node: "node-a")
        policy.selfPod = own
        policy.order = .priority
        let plan = DrainPlan(pods: [pod, pod], missing: [], policy: policy, at: now)
        require(plan.targets.count + plan.exclusions.count == 2, "a plan has every pod once")
        _ = plan.refusalText
        _ = pod.deletionDeadline(known: now, at: now)
        _ = (pod.isReady, pod.isTerminating, pod.scheduledAt, pod.status.containerStatuses.map(\.isRunning))
    }

    static func node(_ bytes: [UInt8]) {
        guard let node = roundTrip(bytes, Node.self) else { return }
        _ = node.isReady
        RecordChecks.record(on: node)
    }

    static func budget(_ bytes: [UInt8]) {
        guard let budget = decoded(bytes, Budget.self) else { return }
        let pod = PodIdentity(namespace: budget.metadata.namespace, name: "web-0", uid: "u")
        let guards = budget.selects(namespace: pod.namespace, labels: ["app": "web"])
        require(!guards || budget.spec.selector != nil, "a budget without a selector guards nothing")
        for bound in [budget.spec.minAvailable, budget.spec.maxUnavailable].compactMap({ $0 }) {
            WordChecks.resolve(bound)
        }
        var account = BudgetAccount(budget, review: nil, unmanagedGone: 1, at: now)
        for _ in 0..<3 { _ = account.roundOfNext() }
        _ = (account.rounds, account.allowed, account.verdict)
        var judge = BudgetJudge()
        judge.seen(budget, at: now)
        judge.seen(budget, at: now + .seconds(120))
        _ = judge.verdict(BudgetReview(BudgetKey(budget)), at: now + .seconds(120))
        _ = judge.nextChange(after: now)
    }

    static func lease(_ bytes: [UInt8]) {
        guard let lease = decoded(bytes, Lease.self) else { return }
        _ = FleetLease.isSlot(lease, of: "node-a")
        let emptied = FleetLease.emptied(lease, at: now)
        require(emptied.spec.holderIdentity.isEmpty, "an emptied lease is nobody's")
    }

    /// A refusal's body, whatever it is, and what an eviction's answer is taken for.
    static func status(_ bytes: [UInt8]) {
        roundTrip(bytes, Status.self)
        for code in [401, 403, 404, 409, 429, 500, 503] {
            let status = Status(refusedWith: code, bytes)
            require(status.code == code, "the code that was sent counts")
            let reply = EvictionReply(.refusal(status), namespace: "shop")
            require(reply.answer != .accepted, "a refusal is no yes")
            let name =
                switch reply.blocker {
                case .budget(_, let name)?, .webhook(let name)?: name
                case .severalBudgets?, nil: ""
                }
            require(name.utf8.allSatisfy { $0 > 0x2C && $0 < 0x7B }, "\(name) is a name")
            require(name.utf8.count <= 253, "a name has its length")
        }
    }

    static func workload(_ bytes: [UInt8]) {
        guard let workload = decoded(bytes, Workload.self) else { return }
        let update = workload.spec.strategy?.rollingUpdate
        for bound in [update?.maxSurge, update?.maxUnavailable].compactMap({ $0 }) {
            WordChecks.resolve(bound)
            _ = bound.resolved(of: workload.replicas, .up)
        }
        for owner in workload.metadata.ownerReferences {
            _ = Workload.Key(owner, namespace: workload.metadata.namespace)
        }
    }

    static func attachment(_ bytes: [UInt8]) { _ = decoded(bytes, VolumeAttachment.self) }

    /// Reviews and discovery.
    static func answers(_ bytes: [UInt8]) {
        _ = decoded(bytes, AccessReviewResult.self)
        _ = decoded(bytes, SelfIdentity.self)
        _ = decoded(bytes, APIGroup.self)?.policyVersion
        _ = decoded(bytes, APIResourceList.self)?.evictionVersion
        _ = decoded(bytes, LabelSelector.self)
    }

    static let now = Timestamp(seconds: 1_800_000_000)

    static func decoded<Object: Decodable>(_ bytes: [UInt8], _ type: Object.Type) -> Object? {
        try? JSONDecoder().decode(type, from: Data(bytes))
    }

    /// What was read, written and read again is written the same.
    @discardableResult
    static func roundTrip<Object: Codable & Equatable>(_ bytes: [UInt8], _ type: Object.Type) -> Object? {
        guard let object = decoded(bytes, type) else { return nil }
        let written = encoded(object)
        guard let again = decoded(written, type) else {
            require(false, "\(type): what was written cannot be read: \(written.text)")
            return nil
        }
        require(encoded(again) == written, "\(type): \(written.text) is read as something else")
        return object
    }

    static func encoded(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(try encoder.encode(value)) } catch {
            require(false, "what was read cannot be written: \(error)")
            return []
        }
    }
}
