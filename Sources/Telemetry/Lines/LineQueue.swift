import Locking

/// The lines that wait, shared by those who write and the thread that does.
final class LineQueue: Sendable {
    enum Goal {
        /// This many lines, counted from the first ever, have met their fate.
        case settled(Int)
        /// The thread is gone.
        case ended
    }

    private struct Waiter {
        let goal: Goal
        let continuation: CheckedContinuation<Bool, Never>
        var timer: Task<Void, any Error>?
    }

    private struct State {
        var incoming: [[UInt8]] = []
        /// In reverse, so that the next one is the last.
        var outgoing: [[UInt8]] = []
        /// Of all lines without a fate, also of the one being written.
        var bytes = 0
        var offered = 0
        var settled = 0
        var refuses = false
        var isAsleep = false
        var isStopped = false
        var hasEnded = false
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0

        func reached(_ goal: Goal) -> Bool {
            switch goal {
            case .settled(let count): settled >= count || hasEnded
            case .ended: hasEnded
            }
        }

        mutating func takeReached() -> [Waiter] {
            guard !waiters.isEmpty else { return [] }
            let reached = waiters.filter { self.reached($0.value.goal) }
            for id in reached.keys { waiters[id] = nil }
            return Array(reached.values)
        }
    }

    /// Rung when a sleeping thread should look again, and when it should stop.
    let bell = Bell()
    private let limit: Int
    private let state = Lock(State())

    init(limit: Int) { self.limit = limit }

    /// Lines taken so far.
    var offered: Int { state.withLock { $0.offered } }

    /// Takes `line` unless there is no room for it.
    func offer(_ line: [UInt8]) -> Bool {
        let (taken, wakes) = state.withLock { state in
            guard !state.refuses, line.count <= limit - state.bytes else { return (false, false) }
            state.incoming.append(line)
            state.bytes += line.count
            state.offered += 1
            defer { state.isAsleep = false }
            return (true, state.isAsleep)
        }
        if wakes { bell.ring() }
        return taken
    }

    /// Takes no more lines.
    func refuse() { state.withLock { $0.refuses = true } }

    /// The next line, waited for; `nil` when the thread should stop.
    func next() -> [UInt8]? {
        while true {
            let (line, stops) = state.withLock { state -> ([UInt8]?, Bool) in
                guard !state.isStopped else { return (nil, true) }
                if state.outgoing.isEmpty {
                    state.outgoing = state.incoming.reversed()
                    state.incoming = []
                }
                let line = state.outgoing.popLast()
                state.isAsleep = line == nil
                return (line, false)
            }
            if line != nil || stops { return line }
            bell.answer()
        }
    }

    /// Notes that a line of so many bytes has met its fate.
    func settle(bytes: Int) {
        let waiters = state.withLock { state in
            state.bytes -= bytes
            state.settled += 1
            return state.takeReached()
        }
        resume(waiters, true)
    }

    /// Makes the thread stop, even in the middle of a line; how many lines nobody will write.
    func stop() -> Int {
        let left = state.withLock { state in
            defer {
                state.incoming = []
                state.outgoing = []
            }
            state.refuses = true
            state.isStopped = true
            return state.incoming.count + state.outgoing.count
        }
        bell.ring()
        return left
    }

    /// Notes that there is no thread any more.
    func end() {
        let waiters = state.withLock { state in
            state.refuses = true
            state.hasEnded = true
            return state.takeReached()
        }
        resume(waiters, true)
    }

    /// Waits for `goal`; `false` when `limit` ran out first.
    func wait(for goal: Goal, within limit: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let id = state.withLock { state -> Int? in
                guard !state.reached(goal) else { return nil }
                defer { state.nextWaiter += 1 }
                state.waiters[state.nextWaiter] = Waiter(goal: goal, continuation: continuation)
                return state.nextWaiter
            }
            guard let id else { return continuation.resume(returning: true) }
            let timer = Task {
                try await Task.sleep(for: limit)
                expire(id)
            }
            let isWaiting = state.withLock { state in
                state.waiters[id]?.timer = timer
                return state.waiters[id] != nil
            }
            if !isWaiting { timer.cancel() }
        }
    }

    private func expire(_ id: Int) {
        guard let waiter = state.withLock({ $0.waiters.removeValue(forKey: id) }) else { return }
        waiter.continuation.resume(returning: false)
    }

    private func resume(_ waiters: [Waiter], _ result: Bool) {
        for waiter in waiters {
            waiter.timer?.cancel()
            waiter.continuation.resume(returning: result)
        }
    }
}
