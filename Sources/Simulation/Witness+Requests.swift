import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

// What is asked of the cluster.
extension Witness {
    func take(_ request: DrainRequest, _ kind: RequestKind) {
        demand(summary == nil, .afterTheEnd, "\(request.purpose) is sent after the end")
        if !unanswered.insert(request.purpose).inserted {
            fail(.purposeTwice, "\(request.purpose) is in flight twice")
        }
        enter(kind)
        switch request.purpose {
        case .evict(let index, let attempt): evicts(index, attempt, request.call)
        case .deleteAtDeadline(let index): deletes(index, request.call)
        case .cordon: cordons(request.call)
        case .uncordon: uncordons()
        case .recordon:
            demand(policy.onUncordon == .recordon, .cordonPolicy, "the node is cordoned again though nobody wants it")
            demand(!isDry, .dryRunTouches, "a dry run cordons the node again")
        case .record, .unblock: demand(!isDry, .dryRunTouches, "a dry run sends \(request.purpose)")
        case .verify:
            if let last = lastVerdictOfList {
                demand(now - last >= policy.listInterval, .verifyRate, "another verifying list \(now - last) after one")
            }
        case .refresh: refreshes(request.call)
        case .survey, .surveyRead: demand(request.call.isHarmless, .dryRunTouches, "a survey sends \(request.call)")
        case .turn: demand(!isDry, .dryRunTouches, "a dry run takes a turn")
        case .readNode, .plan, .daemonSet, .reviewAccess, .refreshNode, .budgets, .budgetPods, .budgetOwner, .volumes:
            demand(request.call.isHarmless, .dryRunTouches, "\(request.purpose) changes something")
        }
        if case .unblock(let owner) = request.purpose, case .restartRollout(_, let moment) = request.call {
            restarts(owner, moment)
        }
    }

    /// How far it is, by what it asks for.
    private func enter(_ kind: RequestKind) {
        switch kind {
        case .readNode: stage = .reading
        case .plan: stage = .listing
        case .daemonSet: stage = .owners
        case .survey, .surveyRead: stage = .surveying
        case .cordon: stage = .cordoning
        case .evict: stage = .draining
        case .verify: stage = .verifying
        case .volumes: stage = .detaching
        case .deleteAtDeadline: stage = .deleting
        case .uncordon: stage = .uncordoning
        case .record: if state == .draining { stage = .closing }
        case .refresh, .reviewAccess, .refreshNode, .recordon, .budgets, .budgetPods, .budgetOwner, .unblock, .turn:
            break
        }
    }

    private func evicts(_ index: Int, _ attempt: Int, _ call: APICall) {
        evictionsSent += 1
        world.coverage.evictions += 1
        guard pods.indices.contains(index) else { return fail(.evictsAnotherUID, "pod \(index) was never announced") }
        let book = pods[index]
        lastEvicted.append(index)
        pods[index].attempts += 1
        pods[index].isInFlight = true
        evictionsInFlight += 1
        demand(
            attempt == pods[index].attempts, .counters,
            "attempt \(attempt) of \(book.pod) is number \(book.attempts + 1)")
        demand(book.phase == .evicting, .onePhase, "\(book.pod) is asked for while it is \(book.phase.rawValue)")
        checkCall(book, call)
        checkTarget(index, book)
        checkMoment(book)
    }

    private func checkCall(_ book: PodBook, _ call: APICall) {
        let (pod, options): (PodIdentity, DeleteOptions)
        switch call {
        case .evict(let named, let with):
            (pod, options) = (named, with)
            demand(!policy.deletesWithoutEviction, .budgetBypassed, "an eviction where deletes were asked for")
        case .deletePod(let named, let with):
            (pod, options) = (named, with)
            demand(policy.deletesWithoutEviction, .budgetBypassed, "\(named) is deleted past its budgets")
        default: return fail(.evictsAnotherUID, "an eviction that sends \(call)")
        }
        demand(!pod.uid.isEmpty && pod == book.pod, .evictsAnotherUID, "\(pod) \(pod.uid) is asked for as \(book.pod)")
        demand(options.dryRun == (policy.dryRun == .server), .dryRunTouches, "dryRun \(options.dryRun) for \(pod)")
        demand(policy.dryRun != .client && !policy.surveysOnly, .dryRunTouches, "\(pod) is asked for by a dry run")
        guard case .known(let own) = book.ownGrace else { return }
        let wanted = own ?? policy.gracePeriodSeconds
        demand(
            options.gracePeriodSeconds == wanted, .gracePeriod,
            "\(pod) gets \(options.gracePeriodSeconds.map(String.init) ?? "its own"), not \(wanted.map(String.init) ?? "its own")"
        )
    }

