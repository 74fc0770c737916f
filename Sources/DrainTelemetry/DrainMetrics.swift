public import DrainEngine
internal import KubernetesAPI
internal import Locking
public import Telemetry
public import Timestamps

/// A drain's events as Prometheus series.
public final class DrainMetrics: DrainObserver {
    private struct State {
        var phases = PhaseClock()
        var excluded: [ExclusionReason: Int] = [:]
        var deletionDeadlines: [Int: Timestamp] = [:]
        var published: [PodPhase: Double] = [:]
        var budgets: BudgetSeries
        var startedAt: Timestamp?
        var trace: DrainTrace?
        var stuck: [Int: StuckTermination.Reason] = [:]
        var unwatchedBudgets: Set<String?> = []
    }

    private let registry: Registry
    private let families: DrainFamilies
    private let boot: String
    private let time: TimeSource
    private let state: Lock<State>

    /// Registers every family; `time` is for what grows between events.
    public init(
        _ registry: Registry, build: BuildInfo, node: String, dryRun: Bool, boot: String, time: TimeSource
    ) {
        self.registry = registry
        self.boot = boot
        self.time = time
        registry.info(
            "drain_build_info", help: "Which agent this is.",
            labels: ["version": build.version, "revision": build.revision, "swift_version": build.swiftVersion])
        registry.info(
            "drain_node_info", help: "The node this agent drains.",
            labels: ["node": node, "dry_run": dryRun ? "true" : "false"])
        families = DrainFamilies(registry)
        state = Lock(State(budgets: BudgetSeries(registry, suppressed: families.suppressedBudgets)))
        families.state[.idle].set(1)
        families.stateStart.set(time.now())
        registry.onCollect { [weak self] in self?.advance() }
    }

    public func observe(_ event: DrainEvent) {
        registry.update { state.withLock { apply(event, &$0) } }
    }

    private func apply(_ event: DrainEvent, _ state: inout State) {
        let now = event.at
        switch event.fact {
        case .began(let start, _):
            reset(&state)
            state.trace = DrainTrace(start, boot: boot)
            began(start.resumes?.started ?? now, &state)
            families.deadline.set(start.deadline)
        case .stateChanged(let entered):
            families.state.forEach { word, gauge in gauge.set(word == entered ? 1 : 0) }
            families.stateStart.set(now)
            families.lastProgress.set(now)
        case .resumed(let record): began(record.started, &state)
        case .turn(let standing):
            families.turn.forEach { word, gauge in gauge.set(word == standing.word ? 1 : 0) }
            families.fleetPlace.set(Double(standing.place ?? 0))
        case .deadlineChanged(let deadline): families.deadline.set(deadline)
        case .nodeSeen(let unschedulable): families.nodeUnschedulable.set(unschedulable ? 1 : 0)
        case .podAdded(let facts):
            state.phases.entered(facts.phase, at: now)
            publishCounts(state)
        case .podExcluded(_, let reason): count(reason, 1, &state)
        case .exclusionEnded(_, let reason): count(reason, -1, &state)
        case .podMoved(let move): moved(move, at: now, &state)
        case .podFinished(let end): finished(end, at: now, state)
        case .evictionAnswered(let attempt):
            let span = state.trace?.attempt(attempt.pod.uid, attempt.number)
            families.attempts[attempt.reply.answer].increment(exemplar: exemplar(span, 1, at: now, state))
        case .waitBegan(let wait): state.budgets.began(wait)
        case .waitEnded(let wait, let outcome):
            state.budgets.ended(wait)
            guard case .budget = wait.blocker else { return }
            let seconds = (now - wait.since).inSeconds
            let span = state.trace?.wait(wait.pod.uid, wait.number)
            families.waits[outcome].observe(seconds, exemplar: exemplar(span, seconds, at: now, state))
        case .judged(let judgement): state.budgets.judged(judgement)
        case .budgetWatchChanged(let namespace, let isLive, _):
            if isLive { state.unwatchedBudgets.remove(namespace) } else { state.unwatchedBudgets.insert(namespace) }
            families.brokenBudgetWatches.set(Double(state.unwatchedBudgets.count))
        case .unblock(let step): families.unblocks[step.result.word].increment()
        case .stuck(let pod, let termination): stuck(pod, termination?.reason, &state)
        case .overrunProjected(let overrun): families.projectedOverrun.set(overrun?.seconds ?? 0)
        case .deletedAtDeadline(let deletion): families.deadlineDeletions[deletion.result].increment()
        case .volumesAttached(let names): families.volumesAttached.set(Double(names.count))
        case .deletionExpected(let pod, let deadline, _): state.deletionDeadlines[pod] = deadline
        case .watchEnded(let reason, _): families.watchRestarts[reason].increment()
        case .requestFailed(_, _, let delay): families.backoff.increment(by: delay.inSeconds)
        case .ended(let summary): ended(summary, at: now, &state)
        case .planned, .cordon, .waitGoesOn, .listed, .pollingChanged, .throttled, .uncordonedByOthers, .nodeDeleted,
            .surveyed,
            .annotationIgnored, .tierStarted:
            break
        }
    }

