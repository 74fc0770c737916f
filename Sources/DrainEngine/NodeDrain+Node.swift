import KubernetesAPI
import Timestamps

// The node itself while its pods leave: is it still cordoned, is it still there?
extension NodeDrain {
    /// Between two cordons where somebody keeps on making the node schedulable.
    private static let recordonInterval = Duration.seconds(5)

    /// From the version at which it was last seen.
    mutating func startWatchingNode() {
        if policy.dryRun == .none { nodeFeed.start(from: node.resourceVersion) }
    }

    /// What is due about the node: a read where it is not watched, another cordon, a look at overdue pods.
    mutating func heedNode(at now: Timestamp, into step: inout DrainStep) {
        nodeFeed.tick(at: now)
        if nodeFeed.wantedList() != nil { send(.refreshNode, .readNode(policy.node), into: &step) }
        if let due = terminations.nextWake, due <= now {
            tell(terminations.review(node, at: now), at: now, into: &step)
        }
        guard var errand = recordon else { return }
        if errand.sends(at: now) { send(.recordon, errand.call, into: &step) }
        recordon = errand
    }

    mutating func nodeWatched(_ signal: WatchSignal, at now: Timestamp, into step: inout DrainStep) {
        switch signal {
        case .opened: _ = nodeFeed.watchOpened(at: now)
        case .event(let event):
            guard let seen = nodeFeed.received(event), case .node(let seenNode) = seen.object else { return }
            if seen.isPresent {
                sight(seenNode, at: now, into: &step)
            } else {
                nodeVanished(at: now, into: &step)
            }
        case .ended(let reason, let detail, let status):
            for fact in nodeFeed.watchEnded(reason, detail: detail, status: status, at: now) {
                if case .pollingChanged(_, let why) = fact {
                    tell(
                        .requestFailed(
                            .watch, message: "the node is read every 30 s instead of watched: \(why)",
                            retryIn: .seconds(30)), at: now, into: &step)
                } else {
                    tell(fact, at: now, into: &step)
                }
            }
        }
    }

    mutating func nodeRefreshed(_ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        if case .success(_, .node(let read)) = exchange.answer {
            nodeFeed.listed(version: read.metadata.resourceVersion, at: now)
            return sight(read, at: now, into: &step)
        }
        if exchange.code == 404 { nodeVanished(at: now, into: &step) }
        guard let delay = nodeFeed.listFailed(retryAfter: exchange.retryAfter, at: now) else { return }
        guard exchange.code != 404 else { return }
        let message = exchange.answer.refusalText
        tell(.requestFailed(.read, message: message, retryIn: delay), at: now, into: &step)
    }

    /// The node as the watch or a read shows it.
    private mutating func sight(_ seen: Node, at now: Timestamp, into step: inout DrainStep) {
        let change = node.seen(seen)
        tell(terminations.review(node, at: now), at: now, into: &step)
        guard let change else { return }
        tell(.nodeSeen(unschedulable: change == .cordoned), at: now, into: &step)
        switch change {
        case .uncordoned: uncordonedByOthers(at: now, into: &step)
        case .cordoned: if recordon?.isInFlight == false { recordon = nil }
        case .deleted: break
        }
    }

    /// Its pods go all the same: with the node gone the cluster's garbage collector takes them.
    private mutating func nodeVanished(at now: Timestamp, into step: inout DrainStep) {
        guard node.wasDeleted() != nil else { return }
        recordon = nil
        tell(.nodeDeleted, at: now, into: &step)
        tell(terminations.review(node, at: now), at: now, into: &step)
    }

    private mutating func uncordonedByOthers(at now: Timestamp, into step: inout DrainStep) {
        guard isUnderWay else { return }
        weCordoned = false
        switch policy.onUncordon {
        case .stop:
            cordonedAt = nil
            tell(.uncordonedByOthers(recordons: false), at: now, into: &step)
            end(.cancelled, "somebody made the node schedulable again (--on-uncordon)", at: now, into: &step)
        case .recordon:
            tell(.uncordonedByOthers(recordons: true), at: now, into: &step)
            let due = max(now, recordonedAt.map { $0 + Self.recordonInterval } ?? now)
            recordonedAt = due
            // The answer that is awaited says whether it was before or after this.
            guard recordon?.isInFlight != true else { break }
            recordon = Errand(.setUnschedulable(node: policy.node, true), at: due)
        }
    }

    /// What came to the node in between has arrived: only the first cordon decides who is a target.
    mutating func recordoned(_ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        guard var errand = recordon else { return }
        switch errand.answered(exchange.read(asCordoned: true), at: now, policy: policy, random: &random) {
        case .done(let object):
            recordon = nil
            weCordoned = true
            tell(.cordon(.cordoned(sent: exchange.sent)), at: now, into: &step)
            // The watch may have been quicker.
            guard case .node(let seen) = object else { break }
            if node.seen(seen) == .cordoned { tell(.nodeSeen(unschedulable: true), at: now, into: &step) }
            guard !node.isUnschedulable else { break }
            weCordoned = false
            recordon = Errand(.setUnschedulable(node: policy.node, true), at: max(now, recordonedAt ?? now))
        case .again(let delay, let message):
            recordon = errand
            tell(.requestFailed(.write, message: message, retryIn: delay), at: now, into: &step)
        case .refused(let status): recordonRefused(status.message, at: now, into: &step)
        case .hopeless(let failure): recordonRefused(failure.message, at: now, into: &step)
        }
    }

    /// What was allowed once and is refused now is tried again, but seldom.
    private mutating func recordonRefused(_ message: String, at now: Timestamp, into step: inout DrainStep) {
        let pause = Duration.seconds(30)
        recordon = Errand(.setUnschedulable(node: policy.node, true), at: now + pause)
        tell(.requestFailed(.write, message: message, retryIn: pause), at: now, into: &step)
    }
}