    private func checkTarget(_ index: Int, _ book: PodBook) {
        let pod = book.pod
        demand(!book.isAccepted, .evictsAfterAcceptance, "\(pod) is asked for again, and its eviction was accepted")
        demand(!knownGone.contains(pod.uid), .evictsOffNode, "\(pod) is asked for, and it is known to be gone")
        demand(excluded[pod.uid] == nil, .evictsExcluded, "\(pod) is asked for, and it is excluded")
        if let reason = mustStay(pod) {
            fail(.evictsExcluded, "\(pod) is asked for, and it must stay: \(reason.rawValue)")
        }
        if book.isOwn, !isDry {
            let others = pods.indices.first { $0 != index && pods[$0].phase != .gone && pods[$0].phase != .failed }
            demand(others == nil, .ownPodLast, "our own pod goes before \(others.map { "\(pods[$0].pod)" } ?? "")")
        } else if policy.order == .priority, !book.isOwn {
            demand(book.tier <= tier, .tierOrder, "\(pod) of tier \(book.tier.name) is asked for in tier \(tier.name)")
        }
    }

    private func checkMoment(_ book: PodBook) {
        if let until = pausedUntil { demand(now >= until, .pauseIgnored, "\(book.pod) is asked for before \(until)") }
        if let due = book.due { demand(now >= due, .dueIgnored, "\(book.pod) is asked for before it is due") }
        if let deadline { demand(now < deadline, .evictsAfterEnd, "\(book.pod) is asked for after the deadline") }
        demand(cancelled == nil, .evictsAfterEnd, "\(book.pod) is asked for after the cancel")
        demand(isCordoned || isDry, .evictsBeforeCordon, "\(book.pod) is asked for before the node is cordoned")
        checkTurn("\(book.pod) is asked for")
        guard policy.maxTerminating > 0, policy.dryRun == .none else { return }
        let going = counts[PodPhase.terminating.place] + evictionsInFlight
        demand(going <= policy.maxTerminating, .maxTerminating, "\(going) pods are going at once")
    }

    func checkTurn(_ what: String) {
        guard policy.fleet != nil, !isDry else { return }
        demand(hasTurn, .turn, "\(what) without the node's turn")
    }

    /// Deletes of what is left at the deadline: only then, only if told to, and with no more time than there is.
    private func deletes(_ index: Int, _ call: APICall) {
        deletesInFlight += 1
        demand(deletesInFlight <= 50, .slots, "\(deletesInFlight) deletes in flight")
        guard pods.indices.contains(index), case .deletePod(let pod, let options) = call else {
            return fail(.evictsAnotherUID, "a delete that sends \(call)")
        }
        let book = pods[index]
        demand(policy.atDeadline == .delete && !isDry, .budgetBypassed, "\(pod) is deleted though nobody wants it")
        let isLate = deadline.map { now >= $0 } ?? false
        demand(isLate || hasDeleted, .budgetBypassed, "\(pod) is deleted before the deadline")
        hasDeleted = true
        demand(pod == book.pod && !pod.uid.isEmpty, .evictsAnotherUID, "\(pod) is deleted as \(book.pod)")
        demand(!book.isOwn, .ownPodLast, "our own pod is deleted")
        demand(!book.isAccepted, .evictsAfterAcceptance, "\(pod) is deleted, and its eviction was accepted")
        demand(
            !knownGone.contains(pod.uid) || pod.uid == lastGone, .evictsOffNode,
            "\(pod) is deleted, and it is known to be gone")
        if let reason = mustStay(pod) {
            fail(.evictsExcluded, "\(pod) is deleted, and it must stay: \(reason.rawValue)")
        }
        let grace = options.gracePeriodSeconds ?? -1
        demand(grace >= 1, .gracePeriod, "\(pod) is deleted with \(grace) s")
        checkTurn("\(pod) is deleted at the deadline")
    }

    private func cordons(_ call: APICall) {
        guard case .patchNode(_, let patch, let dryRun) = call else { return }
        demand(!isDry || dryRun, .dryRunTouches, "a dry run cordons the node")
        demand(patch.unschedulable != false, .cordonPolicy, "the cordon makes the node schedulable")
        if patch.unschedulable == true { checkTurn("the node is cordoned") }
        demand(cancelled == nil, .evictsAfterEnd, "the node is cordoned after the cancel")
    }

    private func uncordons() {
        demand(cancelled?.uncordon == true, .cordonPolicy, "the node is made schedulable, and nobody asked for it")
        let isOurs =
            cordonEffect != nil || hasRecordoned || earlierCordon
            || (foundCordoned == false && requests[RequestKind.cordon.rawValue] > 0)
        demand(isOurs, .cordonPolicy, "the node is made schedulable, and somebody else had cordoned it")
    }

    private func refreshes(_ call: APICall) {
        guard case .listPods(_, .cache(let notBefore)) = call, let planned = plannedVersion else { return }
        demand(
            (notBefore.flatMap { Int($0) } ?? -1) >= planned, .listVersion,
            "a list may be older (\(notBefore ?? "anything")) than what was seen (\(planned))")
    }

