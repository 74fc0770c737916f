import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

// Nothing has gone wrong for ten minutes, and it has not ended: everything that is left has a reason in the cluster.
extension Witness {
    func standsStill() {
        let left = pods.indices.filter { pods[$0].phase != .gone && pods[$0].phase != .failed }
        switch state {
        case .waiting: return checkWaiting()
        case .draining: break
        case .cordoning where policy.fleet != nil && !hasTurn: return checkWaiting()
        case .idle, .cordoning: return fail(.standsStill, "it is still \(stage.rawValue)")
        case .completed, .incomplete, .timedOut, .cancelled, .failed:
            return fail(.standsStill, "it is \(state.rawValue), and has not ended")
        }
        if left.allSatisfy({ pods[$0].isOwn && pods[$0].phase == .terminating }) { return checkDone() }
        for index in left { check(pods[index]) }
    }

    private func checkWaiting() {
        guard let fleet = policy.fleet else { return fail(.standsStill, "it waits for a turn that it does not need") }
        for slot in 0..<fleet.parallel {
            let lease = world.model.lease(fleet.namespace, "drain-agent-\(slot)")
            let holder = lease?.spec.holderIdentity ?? ""
            // Whoever has ended keeps its turn until it expires.
            if let renewed = lease?.spec.renewTime, !holder.isEmpty, now - renewed < fleet.ttl + .seconds(90) {
                continue
            }
            let isAlive = world.agents.contains { $0.plan.policy.node == holder && $0.condition == .running }
            guard isAlive, holder != policy.node else {
                return fail(
                    .standsStill, "it waits for its turn, and slot \(slot) is \(holder.isEmpty ? "free" : holder)'s")
            }
        }
    }

    /// Nothing is left to be evicted.
    private func checkDone() {
        if policy.waitsForVolumeDetach, world.model.attachments(to: policy.node) > 0 { return }
        // A list is under way; or the node is schedulable, arrivals are followed, and there is no end of them.
        if stage == .verifying, unanswered.contains(.verify) { return }
        fail(.standsStill, "nothing is left, and it has not ended (\(stage.rawValue))")
    }

    private var hasRoom: Bool {
        if policy.fleet != nil, !hasTurn { return false }
        return policy.maxTerminating == 0 || counts[PodPhase.terminating.place] < policy.maxTerminating
    }

    private func check(_ book: PodBook) {
        // A node that has had its turn only now has hardly begun.
        guard now - book.added >= .seconds(60) else { return }
        let name = "\(book.pod) is \(book.phase.rawValue)"
        switch book.phase {
        case .queued:
            if book.isOwn || !hasRoom { return }
            demand(book.tier > tier, .standsStill, "\(name) though its tier has started")
            let before = pods.first { $0.tier < book.tier && !$0.isOwn && $0.phase != .gone && $0.phase != .failed }
            guard let before else { return fail(.standsStill, "\(name), and no earlier tier is left") }
            let isHeldLong = before.heldUp(at: now) > policy.tierPatience.nanoseconds
            demand(!isHeldLong, .standsStill, "\(name), and waits for \(before.pod) (\(before.phase.rawValue))")
        case .evicting where now - book.since < .seconds(45): break
        case .evicting: fail(.standsStill, "\(name), and no request lasts so long")
        case .retrying where now - book.since < .seconds(60): break
        case .retrying: if !book.isOwn, hasRoom { fail(.standsStill, "\(name), and the API server is well") }
        case .blocked: if hasRoom, !book.isOwn { checkBlocked(book) }
        // The news of its end may be on its way.
        case .terminating where now - book.since < .seconds(45): break
        case .terminating:
            demand(isThere(book.pod), .standsStill, "\(name), and it is no longer there")
        case .gone, .failed: break
        }
    }

    private func checkBlocked(_ book: PodBook) {
        if world.weather.denials.contains(where: { $0.pod == book.pod.name && $0.until > now }) { return }
        var copy = world.model
        let asked = copy.exchange(.evict(book.pod, DeleteOptions(dryRun: true)), at: now)
        if case .success = asked.answer {
            return fail(.standsStill, "\(book.pod) is blocked by \(book.wait.map { "\($0)" } ?? "nobody"), and may go")
        }
        checkVerdict(book)
    }

    /// What is thought of a budget that has not changed for long is true.
    private func checkVerdict(_ book: PodBook) {
        guard case .budget(let namespace, let name)? = book.wait, !world.scenario.has(.access),
            let record = world.model.budgetRecord(namespace, name), let pod = world.model.pod(namespace, book.pod.name)
        else { return }
        guard let number = pod.budgets.first(where: { world.model.budget($0)?.metadata.name == name }) else { return }
        let status = record.status
        let verdict = verdicts[.budget(namespace: namespace, name: name)] ?? .waiting
        guard status.observedGeneration >= record.metadata.generation, status.conditions.first?.reason != "SyncFailed"
        else {
            return demand(verdict == .misconfigured, .verdictTrue, "budget \(name) fails, and is \(verdict.rawValue)")
        }
        guard status.expectedPods > 0, status.disruptionsAllowed <= 0 else { return }
        let most: Int?
        if case .minAvailable(.int) = record.limit {
            most = world.model.capacity(under: number)
        } else {
            most = status.expectedPods
        }
        guard let most else { return }
        let isHopeless = status.desiredHealthy >= most
        demand(
            (verdict == .unsatisfiable) == isHopeless, .verdictTrue,
            "budget \(name) wants \(status.desiredHealthy) of at most \(most), and is \(verdict.rawValue)")
    }
}
