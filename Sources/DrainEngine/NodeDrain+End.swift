import KubernetesAPI
import Timestamps

// The end: the answers of what changes something are awaited, so that nothing that happened is missing from the story.
extension NodeDrain {
    mutating func timedOut(at now: Timestamp, into step: inout DrainStep) {
        switch stage {
        case .readingNode, .listing, .checkingOwners:
            let reached = deadline.map { $0 <= now } ?? false
            let patience = GoDuration.format(policy.startupTimeout ?? .zero)
            end(
                reached ? .timedOut : .failed,
                reached
                    ? "the deadline passed before the pods could be listed"
                    : "no pods could be listed within \(patience) (--startup-timeout): \(lastError)",
                at: now, into: &step)
        case .surveying:
            end(.timedOut, "the deadline passed before it was known what would go", at: now, into: &step)
        case .awaitingTurn: end(.timedOut, turnNeverCame, at: now, into: &step)
        case .cordoning: end(.timedOut, "the deadline passed before the node could be cordoned", at: now, into: &step)
        case .draining, .verifying:
            end(
                .timedOut,
                leftovers.map { "\($0) left at the deadline" }
                    ?? "the deadline passed before a list could confirm that the pods are gone",
                deletes: policy.atDeadline == .delete && policy.dryRun == .none && mayEvict, at: now, into: &step)
        case .detaching(let detaching):
            let names = detaching.volumes.attached
            end(
                .timedOut,
                names.isEmpty
                    ? "the pods are gone, but the deadline passed before their volumes could be listed"
                    : "the pods are gone, but volumes are still attached: \(names.joined(separator: ", "))",
                at: now, into: &step)
        case .idle, .ending, .uncordoning, .closing, .ended: break
        }
    }

    /// `3 pods (2 blocked by budget shop/web, 1 terminating)`; `nil`: all are gone.
    private var leftovers: String? {
        let left = drain.pods.filter { $0.phase != .gone }
        guard !left.isEmpty else { return nil }
        var groups: [String: Int] = [:]
        for pod in left {
            groups[pod.wait.map { "blocked by \($0.blocker)" } ?? pod.phase.rawValue, default: 0] += 1
        }
        let largest = groups.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
        let others = groups.count > largest.count ? ", …" : ""
        let parts = largest.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return "\(left.count) \(left.count == 1 ? "pod" : "pods") (\(parts)\(others))"
    }

    mutating func cancel(uncordon: Bool, at now: Timestamp, into step: inout DrainStep) {
        switch stage {
        case .idle, .uncordoning, .ended: break
        case .closing(let errand, var ending):
            ending.uncordons = ending.uncordons || uncordon
            stage = .closing(errand, ending)
        case .ending(var ending):
            ending.uncordons = ending.uncordons || uncordon
            stage = .ending(ending)
        case .readingNode, .awaitingTurn, .listing, .checkingOwners, .surveying, .cordoning, .draining, .verifying,
            .detaching:
            end(.cancelled, "cancelled", uncordon: uncordon, at: now, into: &step)
        }
    }

    mutating func end(
        _ outcome: DrainOutcome, _ reason: String, uncordon: Bool = false, deletes: Bool = false, at now: Timestamp,
        into step: inout DrainStep
    ) {
        feed.stop()
        nodeFeed.stop()
        stage = .ending(
            Ending(
                outcome: outcome, reason: reason, until: now + policy.settleTimeout, uncordons: uncordon,
                deletes: deletes ? DeadlineDeletes() : nil))
        if case .ending(let ending) = stage { settle(ending, at: now, into: &step) }
    }

    mutating func settle(_ ending: Ending, at now: Timestamp, into step: inout DrainStep) {
        var ending = ending
        deleteLeft(&ending, at: now, into: &step)
        stage = .ending(ending)
        let isSettled = ending.deletes?.isDone != false && !inFlight.contains(where: \.changesSomething)
        guard isSettled || ending.until <= now else { return }
        closeDeletes(&ending, at: now, into: &step)
        guard wantsUncordon(ending) else { return close(ending, at: now, into: &step) }
        beginUncordon(ending, at: now, into: &step)
    }

    /// It is to be made schedulable, and as far as we know it was us who cordoned it.
    func wantsUncordon(_ ending: Ending) -> Bool {
        let isOurs = weCordoned || mayHaveCordoned || (cordonedAt == nil && inFlight.contains(.cordon))
        return ending.uncordons && isOurs && policy.dryRun == .none && !inFlight.contains(.uncordon)
    }

    mutating func beginUncordon(_ ending: Ending, at now: Timestamp, into step: inout DrainStep) {
        var ending = ending
        var errand = Errand(.patchNode(policy.node, uncordonPatch(ending)), at: now)
        if errand.sends(at: now) { send(.uncordon, errand.call, into: &step) }
        // Somebody wants the node back: as long as there is time, but not for ever.
        let patience = min(now + policy.uncordonTimeout, deadline ?? .distantFuture)
        ending.until = max(now + policy.settleTimeout, patience)
        stage = .uncordoning(errand, ending)
    }

    mutating func uncordoned(_ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        guard case .uncordoning(var errand, var ending) = stage else { return }
        switch errand.answered(exchange.read(asCordoned: false), at: now, policy: policy, random: &random) {
        case .done:
            weCordoned = false
            mayHaveCordoned = false
            cordonedAt = nil
            ending.uncordons = false
            // The same patch said how it ended.
            isRecorded = false
            tell(.cordon(.uncordoned), at: now, into: &step)
            tell(.nodeSeen(unschedulable: false), at: now, into: &step)
            close(ending, at: now, into: &step)
        case .again(let delay, let message):
            tell(.requestFailed(.write, message: message, retryIn: delay), at: now, into: &step)
            stage = .uncordoning(errand, ending)
        case .refused(let status): uncordonFailed(status.message, ending, at: now, into: &step)
        case .hopeless(let failure): uncordonFailed(failure.message, ending, at: now, into: &step)
        }
    }

    mutating func uncordonFailed(
        _ message: String, _ ending: Ending, at now: Timestamp, into step: inout DrainStep
    ) {
        var ending = ending
        // Once is enough.
        ending.uncordons = false
        tell(.cordon(.uncordonFailed(message: message)), at: now, into: &step)
        close(ending, at: now, into: &step)
    }

    mutating func conclude(_ ending: Ending, at now: Timestamp, into step: inout DrainStep) {
        tell(drain.abandonWaits(at: now).facts, at: now, into: &step)
        stage = .ended
        let summary = summarize(ending)
        enter(DrainState(ending.outcome), at: now, into: &step)
        tell(.ended(summary), at: now, into: &step)
        step.summary = summary
    }

    private func summarize(_ ending: Ending) -> DrainSummary {
        let order: [PodPhase] = [.failed, .blocked, .retrying, .evicting, .terminating, .queued]
        let isDry = policy.dryRun != .none
        let remaining = drain.pods.filter { $0.phase != .gone }.map(\.remaining).sorted { a, b in
            (order.firstIndex(of: a.phase) ?? 0, a.pod.namespace, a.pod.name)
                < (order.firstIndex(of: b.phase) ?? 0, b.pod.namespace, b.pod.name)
        }
        return DrainSummary(
            outcome: ending.outcome, reason: ending.reason, total: max(drain.pods.count, start?.resumes?.total ?? 0),
            evicted: drain.pods.count { $0.result == .evicted }, vanished: drain.pods.count { $0.result == .vanished },
            failed: drain.pods.count { $0.result == .failed },
            remaining: policy.dryRun == .client ? [] : remaining, leftCordoned: weCordoned && !isDry)
    }
}
