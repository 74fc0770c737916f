public import DrainEngine
internal import KubernetesAPI
internal import Locking
public import Telemetry
public import Timestamps

/// A drain's events for those who watch it live: how it stands when they come, and then each thing as it happens.
public final class DrainFeed: DrainObserver {
    /// Something to tell; docs/routes.md has what is in each kind.
    public struct Message: Sendable {
        public enum Kind: String, Sendable, CaseIterable {
            /// All of it: the first that a follower hears, and again when a drain begins.
            case drain
            /// All of it but the pods, at most twice a second.
            case state
            /// What is new about a pod beside its moves.
            case pod
            case move
            /// A line of the log.
            case note
        }

        public var kind: Kind
        public var data: JSONValue
    }

    /// False: it hears no more.
    public typealias Follower = @Sendable (Message) -> Bool

    private struct State {
        /// `nil`: it is being told how things stand, and what happens meanwhile waits in `late`.
        var followers: [Int: Follower?] = [:]
        var late: [Int: [Message]] = [:]
        var next = 0
        /// By the pod's number in the drain.
        var uids: [String] = []
        var moves = Recent<(Timestamp, PodMove)>(limit: 1000)
        var notes = Recent<LogLine>(limit: 200)
        var isRefreshDue = false
    }

    private let progress: DrainProgress
    private let time: TimeSource
    private let pause: @Sendable () async -> Void
    private let state = Lock(State())

    /// - Parameters:
    ///   - progress: has seen each event before this has.
    ///   - pause: returns when the next `state` may be told.
    public init(_ progress: DrainProgress, time: TimeSource, pause: @escaping @Sendable () async -> Void) {
        self.progress = progress
        self.time = time
        self.pause = pause
    }

    public var followers: Int { state.withLock { $0.followers.count } }

    /// A follower to be: how things stand, for it to tell first. What happens from now on is kept for it.
    public func join() -> (number: Int, whole: Message) {
        let (number, recent) = state.withLock { state in
            defer { state.next += 1 }
            state.followers.updateValue(nil, forKey: state.next)
            return (state.next, Self.recent(state))
        }
        // Rendered outside the lock: a drain of thousands of pods does not wait for it. What is seen here already may be
        // told once more.
        return (
            number, Message(kind: .drain, data: .object(stamped(drain: progress.current.json) + [("recent", recent)]))
        )
    }

    /// `follower` hears what was kept for it, and then everything: in order, never twice at once.
    public func follow(_ number: Int, _ follower: @escaping Follower) {
        state.withLock { state in
            guard state.followers[number] != nil else { return }
            state.followers[number] = follower
            for message in state.late.removeValue(forKey: number) ?? [] { tell(message, only: number, &state) }
        }
    }

    public func leave(_ number: Int) {
        state.withLock { state in
            state.followers[number] = nil
            state.late[number] = nil
        }
    }

    public func observe(_ event: DrainEvent) {
        state.withLock { state in
            switch event.fact {
            case .began:
                state.uids = []
                state.moves.removeAll()
                tell(Message(kind: .drain, data: .object(stamped(drain: progress.current.json))), &state)
            case .podAdded(let facts):
                state.uids.append(facts.pod.uid)
                tell(Message(kind: .pod, data: .object(facts.fields(at: event.at))), &state)
            case .podMoved(let move):
                state.moves.append((event.at, move))
                tell(Message(kind: .move, data: .object(move.fields(at: event.at))), &state)
            case .deletionExpected(let pod, let deadline, let finalizers):
                tell(
                    about: pod,
                    [
                        ("deletion_deadline", DrainStatus.time(deadline)),
                        ("finalizers", .array(finalizers.map { .string($0) })),
                    ], &state)
            case .stuck(let pod, let stuck):
                tell(about: pod, [("stuck", stuck.map { .object($0.fields) } ?? .null)], &state)
            // What these change, `state` tells.
            case .resumed, .turn, .stateChanged, .deadlineChanged, .nodeSeen, .cordon, .uncordonedByOthers,
                .nodeDeleted, .surveyed, .planned, .podExcluded, .exclusionEnded, .podFinished, .annotationIgnored,
                .tierStarted, .evictionAnswered, .waitBegan, .waitGoesOn, .waitEnded, .judged, .budgetWatchChanged,
                .unblock, .overrunProjected, .deletedAtDeadline, .volumesAttached, .listed, .watchEnded,
                .pollingChanged, .requestFailed, .throttled:
                break
            case .ended:
                // The program may be gone before the pause is over.
                return tell(stateMessage, &state)
            }
            refreshSoon(&state)
        }
    }

