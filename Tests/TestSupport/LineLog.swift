internal import Locking

/// The lines of an output, as they come; awaited, not polled.
public final class LineLog: Sendable {
    private struct Waiter: Sendable {
        /// `nil`: waits for the end.
        let matches: (@Sendable (String) -> Bool)?
        let continuation: CheckedContinuation<String?, Never>
    }

    private struct State {
        var lines: [String] = []
        var partial: [UInt8] = []
        var isClosed = false
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0

        mutating func add(_ fresh: [String]) -> [(Waiter, String)] {
            lines += fresh
            var found: [(Waiter, String)] = []
            for (id, waiter) in waiters {
                guard let matches = waiter.matches, let line = fresh.first(where: matches) else { continue }
                found.append((waiter, line))
                waiters[id] = nil
            }
            return found
        }
    }

    private let state = Lock(State())

    public init() {}

    public var lines: [String] { state.withLock { $0.lines } }
    public var text: String { lines.joined(separator: "\n") }

    public func append(_ bytes: some Sequence<UInt8>) {
        let found = state.withLock { state -> [(Waiter, String)] in
            var fresh: [String] = []
            for byte in bytes {
                if byte == UInt8(ascii: "\n") {
                    fresh.append(String(decoding: state.partial, as: UTF8.self))
                    state.partial = []
                } else {
                    state.partial.append(byte)
                }
            }
            return state.add(fresh)
        }
        for (waiter, line) in found { waiter.continuation.resume(returning: line) }
    }

    /// Nothing more comes.
    public func close() {
        let (found, rest) = state.withLock { state -> ([(Waiter, String)], [Waiter]) in
            let last = state.partial.isEmpty ? [] : [String(decoding: state.partial, as: UTF8.self)]
            state.partial = []
            let found = state.add(last)
            state.isClosed = true
            defer { state.waiters = [:] }
            return (found, Array(state.waiters.values))
        }
        for (waiter, line) in found { waiter.continuation.resume(returning: line) }
        for waiter in rest { waiter.continuation.resume(returning: nil) }
    }

    /// The first line like that, said already or to come; `nil`: it ended without one, or the task was cancelled.
    public func first(where matches: @escaping @Sendable (String) -> Bool) async -> String? { await wait(matches) }

    /// The first line with this text in it.
    public func first(containing text: String) async -> String? { await wait { $0.contains(text) } }

    /// Until nothing more comes.
    public func end() async { _ = await wait(nil) }

    private func wait(_ matches: (@Sendable (String) -> Bool)?) async -> String? {
        let id = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> String?? in
                    if let matches, let line = state.lines.first(where: matches) { return .some(line) }
                    if state.isClosed || Task.isCancelled { return .some(nil) }
                    state.waiters[id] = Waiter(matches: matches, continuation: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume(returning: nil)
        }
    }
}
