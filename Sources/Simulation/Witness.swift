import ClusterModel
import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Timestamps

/// Keeps the books of one agent's drain from outside, and says what must never happen.
///
/// It hears what the machine hears, sees what it does, and knows the cluster as it really is.
final class Witness {
    /// How far the drain is, by what it asks for.
    enum Stage: String, CaseIterable {
        case reading, waiting, listing, owners, surveying, cordoning, draining, verifying, detaching, deleting
        case uncordoning, closing
    }

    let plan: AgentPlan
    let policy: DrainPolicy
    let number: Int
    unowned let world: World
    let telemetry: TelemetryCheck?

    var stage = Stage.reading
    var state = DrainState.idle
    var startedAt: Timestamp?
    var deadline: Timestamp?
    var hardEnd: Timestamp?
    var summary: DrainSummary?
    /// The last step's requests, by kind.
    var lastKinds: [RequestKind] = []
    /// Whom it asked for in the last step.
    var lastEvicted: [Int] = []

    var pods: [PodBook] = []
    var indexByUID: [String: Int] = [:]
    var indexByName: [String: Int] = [:]
    var counts = [Int](repeating: 0, count: 7)
    var excluded: [String: ExclusionReason] = [:]
    var everExcluded: Set<String> = []
    /// Pods that the watch has shown to be gone.
    var knownGone: Set<String> = []
    /// Pods that run and are ready, as the machine was last told.
    var readyAsShown: Set<String> = []
    /// What the machine is being told of in this very step.
    var lastGone: String?
    /// DaemonSets that the API server says it does not know.
    var orphanMakers: Set<DrainPlan.DaemonSetKey> = []
    var tier = PodTier.ordinary
    var verdicts: [Blocker: BudgetVerdict] = [:]
    var restarts: [Workload.Key: Timestamp] = [:]

    /// The budget that the machine is being told of.
    private var allowing: Budget?
    /// What each watch has told of last: what is older is no news.
    private var newest: [WatchRequest.Topic: Int] = [:]
    /// Of budgets that are watched.
    private var allowances: [Blocker: Allowance] = [:]
    var unanswered: Set<RequestPurpose> = []
    var evictionsInFlight = 0
    var deletesInFlight = 0
    var pausedUntil: Timestamp?
    /// An answer about access that says no.
    var deniedNamespaces: Set<String> = []
    var verified: (list: PodList, at: Timestamp)?
    var lastVerdictOfList: Timestamp?
    var plannedVersion: Int?
    var generations: [WatchRequest.Topic: Int] = [:]

    /// The node was schedulable when it was read.
    var foundCordoned: Bool?
    /// A process before this one had cordoned it.
    var earlierCordon = false
    /// We cordoned it, though it was cordoned when the drain began.
    var hasRecordoned = false
    var isCordoned = false
    var cordonHeard: Timestamp?
    var cordonEffect: Timestamp?
    var cancelled: (at: Timestamp, uncordon: Bool)?
    var uncordonedByOthers: Timestamp?
    /// The deadline has been over at some step.
    var wasLate = false
    var hasDeleted = false
    var hasTurn = false
    var hasLostTurn = false
    var evictionsSent = 0
    var writesFailed = false

    var answers: [EvictionAnswer: Int] = [:]
    var startID = ""
    /// When the deadline was last told, and the process could act on it.
    var lastDeadlineNews: Timestamp?
    /// Pods that a look at everything has asked about.
    var surveyed = 0
    /// Pods that the plan's list showed.
    var onNode = 0
    var inputs = 0
    var ticks = 0
    var requests = [Int](repeating: 0, count: RequestKind.allCases.count)
    /// Requests that were not answered by the cluster itself, or late.
    var misfortunes = 0
    var watchesBegun = 0

    init(_ plan: AgentPlan, _ number: Int, _ world: World) {
        self.plan = plan
        policy = plan.policy
        self.number = number
        self.world = world
        telemetry = TelemetryCheck(plan, seed: world.scenario.seed)
    }

    var now: Timestamp { world.now }
    var stageWord: String { stage.rawValue }
    var isDry: Bool { policy.dryRun != .none || policy.surveysOnly }

    func fail(_ invariant: Invariant, _ text: @autoclosure () -> String) {
        guard world.violation == nil else { return }
        world.fail(invariant, text())
    }

    func demand(_ isTrue: Bool, _ invariant: Invariant, _ text: @autoclosure () -> String) {
        if !isTrue { fail(invariant, text()) }
    }

    /// What the machine is about to be told.
    func hears(_ input: DrainInput) {
        inputs += 1
        lastGone = nil
        allowing = nil
        noteLateness()
        world.digest.add(UInt64(bitPattern: now.nanoseconds))
        switch input {
        case .start(let start):
            startedAt = now
            deadline = start.deadline
            hardEnd = start.hardEnd
            startID = start.id
            lastDeadlineNews = now
        case .answered(let purpose, let exchange): hears(purpose, exchange)
        case .watch(let topic, let generation, let signal): hears(topic, generation, signal)
        case .tick: ticks += 1
        case .deadline(let moment, let end):
            deadline = moment
            hardEnd = end
            lastDeadlineNews = now
        case .cancel(let uncordon): cancelled = (cancelled?.at ?? now, uncordon || cancelled?.uncordon == true)
        }
    }

