import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

// What the machine tells.
extension Witness {
    func take(_ event: DrainEvent) {
        demand(summary == nil, .afterTheEnd, "\(event.fact) is told after the end")
        demand(event.at == now, .phaseSeconds, "an event of another time")
        switch event.fact {
        case .began: break
        case .resumed: world.digest.add(1)
        case .stateChanged(let entered): enters(entered)
        case .deadlineChanged(let moment): demand(moment == deadline, .status, "the deadline is another one")
        case .podAdded(let facts): adds(facts)
        case .podExcluded(let pod, let reason): excludes(pod, reason)
        case .exclusionEnded(let pod, let reason):
            world.digest.add(pod.uid)
            demand(excluded.removeValue(forKey: pod.uid) == reason, .exclusionTrue, "\(pod) was not excluded so")
        case .podMoved(let move): moves(move)
        case .podFinished(let end): finishes(end)
        case .evictionAnswered(let attempt): isAnswered(attempt)
        case .waitBegan(let wait): begins(wait)
        case .waitGoesOn(let wait):
            demand(pods[wait.index].wait == wait.blocker, .waitsPaired, "\(wait.pod) does not wait for \(wait.blocker)")
        case .waitEnded(let wait, let outcome):
            demand(pods[wait.index].wait == wait.blocker, .waitsPaired, "\(wait.pod) did not wait for \(wait.blocker)")
            pods[wait.index].wait = nil
            world.coverage.waited(outcome)
        case .tierStarted(let started): starts(started)
        case .judged(let judgement): judges(judgement)
        case .deletionExpected(let index, let by, _): pods[index].deletionDeadline = by
        case .cordon(let step): cordonSteps(step)
        case .nodeSeen: break
        case .uncordonedByOthers(let recordons):
            uncordonedByOthers = now
            world.coverage.hit(recordons ? .recordoned : .uncordonedByOthers)
        case .turn(let standing): stands(standing)
        case .ended(let summary): self.summary = summary
        case .planned, .surveyed, .nodeDeleted, .annotationIgnored, .budgetWatchChanged, .unblock, .stuck,
            .overrunProjected, .deletedAtDeadline, .volumesAttached, .listed, .watchEnded, .pollingChanged,
            .requestFailed, .throttled:
            cover(event.fact)
        }
    }

    private func enters(_ entered: DrainState) {
        demand(entered != state, .status, "it enters \(entered.rawValue) again")
        state = entered
        if entered == .waiting {
            stage = .waiting
            world.coverage.hit(.turnWaited)
        }
        if entered == .draining { stage = .draining }
    }

    private func adds(_ facts: PodFacts) {
        demand(facts.index == pods.count, .totals, "pod \(facts.index) is number \(pods.count)")
        demand(indexByUID[facts.pod.uid] == nil, .onePhase, "\(facts.pod) is taken twice")
        demand(excluded[facts.pod.uid] == nil, .evictsExcluded, "\(facts.pod) is taken, and it is excluded")
        let record = world.model.pod(facts.pod.namespace, facts.pod.name).flatMap {
            $0.pod.metadata.uid == facts.pod.uid ? $0.pod : nil
        }
        if let record {
            if let reason = fixedExclusion(record) {
                fail(.evictsExcluded, "\(facts.pod) is taken, and it must stay: \(reason.rawValue)")
            }
            demand(record.spec.nodeName == policy.node, .evictsOffNode, "\(facts.pod) is on \(record.spec.nodeName)")
            checkArrival(of: record)
        }
        var grace = PodBook.OwnGrace.unknown
        if let record {
            let text = record.metadata.annotations["drain-agent.dev/grace-period-seconds"]
            grace = .known(text.flatMap { Int64($0) })
        }
        let isOwn = policy.selfPod.map {
            $0.uid.isEmpty ? $0.namespace == facts.pod.namespace && $0.name == facts.pod.name : $0.uid == facts.pod.uid
        }
        pods.append(PodBook(facts, isOwn: isOwn ?? false, ownGrace: grace, at: now))
        if policy.order == .none { /* all tiers are one */  }
        counts[facts.phase.place] += 1
        indexByUID[facts.pod.uid] = facts.index
        indexByName["\(facts.pod.namespace)/\(facts.pod.name)"] = facts.index
    }

    /// A pod that was bound long after the cordon is not ours to evict, unless arrivals are followed.
    private func checkArrival(of pod: Pod) {
        guard let heard = cordonHeard, let bound = boundAt(pod), state == .draining, !earlierCordon else { return }
        guard bound > heard + .seconds(4) else { return }
        world.coverage.hit(.followed)
        demand(policy.followsArrivals, .evictsExcluded, "\(pod.identity) was bound after the cordon")
    }

    private func boundAt(_ pod: Pod) -> Timestamp? {
        pod.status.conditions.first { $0.type == "PodScheduled" && $0.status == "True" }?.lastTransitionTime
    }

