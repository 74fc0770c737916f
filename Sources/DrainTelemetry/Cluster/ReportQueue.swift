import KubernetesAPI
import Telemetry
import Timestamps

/// What is still to be written to the cluster, one request at a time: Events that count up instead of piling up, within a
/// rate, and the node's conditions.
struct ReportQueue {
    enum Next: Equatable {
        case send(APICall)
        case wait(until: Timestamp)
        case idle
    }

    /// A permission that is missing, and the server's words for it: told once.
    enum Complaint: Equatable {
        case events(String)
        case conditions(String)
    }

    private struct Entry {
        var event: ClusterEvent
        /// The API server has it.
        var exists = false
    }

    private struct Item {
        var key: ClusterNote.Key
        var due: Timestamp
        var tries = 0
    }

    private enum Flight {
        case event(Item)
        case conditions([Condition], tries: Int)

        func isEvent(_ key: ClusterNote.Key) -> Bool {
            if case .event(let item) = self { item.key == key } else { false }
        }
    }

    static let limit = 1000
    private static let tries = 3
    private static let retryDelay = Duration.seconds(5)
    private static let longestPause = Duration.seconds(60)

    private let node: String
    private let drainID: String
    private var entries: [ClusterNote.Key: Entry] = [:]
    private var pending: [Item] = []
    private var conditions: (values: [Condition], tries: Int)?
    private var flight: Flight?
    private var nodeBucket = TokenBucket(burst: 25)
    private var podBucket = TokenBucket(burst: 10)
    private var pausedUntil: Timestamp?
    /// Namespaces in which we may write no Events.
    private var forbidden: Set<String> = []
    private var complained: (events: Bool, conditions: Bool) = (false, false)
    private var isClosing = false
    private var isOver = false
    private var fates: [ClusterEventFate: Int] = [:]

    /// `drainID`: a drain that is resumed counts the Events of the process before up.
    init(node: String, drainID: String = "") {
        self.node = node
        self.drainID = drainID
    }

    mutating func add(_ note: ClusterNote, at now: Timestamp) {
        if let ended = note.ends {
            var key = note.key
            key.reason = ended
            if takeBack(key) { return }
        }
        let entry = Entry(event: event(for: note, at: now), exists: entries[note.key]?.exists ?? false)
        guard !forbidden.contains(entry.event.namespace) else { return count(.failed) }
        if let index = pending.firstIndex(where: { $0.key == note.key }) {
            pending[index].due = min(pending[index].due, note.due)
        } else {
            guard pending.count < Self.limit else { return count(.dropped) }
            pending.append(Item(key: note.key, due: note.due))
        }
        entries[note.key] = entry
    }

    /// Newer ones take the place of those that were not written yet.
    mutating func set(_ values: [Condition]) {
        let kept = (conditions?.values ?? []).filter { old in !values.contains { $0.type == old.type } }
        conditions = (kept + values, 0)
    }

    /// What is to be done now; while a request is in flight nothing is.
    mutating func next(at now: Timestamp) -> Next {
        guard flight == nil, !isOver else { return .idle }
        if let pause = pausedUntil, pause > now, !isClosing { return .wait(until: pause) }
        if let (values, tries) = conditions {
            conditions = nil
            flight = .conditions(values, tries: tries)
            return .send(.setNodeConditions(node, values))
        }
        var wake: Timestamp?
        for isOnNode in [true, false] {
            // The outcome is not held up by what was said before it.
            let free = isOnNode ? (isClosing ? now : nodeBucket.free(at: now)) : podBucket.free(at: now)
            let lane = pending.indices.filter { pending[$0].key.isOnNode == isOnNode }
            guard let earliest = lane.map({ pending[$0].due }).min() else { continue }
            guard free <= now, let index = lane.first(where: { pending[$0].due <= now }) else {
                wake = min(wake ?? .distantFuture, max(earliest, free))
                continue
            }
            if isOnNode { nodeBucket.take(at: now) } else { podBucket.take(at: now) }
            return send(pending.remove(at: index))
        }
        guard let wake, !isClosing else { return .idle }
        return .wait(until: wake)
    }

    mutating func answered(_ exchange: Exchange, at now: Timestamp) -> Complaint? {
        defer { flight = nil }
        switch flight {
        case .event(let item): return answered(item, exchange, at: now)
        case .conditions(let values, let tries): return answered(values, tries, exchange, at: now)
        case nil: return nil
        }
    }

    /// From now on nothing is waited for.
    mutating func close() { isClosing = true }

    /// What was not written is lost, and nothing more is sent.
    mutating func abandon() {
        isOver = true
        count(.dropped, pending.count)
        pending = []
        conditions = nil
    }

    /// What became of Events since this was last asked.
    mutating func takeFates() -> [ClusterEventFate: Int] {
        defer { fates = [:] }
        return fates
    }
}