    private func noteLateness() {
        if let deadline, deadline <= now { wasLate = true }
    }

    /// What it did about it.
    func sees(_ step: DrainStep) {
        world.coverage.events += step.events.count
        world.digest.add(step.events.count)
        noteLateness()
        world.digest.add(step.requests.count)
        for event in step.events {
            telemetry?.observe(event)
            take(event)
        }
        lastKinds.removeAll(keepingCapacity: true)
        lastEvicted.removeAll(keepingCapacity: true)
        for request in step.requests {
            let kind = RequestKind(request.purpose)
            requests[kind.rawValue] += 1
            world.coverage.kinds[kind.rawValue] += 1
            world.digest.add(kind.rawValue)
            lastKinds.append(kind)
            take(request, kind)
        }
        if let allowing { checkStampede(allowing) }
        if !allowances.isEmpty { checkAllowances() }
        demand(evictionsInFlight <= policy.concurrency, .slots, "\(evictionsInFlight) evictions in flight")
    }

    // MARK: - What it hears

    private func hears(_ purpose: RequestPurpose, _ exchange: Exchange) {
        unanswered.remove(purpose)
        if case .failure = exchange.answer { misfortunes += 1 } else if exchange.auditID != nil { misfortunes += 1 }
        switch purpose {
        case .evict(let index, _): hearsEviction(index, exchange)
        case .deleteAtDeadline: deletesInFlight -= 1
        case .daemonSet(let key): if exchange.code == 404 { orphanMakers.insert(key) }
        case .readNode:
            if case .success(_, .node(let node)) = exchange.answer { foundCordoned = node.spec.unschedulable }
        case .plan:
            guard case .success(_, .pods(let list)) = exchange.answer else { break }
            plannedVersion = Int(list.resourceVersion)
            shown(list)
        case .verify:
            guard case .success(_, .pods(let list)) = exchange.answer else { break }
            verified = (list, exchange.sent)
            lastVerdictOfList = now
            shown(list)
        case .refresh: if case .success(_, .pods(let list)) = exchange.answer { shown(list) }
        case .cordon, .recordon:
            if exchange.showsCordon, cordonHeard == nil { cordonHeard = now }
        case .reviewAccess(let namespace):
            if case .success(_, .allowed(false)) = exchange.answer { deniedNamespaces.insert(namespace) }
        case .uncordon, .record:
            if case .success = exchange.answer {} else { writesFailed = true }
        case .refreshNode, .budgets, .budgetPods, .budgetOwner, .unblock, .volumes, .survey, .surveyRead,
            .turn:
            break
        }
    }

    private func show(_ pod: Pod) {
        if pod.isReady, pod.status.phase == "Running" {
            readyAsShown.insert(pod.metadata.uid)
        } else {
            readyAsShown.remove(pod.metadata.uid)
        }
    }

    /// The list is right: whoever is on it is there.
    private func shown(_ list: PodList) {
        for pod in list.items { show(pod) }
        for pod in list.items where !knownGone.isEmpty { knownGone.remove(pod.metadata.uid) }
    }

    private func hearsEviction(_ index: Int, _ exchange: Exchange) {
        evictionsInFlight -= 1
        guard pods.indices.contains(index) else { return }
        pods[index].isInFlight = false
        let answer = AnswerKey.expected(exchange)
        if exchange.auditID == nil || answer == .budget { spends(pods[index], answer) }
        pods[index].notBefore = exchange.retryAfter.map { now + $0 }
        switch answer {
        case .accepted: if policy.dryRun == .none { pods[index].isAccepted = true }
        case .throttled:
            if let pause = exchange.retryAfter { pausedUntil = max(pausedUntil ?? now, now + pause) }
        case .rejected: pods[index].rejections += 1
        case .forbidden:
            pods[index].forbidden += 1
            pods[index].firstForbidden = pods[index].firstForbidden ?? now
        case .budget, .severalBudgets, .deferred:
            pods[index].forbidden = 0
            pods[index].firstForbidden = nil
            if answer == .budget { pods[index].budgetRefusals += 1 }
        case .gone, .replaced, .namespaceTerminating, .unauthorized, .serverError, .unreachable: break
        }
        if exchange.auditID != nil || answer == .unreachable { pods[index].misfortunes += 1 }
    }