    private func excludes(_ pod: PodIdentity, _ reason: ExclusionReason) {
        demand(indexByUID[pod.uid] == nil, .exclusionTrue, "\(pod) is excluded, and it is of the drain")
        demand(excluded.updateValue(reason, forKey: pod.uid) == nil, .exclusionTrue, "\(pod) is excluded twice")
        everExcluded.insert(pod.uid)
        world.coverage.excluded(reason)
        guard let record = world.model.pod(pod.namespace, pod.name), record.pod.metadata.uid == pod.uid else { return }
        let seen = record.pod
        switch reason {
        case .mirror, .selector, .annotation, .daemonset:
            guard !seen.isFinished else { return }
            demand(fixedExclusion(seen) == reason, .exclusionTrue, "\(pod) is no case of \(reason.rawValue)")
        case .self: demand(isOwn(seen), .exclusionTrue, "\(pod) is not ours")
        case .terminating:
            demand(
                policy.skipTerminatingAfter != nil, .exclusionTrue, "\(pod) is left as terminating, and nobody wants it"
            )
        case .arrived:
            world.coverage.hit(.arrived)
            demand(!policy.followsArrivals, .exclusionTrue, "\(pod) is left as arrived, and arrivals are followed")
            guard let effect = cordonEffect, let bound = boundAt(seen) else { return }
            demand(
                bound + .seconds(1) >= effect, .exclusionTrue,
                "\(pod) is left as arrived, and was there before the cordon")
        }
    }

    private func moves(_ move: PodMove) {
        let book = pods[move.index]
        demand(book.phase == move.from, .onePhase, "\(move.pod) was \(book.phase.rawValue), not \(move.from.rawValue)")
        demand(
            PodPhase.isLegal[move.from.place * 7 + move.to.place], .legalMove,
            "\(move.pod) goes from \(move.from.rawValue) to \(move.to.rawValue)")
        demand(move.since == book.since, .phaseSeconds, "\(move.pod) had been \(move.from.rawValue) since another time")
        demand(move.pod == book.pod, .onePhase, "\(move.pod) is \(book.pod)")
        world.coverage.moved(move.from, move.to)
        world.digest.add(move.index * 64 + move.from.place * 8 + move.to.place)
        counts[move.from.place] -= 1
        counts[move.to.place] += 1
        pods[move.index].moved(to: move.to, at: now)
        pods[move.index].due = move.due
        if move.to == .gone || move.to == .failed || move.to == .terminating {
            demand(book.wait == nil, .waitsPaired, "\(move.pod) is \(move.to.rawValue), and still waits")
        }
        checkTruth(move)
    }

    private func checkTruth(_ move: PodMove) {
        switch move.to {
        case .gone:
            guard policy.dryRun == .none else { return }
            guard !world.liesAbout(move.pod) else { return }
            demand(!isThere(move.pod), .goneTrue, "\(move.pod) is called gone, and it is on the node")
        case .terminating:
            if !pods[move.index].isAccepted, move.answer != .namespaceTerminating {
                forgetAllowances(in: move.pod.namespace)
            }
            guard let record = world.model.pod(move.pod.namespace, move.pod.name),
                record.pod.metadata.uid == move.pod.uid, policy.dryRun == .none
            else { return }
            demand(
                record.pod.isTerminating || world.model.isTerminating(move.pod.namespace), .terminatingTrue,
                "\(move.pod) is called terminating, and nobody has deleted it")
        case .retrying:
            if let due = move.due, let notBefore = pods[move.index].notBefore {
                demand(due >= notBefore, .dueIgnored, "\(move.pod) is retried before its Retry-After is over")
            }
            demand(move.due != nil, .dueIgnored, "\(move.pod) is retried at no time")
        case .queued:
            world.coverage.hit(.reappeared)
            pods[move.index].isAccepted = false
            pods[move.index].hasReappeared = true
            knownGone.remove(move.pod.uid)
        case .blocked:
            if move.from == .queued { world.coverage.hit(.heldBack) }
            switch move.blocker {
            case .webhook: world.coverage.hit(.webhookBlocked)
            case .severalBudgets: world.coverage.hit(.severalBudgets)
            case .budget: break
            case nil: fail(.waitsPaired, "\(move.pod) is blocked by nobody")
            }
        case .evicting, .failed: break
        }
    }

    func isThere(_ pod: PodIdentity) -> Bool {
        guard let record = world.model.pod(pod.namespace, pod.name) else { return false }
        return record.pod.metadata.uid == pod.uid && record.pod.spec.nodeName == policy.node
    }

    private func finishes(_ end: PodEnd) {
        let book = pods[end.index]
        demand(!book.isFinished, .counters, "\(end.pod) is finished twice: \(end.result.rawValue)")
        pods[end.index].result = end.result
        pods[end.index].isFinished = true
        world.coverage.finished(end.result)
        demand(
            end.attempts == book.attempts, .counters, "\(end.pod) took \(book.attempts) requests, not \(end.attempts)")
        switch end.result {
        case .evicted:
            demand(book.isAccepted || isDry, .counters, "\(end.pod) is called evicted, and no eviction was accepted")
            if book.isOwn { world.coverage.hit(.evictedOwnPod) }
        case .vanished:
            demand(!book.isAccepted, .counters, "\(end.pod) is called vanished, and its eviction was accepted")
        case .failed: checkGivenUp(book)
        }
    }

