import KubernetesClient
import Locking

/// The token of the owner, as it is in the file whenever somebody wants to show it.
///
/// Anybody may ask, so the file is read on a thread of its own, of which there is one at most; who comes while it reads
/// gets the next reading, and whoever waits too long nothing.
final class ControlTokenFile: Sendable {
    private struct State {
        var waiting: [Int: CheckedContinuation<[UInt8]?, Never>] = [:]
        var next = 0
        /// Those before it get what is being read; `nil`: nothing is.
        var served: Int?
    }

    /// Bytes; tokens have some dozens.
    private static let limit = 64 << 10

    private let patience: Duration
    private let read: @Sendable () -> [UInt8]?
    private let state = Lock(State())

    /// - Parameter read: may block.
    init(patience: Duration = .seconds(2), read: @escaping @Sendable () -> [UInt8]?) {
        self.patience = patience
        self.read = read
    }

    convenience init(_ path: String) {
        self.init {
            do { return ControlToken.trimmed(try FileReader.readRegular(path, limit: Self.limit)) } catch { return nil }
        }
    }

    var waiters: Int { state.withLock { $0.waiting.count } }

    /// As it is now; `nil`: it cannot be had.
    func token() async -> [UInt8]? {
        var impatience: Task<Void, Never>?
        defer { impatience?.cancel() }
        return await withCheckedContinuation { continuation in
            let number = state.withLock { state in
                defer { state.next += 1 }
                state.waiting[state.next] = continuation
                return state.next
            }
            impatience = Task { [patience] in
                await pause(for: patience)
                giveUp(number)
            }
            readNext()
        }
    }

    private func giveUp(_ number: Int) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: nil)
    }

    private func readNext() {
        let isDue = state.withLock { state in
            guard state.served == nil, !state.waiting.isEmpty else { return false }
            state.served = state.next
            return true
        }
        guard isDue else { return }
        Task { [read] in hand(out: await OwnThread.run(read)) }
    }

    private func hand(out token: [UInt8]?) {
        let served = state.withLock { state in
            let served = state.waiting.filter { $0.key < state.served ?? 0 }
            for number in served.keys { state.waiting[number] = nil }
            state.served = nil
            return served.values
        }
        for continuation in served { continuation.resume(returning: token) }
        readNext()
    }
}