    /// The same restart may be asked for again: it is the time in the template that makes one.
    private func restarts(_ owner: Workload.Key, _ moment: Timestamp) {
        demand(restarts[owner].map { $0 == moment } ?? true, .unblockOnce, "\(owner) is restarted again")
        restarts[owner] = moment
        checkTurn("\(owner) is restarted")
    }

    /// A request comes to the API server, and has its answer.
    func arrived(_ request: DrainRequest, _ exchange: Exchange) {
        guard case .success = exchange.answer else { return }
        switch request.purpose {
        case .cordon:
            guard case .patchNode(_, let patch, false) = request.call, patch.unschedulable == true,
                exchange.showsCordon
            else { return }
            cordonEffect = cordonEffect ?? now
        case .recordon: if exchange.showsCordon { hasRecordoned = true }
        case .evict: if case .evict(let pod, _) = request.call, !isDry { checkBudgets(of: pod) }
        default: break
        }
    }

    /// After an eviction its budget has as many healthy pods as it wants, where nobody else takes them away.
    private func checkBudgets(of pod: PodIdentity) {
        let others: [Feature] = [.kubelets, .meddling, .namespaces, .reboots, .arrivals, .unblock]
        guard !others.contains(where: world.scenario.has), world.agents.count == 1,
            let record = world.model.pod(pod.namespace, pod.name), record.pod.isReady
        else { return }
        for number in record.budgets {
            guard let budget = world.model.budget(number) else { continue }
            let healthy = world.model.healthy(under: number)
            demand(
                healthy >= budget.status.desiredHealthy, .budgetOverdrawn,
                "budget \(budget.metadata.name) has \(healthy) of \(budget.status.desiredHealthy) after \(pod)")
        }
    }

    /// A budget's pods before and after a request: those that we take must leave as many as it wants.
    func watchesEffect(of call: APICall) {
        guard case .deletePod(let pod, let options) = call, !options.dryRun, !policy.deletesWithoutEviction,
            policy.atDeadline != .delete, let record = world.model.pod(pod.namespace, pod.name)
        else { return }
        for budget in record.budgets { overdraws(budget, pod) }
    }

    private func overdraws(_ number: Int, _ pod: PodIdentity) {
        guard let budget = world.model.budget(number) else { return }
        demand(
            world.model.healthy(under: number) > budget.status.desiredHealthy, .budgetOverdrawn,
            "\(pod) is deleted, and budget \(budget.metadata.name) cannot spare it")
    }

    /// Whether the pod is one that no drain like this may touch, by the cluster as it is.
    func mustStay(_ identity: PodIdentity) -> ExclusionReason? {
        guard let record = world.model.pod(identity.namespace, identity.name), record.pod.metadata.uid == identity.uid
        else { return nil }
        return fixedExclusion(record.pod)
    }

    /// Reasons that do not change while a pod lives.
    func fixedExclusion(_ pod: Pod) -> ExclusionReason? {
        if pod.metadata.annotations[Pod.mirrorAnnotation] != nil { return .mirror }
        if isOwn(pod), policy.ownPod == .leave { return .self }
        if !policy.podSelector.matches(pod.metadata.labels) { return .selector }
        if pod.metadata.annotations["drain-agent.dev/evict"] == "false" { return .annotation }
        let isFinished = pod.status.phase == "Succeeded" || pod.status.phase == "Failed"
        if !isFinished, isOfDaemonSet(pod) { return .daemonset }
        return nil
    }

    func isOwn(_ pod: Pod) -> Bool {
        guard let own = policy.selfPod else { return false }
        if !own.uid.isEmpty { return own.uid == pod.metadata.uid }
        return own.namespace == pod.metadata.namespace && own.name == pod.metadata.name
    }

    func isOfDaemonSet(_ pod: Pod) -> Bool {
        guard let owner = pod.metadata.ownerReferences.first(where: \.controller), owner.kind == "DaemonSet" else {
            return false
        }
        return !orphanMakers.contains { $0.namespace == pod.metadata.namespace && $0.name == owner.name }
    }
}

extension APICall {
    /// It changes nothing.
    var isHarmless: Bool {
        switch self {
        case .evict(_, let options), .deletePod(_, let options): options.dryRun
        case .patchNode(_, _, let dryRun): dryRun
        case .setNodeConditions, .restartRollout, .createEvent, .repeatEvent, .createLease, .replaceLease, .deleteLease:
            false
        case .readNode, .listPods, .listSelectedPods, .listBudgets, .readWorkload, .listLeases, .listVolumeAttachments,
            .readDaemonSet, .readPod, .mayEvict, .whoAmI, .version:
            true
        }
    }
}

extension Exchange {
    var showsCordon: Bool {
        if case .success(_, .node(let node)) = answer { node.spec.unschedulable } else { false }
    }
}