    private func moved(_ move: PodMove, at now: Timestamp, _ state: inout State) {
        state.phases.moved(from: move.from, to: move.to, at: now)
        publishCounts(state)
        if move.to != .terminating { stuck(move.index, nil, &state) }
        switch move.to {
        // A pod that a sibling's refusal had blocked is asked for the first time.
        case .evicting: if let before = move.answer, move.attempts > 1 { families.retries[before].increment() }
        case .retrying: if let due = move.due { families.backoff.increment(by: (due - now).inSeconds) }
        case .terminating: if move.answer == .accepted { families.lastProgress.set(now) }
        case .gone: families.lastProgress.set(now)
        case .queued, .blocked, .failed: break
        }
    }

    private func stuck(_ pod: Int, _ reason: StuckTermination.Reason?, _ state: inout State) {
        guard state.stuck[pod] != reason else { return }
        state.stuck[pod] = reason
        families.stuck.forEach { word, gauge in gauge.set(Double(state.stuck.values.count { $0 == word })) }
    }

    private func finished(_ end: PodEnd, at now: Timestamp, _ state: State) {
        families.finished[end.result].increment()
        if end.attempts > 0 { families.podAttempts.observe(Double(end.attempts)) }
        guard let accepted = end.acceptedAt, end.result == .evicted else { return }
        let seconds = (now - accepted).inSeconds
        families.deletions.observe(
            seconds, exemplar: exemplar(state.trace?.termination(end.pod.uid), seconds, at: now, state))
    }

    private func ended(_ summary: DrainSummary, at now: Timestamp, _ state: inout State) {
        families.lastCompletion[summary.outcome].set(now)
        let seconds = (now - (state.startedAt ?? now)).inSeconds
        families.durations.observe(seconds, exemplar: exemplar(state.trace?.root, seconds, at: now, state))
        publishSeconds(at: now, &state)
        state.deletionDeadlines = [:]
        state.phases.stop(at: now)
        // What lies ahead of a drain that has ended is nothing, and what is still there is told with its outcome.
        clearStuck(&state)
        families.projectedOverrun.set(0)
        families.fleetPlace.set(0)
        families.brokenBudgetWatches.set(0)
        state.unwatchedBudgets = []
    }

    private func began(_ moment: Timestamp, _ state: inout State) {
        state.startedAt = moment
        families.start.set(moment)
    }

    /// The drain before has left its last counts standing: they are not this one's.
    private func reset(_ state: inout State) {
        state.excluded = [:]
        families.podsExcluded.forEach { _, gauge in gauge.set(0) }
        publishCounts(state)
        clearStuck(&state)
        families.turn.forEach { _, gauge in gauge.set(0) }
        families.volumesAttached.set(0)
    }

    private func clearStuck(_ state: inout State) {
        state.stuck = [:]
        families.stuck.forEach { _, gauge in gauge.set(0) }
    }

    private func count(_ reason: ExclusionReason, _ change: Int, _ state: inout State) {
        state.excluded[reason, default: 0] += change
        families.podsExcluded[reason].set(Double(state.excluded[reason, default: 0]))
    }

    private func publishCounts(_ state: State) {
        families.pods.forEach { phase, gauge in gauge.set(Double(state.phases.counts[phase, default: 0])) }
    }

    private func publishSeconds(at now: Timestamp, _ state: inout State) {
        for (phase, seconds) in state.phases.read(at: now) {
            families.phaseSeconds[phase].increment(by: max(0, seconds - state.published[phase, default: 0]))
            state.published[phase] = seconds
        }
    }

    /// Before each scrape: what grows without an event.
    private func advance() {
        state.withLock { state in
            publishSeconds(at: time.now(), &state)
            families.oldestDeletionDeadline.set(state.deletionDeadlines.values.min())
        }
    }

    private func exemplar(_ span: SpanID?, _ value: Double, at now: Timestamp, _ state: State) -> Exemplar? {
        guard let span else { return nil }
        return state.trace?.exemplar(span, value, at: now)
    }
}