    /// A line of the log, for the follower's list of what happened; those for debugging are not told.
    public func note(_ line: LogLine) {
        guard line.level > .debug else { return }
        state.withLock { state in
            state.notes.append(line)
            tell(Message(kind: .note, data: .object(line.noteFields)), &state)
        }
    }

    /// The server's time goes along: the follower's clock may be another.
    private func stamped(drain: JSONValue) -> [(String, JSONValue)] {
        [("now", DrainStatus.time(time.now())), ("drain", drain)]
    }

    /// Nobody follows: nothing is rendered.
    private func tell(_ message: @autoclosure () -> Message, _ state: inout State) {
        guard !state.followers.isEmpty else { return }
        let message = message()
        for number in state.followers.keys { tell(message, only: number, &state) }
    }

    private func tell(_ message: Message, only number: Int, _ state: inout State) {
        guard let follower = state.followers[number] else { return }
        guard let follower else {
            state.late[number, default: []].append(message)
            return
        }
        if !follower(message) { state.followers[number] = nil }
    }

    private func tell(about pod: Int, _ fields: [(String, JSONValue)], _ state: inout State) {
        guard state.uids.indices.contains(pod) else { return }
        let uid = state.uids[pod]
        tell(Message(kind: .pod, data: .object([("uid", .string(uid))] + fields)), &state)
    }

    private func refreshSoon(_ state: inout State) {
        guard !state.followers.isEmpty, !state.isRefreshDue else { return }
        state.isRefreshDue = true
        Task { [weak self, pause] in
            await pause()
            self?.refresh()
        }
    }

    private func refresh() {
        state.withLock { state in
            state.isRefreshDue = false
            tell(stateMessage, &state)
        }
    }

    private var stateMessage: Message {
        Message(kind: .state, data: .object(stamped(drain: progress.current.summaryJSON)))
    }

    private static func recent(_ state: State) -> JSONValue {
        .object([
            ("moves", .array(state.moves.all.map { .object($1.fields(at: $0)) })),
            ("notes", .array(state.notes.all.map { .object($0.noteFields) })),
        ])
    }
}

/// The newest of something.
private struct Recent<Element> {
    let limit: Int
    private var kept: [Element] = []
    /// Where the oldest is, once there are as many as there may be.
    private var start = 0

    init(limit: Int) { self.limit = limit }

    /// Oldest first.
    var all: [Element] { Array(kept[start...] + kept[..<start]) }

    mutating func append(_ element: Element) {
        guard kept.count == limit else { return kept.append(element) }
        kept[start] = element
        start = (start + 1) % limit
    }

    mutating func removeAll() { (kept, start) = ([], 0) }
}

extension LogLine {
    /// The drain and its node are known to who follows it.
    fileprivate var noteFields: [(String, JSONValue)] {
        [("ts", DrainStatus.time(at)), ("level", .string(level.rawValue)), ("msg", .string(message))]
            + fields.filter { $0.0 != "drain_id" && $0.0 != "node" }
    }
}

extension PodFacts {
    fileprivate func fields(at moment: Timestamp) -> [(String, JSONValue)] {
        pod.nameFields + [
            ("uid", .string(pod.uid)), ("tier", .string(tier.name)), ("phase", .string(phase.rawValue)),
            ("since", DrainStatus.time(moment)), ("attempts", 0),
        ]
    }
}

extension PodMove {
    fileprivate func fields(at moment: Timestamp) -> [(String, JSONValue)] {
        var fields: [(String, JSONValue)] = [("ts", DrainStatus.time(moment))] + pod.nameFields
        fields += [
            ("uid", .string(pod.uid)), ("from", .string(from.rawValue)), ("to", .string(to.rawValue)),
            ("since", DrainStatus.time(since)), ("attempts", .int(Int64(attempts))),
        ]
        if let answer { fields.append(("answer", .string(answer.rawValue))) }
        if let blocker { fields += blocker.fields }
        if let due { fields.append(("next_attempt", DrainStatus.time(due))) }
        if !message.isEmpty { fields.append(("message", .string(message))) }
        return fields
    }
}