extension ReportQueue {
    private mutating func send(_ item: Item) -> Next {
        guard let entry = entries[item.key] else { preconditionFailure("what is pending has its Event") }
        flight = .event(item)
        return .send(entry.exists ? .repeatEvent(entry.event) : .createEvent(entry.event))
    }

    /// False: it is known to the API server, or about to be.
    private mutating func takeBack(_ key: ClusterNote.Key) -> Bool {
        pending.removeAll { $0.key == key }
        if flight?.isEvent(key) == true || entries[key]?.exists == true { return false }
        entries[key] = nil
        return true
    }

    private func event(for note: ClusterNote, at now: Timestamp) -> ClusterEvent {
        let message = note.message.cut(toBytes: 1024)
        guard var event = entries[note.key]?.event else {
            return ClusterEvent(
                subject: note.key.subject, name: note.key.name(drainID), reason: note.key.reason.rawValue,
                message: message, level: note.key.reason.level, firstSeen: now, lastSeen: now)
        }
        event.message = message
        event.lastSeen = now
        if !note.isUpdate { event.count += 1 }
        return event
    }

    private mutating func answered(_ item: Item, _ exchange: Exchange, at now: Timestamp) -> Complaint? {
        switch exchange.answer {
        case .success:
            entries[item.key]?.exists = true
            count(.written)
        // A process of ours that was there before has written it.
        case .refusal(let status) where status.code == 409 && entries[item.key]?.exists == false:
            entries[item.key]?.exists = true
            entries[item.key]?.event.count += 1
            again(item)
        // Events last an hour, as a rule.
        case .refusal(let status) where status.code == 404 && entries[item.key]?.exists == true:
            entries[item.key]?.exists = false
            again(item)
        case .refusal(let status) where status.code == 403 && status.cause("NamespaceTerminating") == nil:
            return forbid(item, status.message)
        case .refusal(let status) where status.code == 429 || status.code >= 500: tryLater(item, exchange, at: now)
        case .failure: tryLater(item, exchange, at: now)
        case .refusal: count(.failed)
        }
        return nil
    }

    private mutating func answered(
        _ values: [Condition], _ tries: Int, _ exchange: Exchange, at now: Timestamp
    ) -> Complaint? {
        switch exchange.answer {
        case .success: return nil
        case .refusal(let status) where status.code == 403:
            defer { complained.conditions = true }
            return complained.conditions ? nil : .conditions(status.message)
        case .refusal(let status) where status.code < 500 && status.code != 429: return nil
        case .refusal, .failure:
            guard tries + 1 < Self.tries else { return nil }
            let newer = conditions?.values ?? []
            conditions = (values.filter { old in !newer.contains { $0.type == old.type } } + newer, tries + 1)
            pause(exchange, at: now)
            return nil
        }
    }

    private mutating func forbid(_ item: Item, _ message: String) -> Complaint? {
        guard let namespace = entries[item.key]?.event.namespace else { return nil }
        forbidden.insert(namespace)
        let before = pending.count
        pending.removeAll { entries[$0.key]?.event.namespace == namespace }
        count(.failed, 1 + before - pending.count)
        defer { complained.events = true }
        return complained.events ? nil : .events(message)
    }

    private mutating func tryLater(_ item: Item, _ exchange: Exchange, at now: Timestamp) {
        pause(exchange, at: now)
        again(item)
    }

    private mutating func again(_ item: Item) {
        // It has happened again meanwhile, and will be told with that.
        guard !pending.contains(where: { $0.key == item.key }) else { return }
        guard item.tries + 1 < Self.tries else { return count(.failed) }
        var item = item
        item.tries += 1
        pending.insert(item, at: 0)
    }

    private mutating func pause(_ exchange: Exchange, at now: Timestamp) {
        pausedUntil = now + min(exchange.retryAfter ?? Self.retryDelay, Self.longestPause)
    }

    private mutating func count(_ fate: ClusterEventFate, _ number: Int = 1) { fates[fate, default: 0] += number }
}

extension ClusterNote.Key {
    fileprivate var isOnNode: Bool {
        switch subject {
        case .node: true
        case .pod: false
        }
    }

    /// The same in every process of the drain, and a valid name: the subject's, cut, and a hash.
    fileprivate func name(_ drainID: String) -> String {
        let (name, uid) =
            switch subject {
            case .node(let name): (name, "")
            case .pod(let pod): (pod.name, pod.uid)
            }
        var prefix = name.prefix(200)
        while prefix.last == "." || prefix.last == "-" { prefix.removeLast() }
        return "\(prefix).\(SpanID(hashing: ["event", drainID, name, uid, reason.rawValue, cause]))"
    }
}

extension String {
    /// Whole scalars only.
    fileprivate func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var cut = unicodeScalars[...]
        while String(cut).utf8.count > limit - 3 { cut.removeLast() }
        return String(cut) + "…"
    }
}
