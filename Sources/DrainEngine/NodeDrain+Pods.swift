import KubernetesAPI
import Timestamps

// While pods leave: evictions, the watch, and the list that proves the end.
extension NodeDrain {
    mutating func drainPods(at now: Timestamp, into step: inout DrainStep) {
        var change = PodDrain.Step()
        drain.followBudgets(at: now, into: &change)
        while mayEvict, let next = drain.sendNext(at: now, into: &change) {
            send(.evict(pod: next.index, attempt: next.attempt), eviction(of: next.index), into: &step)
        }
        apply(change, at: now, into: &step)
        guard drain.isSettled else { return }
        if policy.dryRun == .server {
            let refused = drain.counts[.failed, default: 0]
            if refused == 0 { return end(.completed, "dry run: nothing was changed", at: now, into: &step) }
            return end(.incomplete, "dry run: \(refused) pods would not be evicted now", at: now, into: &step)
        }
        // It reads every pod of the cluster from storage: not again at once, whatever the last one showed.
        var errand = Errand(
            .listPods(node: policy.node, .consistent(chunkSize: policy.chunkSize)), at: max(now, verifyDue ?? now))
        if errand.sends(at: now) { send(.verify, errand.call, into: &step) }
        stage = .verifying(errand)
    }

    mutating func evictionAnswered(
        pod: Int, attempt: Int, _ exchange: Exchange, at now: Timestamp, into step: inout DrainStep
    ) {
        apply(
            drain.answered(index: pod, attempt: attempt, exchange, call: eviction(of: pod), at: now), at: now,
            into: &step)
    }

    private func eviction(of index: Int) -> APICall {
        let pod = drain.pods[index].pod
        let options = drain.options(for: index)
        return policy.deletesWithoutEviction ? .deletePod(pod, options) : .evict(pod, options)
    }

    mutating func apply(_ change: PodDrain.Step, at now: Timestamp, into step: inout DrainStep) {
        tell(change.facts, at: now, into: &step)
        guard case .draining = stage else { return }
        send(change.requests, into: &step)
        for namespace in change.reviews {
            if let last = reviewed[namespace], now - last < .seconds(30) { continue }
            guard !inFlight.contains(.reviewAccess(namespace: namespace)) else { continue }
            reviewed[namespace] = now
            send(
                .reviewAccess(namespace: namespace),
                .mayEvict(namespace: namespace, byDelete: policy.deletesWithoutEviction), into: &step)
        }
    }

    /// A review that could not be had says nothing: the pod's own refusals decide then.
    mutating func accessReviewed(
        _ namespace: String, _ exchange: Exchange, at now: Timestamp, into step: inout DrainStep
    ) {
        guard case .success(_, .allowed(let allowed)) = exchange.answer else { return }
        apply(drain.accessReviewed(namespace: namespace, allowed: allowed, at: now), at: now, into: &step)
    }

    /// A signal of a watch that has been replaced says nothing.
    mutating func watched(
        _ topic: WatchRequest.Topic, generation: Int, _ signal: WatchSignal, at now: Timestamp,
        into step: inout DrainStep
    ) {
        switch topic {
        case .pods: if generation == feed.generation { podsWatched(signal, at: now, into: &step) }
        case .budgets(let namespace):
            guard drain.budgets.feeds.expects(topic, generation: generation) else { return }
            apply(drain.budgetSignal(namespace, signal, at: now), at: now, into: &step)
        case .node: if generation == nodeFeed.generation { nodeWatched(signal, at: now, into: &step) }
        }
    }

    private mutating func podsWatched(_ signal: WatchSignal, at now: Timestamp, into step: inout DrainStep) {
        switch signal {
        case .opened: tell(feed.watchOpened(at: now), at: now, into: &step)
        case .event(let event):
            guard let seen = feed.received(event), case .pod(let pod) = seen.object else { return }
            if seen.isPresent {
                // An old event must not take a pod for gone that has its name by now.
                guard !feed.covers(pod.metadata) else { return }
                present(pod, at: now, into: &step)
            } else {
                absent(pod.identity, at: now, into: &step)
            }
        case .ended(let reason, let detail, let status):
            tell(feed.watchEnded(reason, detail: detail, status: status, at: now), at: now, into: &step)
        }
    }

    mutating func refreshed(_ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        guard case .success(_, .pods(let list)) = exchange.answer else {
            guard let delay = feed.listFailed(retryAfter: exchange.retryAfter, at: now) else { return }
            let message = exchange.answer.refusalText
            return tell(.requestFailed(.list, message: message, retryIn: delay), at: now, into: &step)
        }
        feed.listed(version: list.resourceVersion, at: now)
        tell(.listed(pods: list.items.count, sent: exchange.sent, purpose: .refresh), at: now, into: &step)
        reconcile(list.items, sent: exchange.sent, at: now, into: &step)
    }

