import KubernetesAPI
import Timestamps

// From the node's first read to its cordon. Nothing is touched before the plan is made and nobody minds it.
extension NodeDrain {
    mutating func nodeRead(_ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        guard case .readingNode(var errand) = stage else { return }
        stage = .readingNode(errand)
        guard let object = result(of: exchange, &errand, doing: "read node \(policy.node)", at: now, into: &step) else {
            if case .readingNode = stage { stage = .readingNode(errand) }
            return
        }
        if case .node(let read) = object {
            _ = node.seen(read)
            seen(read, at: now, into: &step)
        }
        tell(.nodeSeen(unschedulable: cordonedAt != nil), at: now, into: &step)
        guard case .readingNode = stage else { return }
        guard mayEvict else { return awaitTurn(at: now, into: &step) }
        startListing(at: now)
    }

    /// What the last process asked for shows only in the truth, not in a cache.
    mutating func startListing(at now: Timestamp) {
        let source: ListSource = start?.resumes == nil ? .cache() : .consistent(chunkSize: policy.chunkSize)
        stage = .listing(Errand(.listPods(node: policy.node, source), at: now))
    }

    mutating func podsListed(_ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        guard case .listing(var errand) = stage else { return }
        let object = result(of: exchange, &errand, doing: "list the pods of \(policy.node)", at: now, into: &step)
        guard case .pods(let list)? = object else {
            if case .listing = stage { stage = .listing(errand) }
            return
        }
        tell(.listed(pods: list.items.count, sent: exchange.sent, purpose: .plan), at: now, into: &step)
        plannedVersion = list.resourceVersion
        let asked = list.items.filter { pod in
            !pod.isFinished && !pod.isMirror && policy.podSelector.matches(pod.metadata.labels)
        }
        let keys = Set(asked.compactMap(DrainPlan.daemonSet))
        let errands = keys.map { key in
            (key, Errand(.readDaemonSet(namespace: key.namespace, name: key.name), at: now))
        }
        stage = .checkingOwners(Owners(list: list, errands: Dictionary(uniqueKeysWithValues: errands)))
    }

    mutating func checkOwners(_ owners: Owners, at now: Timestamp, into step: inout DrainStep) {
        var owners = owners
        for key in owners.errands.keys.sorted(by: { ($0.namespace, $0.name) < ($1.namespace, $1.name) }) {
            guard owners.hasFreeSlot(policy.concurrency) else { break }
            if owners.errands[key]?.sends(at: now) == true {
                send(.daemonSet(key), .readDaemonSet(namespace: key.namespace, name: key.name), into: &step)
            }
        }
        stage = .checkingOwners(owners)
        if owners.errands.isEmpty { plan(owners, at: now, into: &step) }
    }

    /// 404: its pods are orphans. Any other refusal: it may well exist, and its pods are left.
    mutating func ownerRead(
        _ key: DrainPlan.DaemonSetKey, _ exchange: Exchange, at now: Timestamp, into step: inout DrainStep
    ) {
        guard case .checkingOwners(var owners) = stage, var errand = owners.errands[key] else { return }
        switch errand.answered(exchange, at: now, policy: policy, random: &random) {
        case .again(let delay, let message):
            owners.errands[key] = errand
            lastError = message
            tell(.requestFailed(.read, message: message, retryIn: delay), at: now, into: &step)
        case .refused(let status):
            if status.code == 404 { owners.missing.insert(key) }
            owners.errands[key] = nil
        case .done, .hopeless: owners.errands[key] = nil
        }
        stage = .checkingOwners(owners)
    }

    private mutating func plan(_ owners: Owners, at now: Timestamp, into step: inout DrainStep) {
        missingOwners = owners.missing
        let plan = DrainPlan(pods: owners.list.items, missing: owners.missing, policy: policy, at: now)
        if policy.surveysOnly { return beginSurvey(plan, at: now, into: &step) }
        if let text = plan.refusalText { return end(.failed, text, at: now, into: &step) }
        if policy.preflight != .off { return beginSurvey(plan, at: now, into: &step) }
        accept(plan, at: now, into: &step)
    }

