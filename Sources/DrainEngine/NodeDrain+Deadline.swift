import KubernetesAPI
import Timestamps

// Time: will it do, and what becomes of the pods that are left when it has not.
extension NodeDrain {
    /// How late it will be, as things go.
    mutating func project(at now: Timestamp, into step: inout DrainStep) {
        guard let due = overrun.due, due <= now else { return }
        guard isUnderWay, policy.dryRun == .none else { return overrun.stop() }
        let seen = deadline.flatMap { Projection.overrun(pace, policy: policy, deadline: $0, at: now) }
        let timeLeft = deadline.map { $0 - now } ?? .zero
        if let news = overrun.looked(seen, timeLeft: timeLeft, at: now) {
            tell(.overrunProjected(news), at: now, into: &step)
        }
        if deadline == nil, overrun.told == nil { overrun.stop() }
    }

    /// Whoever still waits is deleted; those whose eviction is in flight when its answer says no.
    mutating func deleteLeft(_ ending: inout Ending, at now: Timestamp, into step: inout DrainStep) {
        guard var deletes = ending.deletes else { return }
        for pod in drain.pods where pod.isWaiting && !pod.isSelf {
            let own = pace.pods[pod.index].grace.components.seconds
            deletes.add(
                pod.index, pod.pod, grace: DeadlineDeletes.grace(own: own, hardEnd: hardEnd, at: now), at: now)
        }
        if now < ending.until {
            for request in deletes.sendDue(at: now) { send(request.purpose, request.call, into: &step) }
        }
        ending.deletes = deletes
    }

    mutating func deletedAtDeadline(
        pod index: Int, _ exchange: Exchange, at now: Timestamp, into step: inout DrainStep
    ) {
        guard case .ending(var ending) = stage, var deletes = ending.deletes,
            let answer = deletes.answered(
                index, in: drain.pods[index].pod.namespace, exchange, at: now, policy: policy, random: &random)
        else { return }
        ending.deletes = deletes
        stage = .ending(ending)
        switch answer.reply {
        case .deleted:
            tellDeletion(index, answer.grace, problem: "", at: now, into: &step)
            apply(drain.deletedPastBlocker(index: index, at: now), at: now, into: &step)
        case .gone: apply(drain.vanished(index: index, at: now), at: now, into: &step)
        case .again: break
        case .refused(let problem): tellDeletion(index, answer.grace, problem: problem, at: now, into: &step)
        }
    }

    /// The end: what could not be deleted is told, and the reason says how it went.
    mutating func closeDeletes(_ ending: inout Ending, at now: Timestamp, into step: inout DrainStep) {
        guard var deletes = ending.deletes else { return }
        for rest in deletes.giveUp() {
            tellDeletion(rest.index, rest.grace, problem: rest.problem, at: now, into: &step)
        }
        ending.deletes = nil
        if let summary = deletes.summary { ending.reason += "; \(summary) (--at-deadline delete)" }
    }

    private mutating func tellDeletion(
        _ index: Int, _ grace: Int64, problem: String, at now: Timestamp, into step: inout DrainStep
    ) {
        tell(
            .deletedAtDeadline(
                DeadlineDeletion(
                    index: index, pod: drain.pods[index].pod, gracePeriodSeconds: grace, problem: problem)),
            at: now, into: &step)
    }
}