    mutating func verified(_ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        guard case .verifying(var errand) = stage else { return }
        guard case .success(_, .pods(let list)) = exchange.answer else {
            // It was allowed to list before: whatever says otherwise now is waited out, until the deadline.
            let verdict = errand.answered(exchange, at: now, policy: policy, random: &random)
            if case .again(let delay, let message) = verdict {
                tell(.requestFailed(.list, message: message, retryIn: delay), at: now, into: &step)
                stage = .verifying(errand)
            } else {
                tell(
                    .requestFailed(.list, message: exchange.answer.refusalText, retryIn: policy.listInterval), at: now,
                    into: &step)
                stage = .verifying(
                    Errand(
                        .listPods(node: policy.node, .consistent(chunkSize: policy.chunkSize)),
                        at: now + policy.listInterval))
            }
            return
        }
        tell(.listed(pods: list.items.count, sent: exchange.sent, purpose: .verify), at: now, into: &step)
        feed.saw(version: list.resourceVersion)
        var hasLeftSince = false
        for pod in list.items {
            guard let index = drain.index(of: pod.identity), drain.pods[index].phase == .gone else { continue }
            // What left after the list was asked for may still be on it: the next one will not show it.
            guard drain.pods[index].seenGone <= exchange.sent else {
                hasLeftSince = true
                continue
            }
            apply(drain.reappeared(index: index, at: now), at: now, into: &step)
        }
        stage = .draining
        verifyDue = now + policy.listInterval
        reconcile(list.items, sent: exchange.sent, at: now, into: &step)
        guard drain.isSettled, !hasLeftSince else { return }
        let failed = drain.pods.count { $0.phase == .failed }
        if failed == 0 { return finish(.completed, "", staying: list.items, at: now, into: &step) }
        finish(
            .incomplete, "\(failed) \(failed == 1 ? "pod" : "pods") could not be evicted", staying: list.items, at: now,
            into: &step)
    }

    /// A list is the whole truth of the moment it was asked for: what had been seen by then, and is not on it, is gone.
    private mutating func reconcile(_ items: [Pod], sent: Timestamp, at now: Timestamp, into step: inout DrainStep) {
        let listed = Set(items.map(\.metadata.uid))
        for pod in drain.pods where pod.phase != .gone && pod.added <= sent && !listed.contains(pod.pod.uid) {
            apply(drain.vanished(index: pod.index, at: now), at: now, into: &step)
        }
        let left = excluded.filter { $0.value.since <= sent && !listed.contains($0.key) }
        for (uid, entry) in left.sorted(by: { $0.key < $1.key }) {
            excluded[uid] = nil
            tell(.exclusionEnded(entry.pod, entry.reason), at: now, into: &step)
        }
        for pod in items where departed[pod.metadata.uid].map({ $0 < sent }) ?? true {
            present(pod, at: now, into: &step)
        }
    }

    private mutating func absent(_ pod: PodIdentity, at now: Timestamp, into step: inout DrainStep) {
        if let index = drain.index(of: pod) {
            return apply(drain.vanished(index: index, at: now), at: now, into: &step)
        }
        // No list is under way for so long.
        departed = departed.filter { now - $0.value < .seconds(300) }
        departed[pod.uid] = now
        if let entry = excluded.removeValue(forKey: pod.uid) {
            tell(.exclusionEnded(entry.pod, entry.reason), at: now, into: &step)
        }
    }

    private mutating func present(_ pod: Pod, at now: Timestamp, into step: inout DrainStep) {
        // Its name under another UID: the pod we knew is gone.
        if let old = drain.index(named: pod.metadata.namespace, pod.metadata.name),
            drain.pods[old].pod.uid != pod.metadata.uid
        {
            apply(drain.vanished(index: old, at: now), at: now, into: &step)
        }
        if let index = drain.index(of: pod.identity) {
            guard pod.spec.nodeName == policy.node else {
                return apply(drain.vanished(index: index, at: now), at: now, into: &step)
            }
            if drain.pods[index].phase != .gone {
                tell(terminations.observed(pod, index: index, node, at: now), at: now, into: &step)
            }
            return apply(drain.observed(pod, index: index, at: now), at: now, into: &step)
        }
        // How it ends is decided: nobody new becomes part of it.
        guard isUnderWay, excluded[pod.metadata.uid] == nil, pod.spec.nodeName == policy.node else { return }
        classify(pod, at: now, into: &step)
    }

    /// A pod we have not seen: bound before the cordon, and missed by the cached list, it is a target like any other;
    /// bound after it, it has arrived.
    private mutating func classify(_ pod: Pod, at now: Timestamp, into step: inout DrainStep) {
        if let reason = DrainPlan.exclusion(of: pod, missing: missingOwners, policy: policy, at: now) {
            return exclude(pod.identity, reason, at: now, into: &step)
        }
        let bound = pod.scheduledAt ?? pod.metadata.creationTimestamp ?? now
        let wasThere = bound <= (cordonedAt ?? now) + .seconds(2)
        guard wasThere || policy.followsArrivals else {
            return exclude(pod.identity, .arrived, at: now, into: &step)
        }
        take(pod, at: now, into: &step)
    }
}

extension Exchange.Answer {
    /// Why it is not a success, for people; empty when it is one.
    var refusalText: String {
        switch self {
        case .success: ""
        case .refusal(let status): "\(status.message) (\(status.code))"
        case .failure(let failure): "\(failure.kind.rawValue): \(failure.message)"
        }
    }
}
