import KubernetesAPI
import SeededRandom
public import Timestamps

/// One drain of one node, as a pure machine: an input and the time in, requests, events and in the end a summary out.
///
/// It has no clock, no I/O and no randomness but its seed's. After each step the driver reads `nextWake` and
/// `wantedWatches` and follows them.
public struct NodeDrain: Sendable {
    /// How far it is, and where it can go from there.
    enum Stage {
        /// → readingNode
        case idle
        /// → awaitingTurn, listing, ending
        case readingNode(Errand)
        /// Other nodes have their turn in the fleet. → readingNode (what was read is old by then), listing, ending
        case awaitingTurn
        /// → checkingOwners, ending
        case listing(Errand)
        /// Which DaemonSets still exist? → surveying, cordoning, draining, ending
        case checkingOwners(Owners)
        /// What would the drain meet? → cordoning, draining, ending
        case surveying(Survey)
        /// → draining, ending
        case cordoning(Errand, DrainPlan)
        /// → verifying, ending
        case draining
        /// → draining, detaching, ending
        case verifying(Errand)
        /// The pods are gone; their volumes are waited for. → draining, ending
        case detaching(Detaching)
        /// What changes something is still in flight: its answers are awaited. → uncordoning, closing, ended
        case ending(Ending)
        /// → closing, ended
        case uncordoning(Errand, Ending)
        /// What is left to be written: the outcome on the node, the Lease. → ended
        case closing(Errand?, Ending)
        case ended
    }

    struct Owners {
        var list: PodList
        var errands: [DrainPlan.DaemonSetKey: Errand]
        var missing: Set<DrainPlan.DaemonSetKey> = []

        func hasFreeSlot(_ concurrency: Int) -> Bool { errands.values.count(where: \.isInFlight) < concurrency }

        /// Without a free slot nothing is due: the next answer frees one.
        func nextWake(concurrency: Int) -> Timestamp? {
            hasFreeSlot(concurrency) ? errands.values.compactMap(\.nextWake).min() : nil
        }
    }

    struct Ending {
        var outcome: DrainOutcome
        var reason: String
        var until: Timestamp
        var uncordons = false
        /// The deadline has come, and what is left is deleted.
        var deletes: DeadlineDeletes?
    }

    public let policy: DrainPolicy
    public internal(set) var state = DrainState.idle
    public internal(set) var deadline: Timestamp?
    /// When everything ends, us included.
    var hardEnd: Timestamp?

    var stage = Stage.idle
    /// When the last input came.
    var latest = Timestamp(nanoseconds: 0)
    var random: SplitMix64
    var feed: ObjectFeed
    var nodeFeed: ObjectFeed
    var drain: PodDrain
    var start: DrainStart?
    var node = NodeView()
    /// The cordon once more, after others took it away.
    var recordon: Errand?
    var recordonedAt: Timestamp?
    var terminations = Terminations()
    var pace = Pace()
    var overrun = OverrunWatch()
    var unblocking = Unblocking()
    var startedAt: Timestamp?
    /// From when on the patience for a start counts: a turn in the fleet may take its time.
    var patienceBegan: Timestamp?
    var cordonedAt: Timestamp?
    var weCordoned = false
    /// A cordon was sent, and its answer may yet be lost: so may what it did.
    var mayHaveCordoned = false
    /// Requests sent and not answered.
    var inFlight: Set<RequestPurpose> = []
    /// Deleted, by the watch, while they were no targets; when. A list that was asked for before still shows them.
    var departed: [String: Timestamp] = [:]
    var excluded: [String: (pod: PodIdentity, reason: ExclusionReason, since: Timestamp)] = [:]
    var missingOwners: Set<DrainPlan.DaemonSetKey> = []
    var plannedVersion = ""
    /// Why the last request that is tried again failed.
    var lastError = "no answer"
    var volumeLists = 0
    /// Not before then is the end verified again.
    var verifyDue: Timestamp?
    /// When each namespace's access was last asked about.
    var reviewed: [String: Timestamp] = [:]
    /// `nil`: none is needed.
    var turn: FleetTurn?
    /// In which boot of the node we are; empty: the kubelet does not say.
    var bootID = ""
    /// What the node carries of us, or of those before us.
    var record: DrainRecord?
    /// The record is ours: its end is to be written, too.
    var isRecorded = false
    /// Its cordon was undone while nobody of us ran, and is done again.
    var cordonsAgain = false
    /// Evictions may have been asked for.
    var hasBegunDraining = false