    /// A pod is given up for too many answers that look permanent, or for want of the right; in a dry run, for any no.
    private func checkGivenUp(_ book: PodBook) {
        guard policy.dryRun == .none else { return }
        let isForbidden =
            deniedNamespaces.contains(book.pod.namespace)
            || (book.forbidden >= 3 && book.firstForbidden.map { now - $0 >= .seconds(30) } ?? false)
        demand(
            book.rejections == policy.maxRetries + 1 || (isForbidden && book.forbidden > 0), .givesUpRightly,
            "\(book.pod) is given up after \(book.rejections) rejections and \(book.forbidden) refusals")
    }

    private func isAnswered(_ attempt: EvictionAttempt) {
        world.coverage.answered(attempt.reply.answer)
        answers[attempt.reply.answer, default: 0] += 1
        let expected = AnswerKey.expected(attempt.exchange)
        demand(
            attempt.reply.answer == expected, .answerRead,
            "\(expected.rawValue) is read as \(attempt.reply.answer.rawValue): \(attempt.reply.message)")
    }

    private func begins(_ wait: PodWait) {
        demand(pods[wait.index].wait == nil, .waitsPaired, "\(wait.pod) waits twice")
        pods[wait.index].wait = wait.blocker
    }

    private func judges(_ judgement: Judgement) {
        verdicts[judgement.blocker] = judgement.verdict
        world.coverage.judged(judgement.verdict)
        if judgement.verdict.isForGood {
            demand(!judgement.advice.isEmpty, .verdictTrue, "no advice about \(judgement.blocker)")
        }
    }

    private func cordonSteps(_ step: CordonStep) {
        switch step {
        case .alreadyCordoned:
            isCordoned = true
            world.coverage.hit(.alreadyCordoned)
        case .cordoned:
            let isTrue = isDry || cordonEffect != nil || hasRecordoned
            demand(isTrue, .evictsBeforeCordon, "it says that the node is cordoned, and no cordon has taken effect")
            isCordoned = true
            world.coverage.hit(.cordoned)
        case .uncordoned: world.coverage.hit(.uncordoned)
        case .uncordonFailed: world.coverage.hit(.uncordonFailed)
        }
    }

    private func stands(_ standing: FleetTurn.Standing) {
        switch standing {
        case .held:
            hasTurn = true
            world.coverage.hit(.turnHeld)
        case .lost:
            hasTurn = false
            hasLostTurn = true
            world.coverage.hit(.turnLost)
        case .waiting: hasTurn = false
        }
    }

    /// A tier starts when nobody of those before it is worth waiting for.
    private func starts(_ started: PodTier) {
        tier = started
        world.coverage.hit(.tierStarted)
        for book in pods where book.tier < started && !book.isOwn && !isDry {
            switch book.phase {
            case .gone, .failed: continue
            case .queued, .evicting, .blocked, .retrying, .terminating:
                let isForGood = book.wait.flatMap { verdicts[$0] }?.isForGood ?? false
                let isSpent = book.heldUp(at: now) >= policy.tierPatience.nanoseconds
                guard isSpent || isForGood || isSeveral(book.wait) else {
                    return fail(
                        .tierOrder, "tier \(started.name) starts before \(book.pod) is gone (\(book.phase.rawValue))")
                }
            }
        }
    }

    private func isSeveral(_ blocker: Blocker?) -> Bool {
        if case .severalBudgets? = blocker { return true }
        return false
    }

    private func cover(_ fact: DrainEvent.Fact) {
        switch fact {
        case .nodeDeleted: world.coverage.hit(.nodeDeleted)
        case .surveyed(let forecast):
            surveyed = forecast.pods.count
            world.coverage.hit(.surveyed)
        case .listed(let pods, _, .plan): onNode = max(onNode, pods)
        case .annotationIgnored: world.coverage.hit(.annotationIgnored)
        case .budgetWatchChanged(_, let isLive, _): if !isLive { world.coverage.hit(.budgetsUnwatched) }
        case .unblock(let step): world.coverage.hit(step.result == .restarted ? .restarted : .notRestarted)
        case .stuck(_, let termination): if let termination { world.coverage.stuck(termination.reason) }
        case .overrunProjected(.never): world.coverage.hit(.overrunNever)
        case .overrunProjected: world.coverage.hit(.overrun)
        case .deletedAtDeadline(let deletion):
            world.coverage.hit(deletion.problem.isEmpty ? .deletedAtDeadline : .notDeletedAtDeadline)
        case .volumesAttached: world.coverage.hit(.volumesAttached)
        case .watchEnded(let reason, _): world.coverage.watchEnded(reason)
        case .pollingChanged(let isPolling, _): world.coverage.hit(isPolling ? .polling : .pollingEnded)
        case .throttled(let pause):
            world.coverage.hit(.throttled)
            _ = pause
        default: break
        }
    }
}
