import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

// How it ends.
extension Witness {
    func closes(_ summary: DrainSummary) {
        world.digest.add(summary.outcome.rawValue)
        world.digest.add(summary.evicted * 10000 + summary.vanished * 100 + summary.failed)
        for index in pods.indices {
            let spent = pods[index].spent.reduce(0, +) + (now.nanoseconds - pods[index].since.nanoseconds)
            demand(spent == (now - pods[index].added).nanoseconds, .phaseSeconds, "\(pods[index].pod)'s phases")
            demand(pods[index].wait == nil, .waitsPaired, "\(pods[index].pod) still waits at the end")
        }
        checkTotals(summary)
        demand(
            state == DrainState(summary.outcome), .status,
            "it ends \(summary.outcome.rawValue) in state \(state.rawValue)")
        switch summary.outcome {
        case .completed: checkCompleted(summary)
        case .incomplete: checkIncomplete(summary)
        case .timedOut:
            demand(wasLate, .outcomeTrue, "timed out, and the deadline is not over")
        case .cancelled:
            let isTrue = cancelled != nil || uncordonedByOthers != nil
            demand(isTrue, .outcomeTrue, "cancelled, and nobody has cancelled it: \(summary.reason)")
        case .failed:
            demand(evictionsSent == 0, .outcomeTrue, "failed after \(evictionsSent) evictions: \(summary.reason)")
            demand(!summary.reason.isEmpty, .outcomeTrue, "failed, and nobody says why")
            world.coverage.hit(.startFailed)
        }
        checkDeadline()
        checkNode(summary)
        checkRecord(summary)
        checkStorms()
        telemetry?.check(self)
    }

    private func checkTotals(_ summary: DrainSummary) {
        func count(_ result: PodResult) -> Int { pods.count { $0.lastResult == result } }
        let told = [summary.evicted, summary.vanished, summary.failed]
        let counted = [count(.evicted), count(.vanished), count(.failed)]
        demand(told == counted, .totals, "evicted, vanished, failed: \(told), not \(counted)")
        let left = pods.count { $0.phase != .gone }
        if policy.dryRun != .client {
            demand(summary.remaining.count == left, .totals, "\(summary.remaining.count) remain, not \(left)")
        }
        demand(summary.total >= pods.count, .totals, "\(summary.total) in all, not \(pods.count)")
        for book in pods where (book.phase == .gone || book.phase == .failed) && book.result == nil {
            fail(.totals, "\(book.pod) is \(book.phase.rawValue), and has no result")
        }
    }

    /// Of all that was there when the last list was answered, nothing is left that should have gone.
    private func checkCompleted(_ summary: DrainSummary) {
        guard !isDry else { return }
        for book in pods where book.phase != .gone {
            let isOwn = book.isOwn && book.phase == .terminating
            demand(isOwn, .outcomeTrue, "completed, and \(book.pod) is \(book.phase.rawValue)")
        }
        guard let verified else { return fail(.outcomeTrue, "completed, and no list has shown it") }
        for pod in verified.list.items {
            let isKnown = everExcluded.contains(pod.metadata.uid) || indexByUID[pod.metadata.uid] != nil
            demand(isKnown, .outcomeTrue, "completed, and \(pod.identity) was on the last list")
        }
        world.model.forEachPod(on: policy.node) { record in
            let uid = record.pod.metadata.uid
            guard !everExcluded.contains(uid), !isOwn(record.pod), fixedExclusion(record.pod) == nil else { return }
            let created = record.pod.metadata.creationTimestamp ?? now
            guard indexByUID[uid] != nil || created < verified.at - .seconds(2) else { return }
            fail(.outcomeTrue, "completed, and \(record.pod.identity) is on the node")
        }
    }

    private func checkIncomplete(_ summary: DrainSummary) {
        guard !isDry else { return }
        demand(summary.failed > 0, .outcomeTrue, "incomplete, and no pod was given up: \(summary.reason)")
        for book in pods where book.phase != .gone && book.phase != .failed {
            let isOwn = book.isOwn && book.phase == .terminating
            demand(isOwn, .outcomeTrue, "incomplete, and \(book.pod) is \(book.phase.rawValue)")
        }
        demand(!summary.reason.isEmpty, .outcomeTrue, "incomplete, and nobody says why")
    }

    /// Answers are waited for, an uncordon is tried, the record is written: all of that has an end.
    private func checkDeadline() {
        guard let deadline, !world.scenario.has(.pauses) else { return }
        let limit = policy.settleTimeout * 3 + policy.uncordonTimeout + .seconds(1)
        let from = max(deadline, lastDeadlineNews ?? deadline)
        demand(now <= from + limit, .deadlineOvershot, "it ends \((now - from)) after its deadline")
    }

    /// The node is left as it was asked for.
    private func checkNode(_ summary: DrainSummary) {
        guard !isDry else { return }
        let isShaken = world.scenario.has(.uncordons) || world.scenario.has(.reboots)
        let node = world.model.node(policy.node)
        if summary.leftCordoned, !isShaken, requests[RequestKind.uncordon.rawValue] == 0,
            node?.spec.unschedulable == false
        {
            fail(.cordonPolicy, "it says that it leaves the node cordoned, and the node is schedulable")
        }
        if summary.leftCordoned { world.coverage.hit(.leftCordoned) }
        guard cancelled?.uncordon == true, cordonEffect != nil, uncordonedByOthers == nil, !isShaken else { return }
        guard node?.spec.unschedulable == true else { return }
        demand(requests[RequestKind.uncordon.rawValue] > 0, .cordonPolicy, "an uncordon was asked for, and not tried")
        let isSure = !writesFailed && !world.isFoul
        demand(!isSure, .cordonPolicy, "an uncordon was asked for, and the node is cordoned")
    }

    /// Whoever comes after finds the outcome on the node.
    private func checkRecord(_ summary: DrainSummary) {
        guard policy.recordedAs != nil, !isDry, !writesFailed, !world.isFoul else { return }
        guard let node = world.model.node(policy.node), let record = world.record(on: node), record.id == startID
        else { return }
        guard record.outcome == summary.outcome else {
            return fail(
                .recordLeft, "the node says \(record.outcome?.rawValue ?? "that it goes on"), not \(summary.outcome)")
        }
        world.coverage.hit(.recordClosed)
        if !node.spec.unschedulable, !world.scenario.has(.uncordons), !world.scenario.has(.reboots) {
            demand(!record.cordoned, .recordLeft, "the record says that we cordoned the node, and it is schedulable")
        }
    }

    /// Requests and wakes have a reason each, so their number has a bound.
    private func checkStorms() {
        let seconds = Int((now - (startedAt ?? now)).components.seconds)
        world.gauge(
            Load(
                seconds: seconds, pods: max(pods.count + everExcluded.count, onNode) + surveyed, inputs: inputs,
                ticks: ticks, requests: requests.reduce(0, +), misfortunes: misfortunes, evictions: evictionsSent,
                watches: watchesBegun, blockers: verdicts.count, byKind: requests))
    }
}