    /// `seed` decides the jitter: the same seed and inputs make the same drain.
    public init(policy: DrainPolicy, seed: UInt64) {
        self.policy = policy
        random = SplitMix64(seed: seed)
        feed = ObjectFeed(
            .pods(node: policy.node), policy: policy, interval: policy.listInterval,
            random: SplitMix64(seed: random.next()))
        drain = PodDrain(policy: policy, random: SplitMix64(seed: random.next()))
        if let fleet = policy.fleet, policy.dryRun == .none, !policy.surveysOnly {
            turn = FleetTurn(
                node: policy.node, fleet: fleet, backoff: policy.backoff, random: SplitMix64(seed: random.next()))
        }
        nodeFeed = ObjectFeed(
            .node(policy.node), policy: policy, interval: .seconds(30), random: SplitMix64(seed: random.next()))
    }

    /// The watches that ought to run now: the driver starts them, and ends those of another topic or generation.
    public var wantedWatches: [WantedWatch] {
        guard isUnderWay else { return [] }
        return [feed.wantedWatch, nodeFeed.wantedWatch].compactMap { $0 } + drain.budgets.feeds.wantedWatches
    }

    /// When to come back with a `tick`, if nothing else happens before.
    public var nextWake: Timestamp? {
        let own: Timestamp? =
            switch stage {
            case .idle, .awaitingTurn, .ended: nil
            case .readingNode(let errand), .listing(let errand): errand.nextWake
            case .cordoning(let errand, _): mayEvict ? errand.nextWake : nil
            case .checkingOwners(let owners): owners.nextWake(concurrency: policy.concurrency)
            case .surveying(let survey): survey.nextWake(policy: policy)
            // Without its turn nothing is asked for, whatever is due.
            case .draining:
                [
                    mayEvict || drain.isSettled ? drain.nextWake(after: latest) : nil,
                    mayEvict ? unblocking.nextWake : nil,
                ].compactMap { $0 }.min()
            case .verifying(let errand): errand.nextWake
            case .detaching(let detaching): detaching.errand.nextWake
            case .ending(let ending): min(ending.deletes?.nextWake ?? ending.until, ending.until)
            case .uncordoning(let errand, let ending): min(errand.nextWake ?? ending.until, ending.until)
            case .closing(let errand, let ending):
                min(inFlight.contains(.record) ? ending.until : errand?.nextWake ?? ending.until, ending.until)
            }
        return [own, feed.nextWake, turnWake, endsBy, surroundingsWake].compactMap { $0 }.min()
    }

    /// An answer that was not awaited, and whatever comes after the end, changes nothing.
    public mutating func handle(_ input: DrainInput, at now: Timestamp) -> DrainStep {
        var step = DrainStep()
        if case .ended = stage { return step }
        latest = now
        // Whatever else has come: nothing new is begun after the deadline.
        if let deadline, deadline <= now, endsBy != nil, !mayDecide(input) { timedOut(at: now, into: &step) }
        if case .ended = stage { return step }
        switch input {
        case .start(let start): begin(start, at: now, into: &step)
        case .answered(let purpose, let exchange): answered(purpose, exchange, at: now, into: &step)
        case .watch(let topic, let generation, let signal):
            watched(topic, generation: generation, signal, at: now, into: &step)
        case .tick: break
        case .deadline(let moment, let end):
            hardEnd = end
            guard moment != deadline else { break }
            deadline = moment
            overrun.start(at: now)
            tell(.deadlineChanged(moment), at: now, into: &step)
            if case .uncordoning(let errand, var ending) = stage, let moment {
                ending.until = min(ending.until, moment)
                stage = .uncordoning(errand, ending)
            }
        case .cancel(let uncordon): cancel(uncordon: uncordon, at: now, into: &step)
        }
        proceed(at: now, into: &step)
        project(at: now, into: &step)
        return step
    }

    /// It may say how the drain ends, though the deadline is over.
    private func mayDecide(_ input: DrainInput) -> Bool {
        switch input {
        case .answered(.verify, _), .answered(.volumes(_), _), .deadline, .cancel: true
        case .start, .answered, .watch, .tick: false
        }
    }