    private func hears(_ topic: WatchRequest.Topic, _ generation: Int, _ signal: WatchSignal) {
        if case .budgets = topic, case .ended = signal { allowances = [:] }
        guard case .event(let event) = signal else { return }
        let isCurrent = world.agents[number].watches.contains { $0.topic == topic && $0.generation == generation }
        let version = event.resourceVersion.flatMap { Int($0) } ?? 0
        guard isCurrent, version >= newest[topic, default: 0] else { return }
        newest[topic] = version
        switch event {
        case .added(.pod(let pod)), .modified(.pod(let pod)):
            show(pod)
            knownGone.remove(pod.metadata.uid)
            guard let old = indexByName["\(pod.metadata.namespace)/\(pod.metadata.name)"],
                pods[old].pod.uid != pod.metadata.uid
            else { return }
            knownGone.insert(pods[old].pod.uid)
            world.coverage.hit(.replaced)
        case .deleted(.pod(let pod)):
            knownGone.insert(pod.metadata.uid)
            lastGone = pod.metadata.uid
        case .added(.budget(let budget)), .modified(.budget(let budget)):
            allowing = budget
            let blocker = Blocker.budget(namespace: budget.metadata.namespace, name: budget.metadata.name)
            let left = budget.isCurrent ? budget.status.disruptionsAllowed : 0
            allowances[blocker] =
                left > 0 ? Allowance(left: left, counted: Set(budget.status.disruptedPods.keys), since: now) : nil
        case .deleted(.budget(let budget)):
            allowances[.budget(namespace: budget.metadata.namespace, name: budget.metadata.name)] = nil
        case .added, .modified, .deleted, .bookmark, .error: break
        }
    }

    /// What a budget allows by its last word is used at once by those that wait for it, if there is room; and what it
    /// allowed one that went another way, the next one has.
    private func checkAllowances() {
        guard mayAsk else { return }
        for (blocker, allowance) in allowances {
            guard case .budget(let namespace, _) = blocker, allowance.left > 0,
                let waiting = pods.first(where: { $0.phase == .blocked && $0.wait == blocker && !$0.isOwn })
            else { continue }
            let asked = pods.count {
                ($0.isInFlight || ($0.phase == .retrying && $0.wait == blocker)) && $0.pod.namespace == namespace
                    && !allowance.counts($0)
            }
            demand(
                asked >= allowance.left, .allowanceUnused,
                "\(blocker) still allows \(allowance.left), and \(waiting.pod) waits (\(asked) are asked for)")
        }
    }

    private func spends(_ book: PodBook, _ answer: EvictionAnswer) {
        for (blocker, allowance) in allowances {
            guard case .budget(let namespace, _) = blocker, namespace == book.pod.namespace else { continue }
            switch answer {
            case .budget: allowances[blocker] = nil
            case .accepted where !allowance.counts(book):
                allowances[blocker]?.left -= 1
            // Whether it took effect nobody knows.
            case .unreachable, .serverError: allowances[blocker] = nil
            case .accepted, .severalBudgets, .deferred, .throttled, .gone, .replaced, .namespaceTerminating,
                .unauthorized, .forbidden, .rejected:
                break
            }
        }
    }

    /// Somebody else has deleted a pod: what its budgets allow now is in their next status.
    func forgetAllowances(in namespace: String) {
        allowances = allowances.filter { entry in
            guard case .budget(namespace, _) = entry.key else { return true }
            return false
        }
    }

    /// No more of those that it guards try than it allows, and one that probes.
    private func checkStampede(_ budget: Budget) {
        let blocker = Blocker.budget(namespace: budget.metadata.namespace, name: budget.metadata.name)
        let sent = lastEvicted.count { index in
            guard pods[index].wait == blocker, !pods[index].isOwn else { return false }
            return readyAsShown.contains(pods[index].pod.uid)
        }
        demand(
            !budget.isCurrent || sent <= max(0, budget.status.disruptionsAllowed) + 1, .allowanceExceeded,
            "\(blocker) allows \(budget.status.disruptionsAllowed), and \(sent) try")
    }

    /// Nothing but the pods themselves keeps the drain from asking.
    private var mayAsk: Bool {
        guard state == .draining, !isDry, summary == nil, cancelled == nil, uncordonedByOthers == nil else {
            return false
        }
        if policy.fleet != nil, !hasTurn { return false }
        if let pausedUntil, now < pausedUntil { return false }
        if let deadline, deadline <= now { return false }
        guard evictionsInFlight < policy.concurrency else { return false }
        return policy.maxTerminating == 0
            || counts[PodPhase.terminating.place] + evictionsInFlight < policy.maxTerminating
    }

    func begins(_ watch: WantedWatch) {
        newest[watch.request.topic] = nil
        watchesBegun += 1
        let topic = watch.request.topic
        if case .budgets(nil) = topic { world.coverage.hit(.commonBudgetWatch) }
        if let last = generations[topic] {
            demand(
                watch.generation > last, .watchGeneration,
                "a watch of \(topic) has the number \(watch.generation), and one before it had \(last)")
        }
        generations[topic] = watch.generation
    }
}