    /// Nobody minds it: it is carried out.
    mutating func accept(_ plan: DrainPlan, at now: Timestamp, into step: inout DrainStep) {
        if policy.dryRun == .client {
            announce(plan, at: now, into: &step)
            return end(.completed, "dry run: nothing was changed", at: now, into: &step)
        }
        guard let patch = startPatch(pods: plan.targets.count) else {
            tell(.cordon(.alreadyCordoned), at: now, into: &step)
            return startDraining(plan, at: now, into: &step)
        }
        let errand = Errand(.patchNode(policy.node, patch, dryRun: policy.dryRun == .server), at: now)
        proceedWithCordon(errand, plan, at: now, into: &step)
    }

    /// Not without the node's turn, which may have been lost since the plan was made.
    mutating func proceedWithCordon(
        _ errand: Errand, _ plan: DrainPlan, at now: Timestamp, into step: inout DrainStep
    ) {
        var errand = errand
        if mayEvict, errand.sends(at: now) {
            send(.cordon, errand.call, into: &step)
        }
        stage = .cordoning(errand, plan)
    }

    mutating func cordoned(_ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        if cordonedAt == nil, policy.dryRun == .none, exchange.code.map({ $0 >= 500 }) ?? true {
            mayHaveCordoned = true
        }
        // The record is, though a webhook may have dropped the cordon.
        if case .success(_, .node) = exchange.answer { isRecorded = policy.recordedAs != nil && policy.dryRun == .none }
        guard case .cordoning(var errand, let plan) = stage else {
            // An answer that comes while we are ending still says whether the node is ours to free.
            if case .success = exchange.read(asCordoned: true).answer { tellCordoned(exchange, at: now, into: &step) }
            return
        }
        guard cordonedAt == nil else { return recorded(exchange, errand, plan, at: now, into: &step) }
        let read = exchange.read(asCordoned: true)
        guard result(of: read, &errand, doing: "cordon \(policy.node)", at: now, into: &step) != nil else {
            if case .cordoning = stage { stage = .cordoning(errand, plan) }
            return
        }
        tellCordoned(exchange, at: now, into: &step)
        startDraining(plan, at: now, into: &step)
    }

    private mutating func tellCordoned(_ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        guard cordonedAt == nil else { return }
        cordonedAt = now
        weCordoned = policy.dryRun == .none
        mayHaveCordoned = false
        if policy.dryRun == .none, case .success(_, .node(let seen)) = exchange.answer { _ = node.seen(seen) }
        tell(.cordon(.cordoned(sent: exchange.sent)), at: now, into: &step)
        tell(.nodeSeen(unschedulable: policy.dryRun == .none), at: now, into: &step)
    }

    mutating func startDraining(_ plan: DrainPlan, at now: Timestamp, into step: inout DrainStep) {
        announce(plan, at: now, into: &step)
        stage = .draining
        hasBegunDraining = true
        enter(.draining, at: now, into: &step)
        if policy.dryRun == .none { feed.start(from: plannedVersion) }
        startWatchingNode()
        if deadline != nil { overrun.start(at: now) }
        drainPods(at: now, into: &step)
    }

    private mutating func announce(_ plan: DrainPlan, at now: Timestamp, into step: inout DrainStep) {
        tell(.planned(pods: plan.targets.count, excluded: plan.exclusions.count), at: now, into: &step)
        for exclusion in plan.exclusions { exclude(exclusion.pod, exclusion.reason, at: now, into: &step) }
        for pod in plan.targets { take(pod, at: now, into: &step) }
    }

    mutating func exclude(
        _ pod: PodIdentity, _ reason: ExclusionReason, at now: Timestamp, into step: inout DrainStep
    ) {
        excluded[pod.uid] = (pod, reason, now)
        tell(.podExcluded(pod, reason), at: now, into: &step)
    }

    mutating func take(_ pod: Pod, at now: Timestamp, into step: inout DrainStep) {
        tell(drain.add(pod, isSelf: DrainPlan.isSelf(pod, policy), at: now).facts, at: now, into: &step)
        if let index = drain.index(of: pod.identity) {
            tell(terminations.observed(pod, index: index, node, at: now), at: now, into: &step)
        }
    }
}