    /// The deadline, or the end of the patience for a start; `nil` once it is ending.
    private var endsBy: Timestamp? {
        switch stage {
        case .idle, .ending, .uncordoning, .closing, .ended: nil
        case .readingNode, .listing, .checkingOwners: [deadline, startupEnd].compactMap { $0 }.min()
        case .surveying, .awaitingTurn, .cordoning, .draining, .verifying, .detaching: deadline
        }
    }

    private var startupEnd: Timestamp? {
        guard let patienceBegan, let patience = policy.startupTimeout else { return nil }
        return patienceBegan + patience
    }

    /// Pods leave, or what they leave behind.
    var isUnderWay: Bool {
        switch stage {
        case .draining, .verifying, .detaching: true
        case .idle, .readingNode, .awaitingTurn, .listing, .checkingOwners, .surveying, .cordoning, .ending,
            .uncordoning,
            .closing, .ended:
            false
        }
    }

    /// What is due beside the pods' evictions while they leave.
    private var surroundingsWake: Timestamp? {
        guard isUnderWay else { return nil }
        return [nodeFeed.nextWake, recordon?.nextWake, terminations.nextWake, overrun.due].compactMap { $0 }.min()
    }

    private mutating func begin(_ start: DrainStart, at now: Timestamp, into step: inout DrainStep) {
        guard case .idle = stage else { return }
        self.start = start
        startedAt = now
        patienceBegan = now
        deadline = start.deadline
        hardEnd = start.hardEnd
        tell(.began(start, policy), at: now, into: &step)
        if let record = start.resumes { tell(.resumed(record), at: now, into: &step) }
        enter(.cordoning, at: now, into: &step)
        stage = .readingNode(Errand(.readNode(policy.node), at: now))
    }

    /// Whatever is due: requests, deadlines, the end.
    private mutating func proceed(at now: Timestamp, into step: inout DrainStep) {
        if let end = endsBy, end <= now { timedOut(at: now, into: &step) }
        feed.tick(at: now)
        if let source = feed.wantedList() { send(.refresh, .listPods(node: policy.node, source), into: &step) }
        proceedWithTurn(at: now, into: &step)
        if isUnderWay { heedNode(at: now, into: &step) }
        switch stage {
        case .idle, .awaitingTurn, .ended: break
        case .readingNode(var errand):
            if errand.sends(at: now) { send(.readNode, errand.call, into: &step) }
            stage = .readingNode(errand)
        case .listing(var errand):
            if errand.sends(at: now) { send(.plan, errand.call, into: &step) }
            stage = .listing(errand)
        case .checkingOwners(let owners): checkOwners(owners, at: now, into: &step)
        case .surveying(let survey): proceed(with: survey, at: now, into: &step)
        case .cordoning(let errand, let plan): proceedWithCordon(errand, plan, at: now, into: &step)
        case .draining:
            drainPods(at: now, into: &step)
            unblock(at: now, into: &step)
        case .detaching:
            guard drain.isSettled else {
                forgetVolumes(at: now, into: &step)
                return drainPods(at: now, into: &step)
            }
            listVolumes(at: now, into: &step)
        case .verifying(var errand):
            guard drain.isSettled || errand.isInFlight else {
                // A late target while the list is waited for.
                stage = .draining
                return drainPods(at: now, into: &step)
            }
            if errand.sends(at: now) { send(.verify, errand.call, into: &step) }
            stage = .verifying(errand)
        case .ending(let ending): settle(ending, at: now, into: &step)
        case .uncordoning(var errand, let ending):
            guard now < ending.until else {
                return uncordonFailed("no answer in time", ending, at: now, into: &step)
            }
            if errand.sends(at: now) { send(.uncordon, errand.call, into: &step) }
            stage = .uncordoning(errand, ending)
        case .closing(let errand, let ending): proceedWithClosing(errand, ending, at: now, into: &step)
        }
    }

    private mutating func answered(
        _ purpose: RequestPurpose, _ exchange: Exchange, at now: Timestamp, into step: inout DrainStep
    ) {
        guard inFlight.remove(purpose) != nil else { return }
        switch purpose {
        case .evict(let pod, let attempt):
            evictionAnswered(pod: pod, attempt: attempt, exchange, at: now, into: &step)
        case .reviewAccess(let namespace): accessReviewed(namespace, exchange, at: now, into: &step)
        case .refresh: refreshed(exchange, at: now, into: &step)
        case .readNode: nodeRead(exchange, at: now, into: &step)
        case .plan: podsListed(exchange, at: now, into: &step)
        case .daemonSet(let key): ownerRead(key, exchange, at: now, into: &step)
        case .cordon: cordoned(exchange, at: now, into: &step)
        case .verify: verified(exchange, at: now, into: &step)
        case .uncordon: uncordoned(exchange, at: now, into: &step)
        case .budgets(let namespace):
            apply(drain.budgetsListed(namespace, exchange, at: now), at: now, into: &step)
        case .budgetPods(let key): reviewed(key, into: &step) { $0.podsListed(exchange) }
        case .budgetOwner(let key, let owner): reviewed(key, into: &step) { $0.ownerRead(owner, exchange) }
        case .refreshNode: nodeRefreshed(exchange, at: now, into: &step)
        case .recordon: recordoned(exchange, at: now, into: &step)
        case .deleteAtDeadline(let pod): deletedAtDeadline(pod: pod, exchange, at: now, into: &step)
        case .volumes(let number): volumesListed(number, exchange, at: now, into: &step)
        case .unblock(let owner):
            tell(
                unblocking.answered(owner, exchange, at: now, policy: policy, random: &random), at: now, into: &step)
        case .record: outcomeRecorded(exchange, at: now, into: &step)
        case .turn(let number): turnAnswered(number, exchange, at: now, into: &step)
        case .survey(let pod):
            surveyAnswered(at: now, into: &step) { survey, policy, random in
                survey.probed(pod, exchange, policy: policy, random: &random, at: now)
            }
        case .surveyRead(let number):
            surveyAnswered(at: now, into: &step) { survey, policy, random in
                survey.read(number, exchange, policy: policy, random: &random, at: now)
            }
        }
    }
}

// MARK: - Saying and asking

extension NodeDrain {
    mutating func tell(_ fact: DrainEvent.Fact, at now: Timestamp, into step: inout DrainStep) {
        step.events.append(DrainEvent(at: now, fact))
        heed(fact, at: now, into: &step)
    }

    mutating func tell(_ facts: [DrainEvent.Fact], at now: Timestamp, into step: inout DrainStep) {
        for fact in facts { tell(fact, at: now, into: &step) }
    }

    /// What we make of our own facts.
    private mutating func heed(_ fact: DrainEvent.Fact, at now: Timestamp, into step: inout DrainStep) {
        pace.note(fact, at: now)
        switch fact {
        case .judged:
            overrun.hasten(at: now)
            unblocking.mayHaveNews = true
        case .waitBegan: unblocking.mayHaveNews = true
        case .podMoved(let move) where move.to == .gone || move.to == .queued:
            tell(terminations.gone(move.index), at: now, into: &step)
        default: break
        }
    }

    mutating func enter(_ state: DrainState, at now: Timestamp, into step: inout DrainStep) {
        guard self.state != state else { return }
        self.state = state
        tell(.stateChanged(state), at: now, into: &step)
    }

    mutating func send(_ purpose: RequestPurpose, _ call: APICall, into step: inout DrainStep) {
        inFlight.insert(purpose)
        step.requests.append(DrainRequest(purpose: purpose, call: call))
    }

    mutating func send(_ requests: [DrainRequest], into step: inout DrainStep) {
        for request in requests { send(request.purpose, request.call, into: &step) }
    }

    /// What an errand's answer means; `nil`: it is tried again, or the drain ends for it.
    mutating func result(
        of exchange: Exchange, _ errand: inout Errand, doing what: String, at now: Timestamp, into step: inout DrainStep
    ) -> APIObject? {
        switch errand.answered(exchange, at: now, policy: policy, random: &random) {
        case .done(let object): return object
        case .again(let delay, let message):
            lastError = message
            tell(.requestFailed(errand.call.operation, message: message, retryIn: delay), at: now, into: &step)
            return nil
        case .refused(let status):
            end(.failed, "cannot \(what): \(status.message) (\(status.code))", at: now, into: &step)
            return nil
        case .hopeless(let failure):
            end(.failed, "cannot \(what): \(failure.message)", at: now, into: &step)
            return nil
        }
    }
}
