import Glibc
import Locking

/// A thread that looks at every connection once in a while: it cuts off clients that have departed or take too long,
/// settles deliveries, and carries out the stop. MHD's own timeout is none: a byte a second keeps it away.
final class Reaper: Sendable {
    private struct State {
        var listeners: [Listener] = []
        var deadline: ContinuousClock.Instant?
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isDone = false
    }

    /// While a delivery or a stop is watched.
    private static let closeWatch = Duration.milliseconds(20)
    private static let threadStackBytes = 512 << 10

    let deliveries: Deliveries
    private let limits: HTTPServerLimits
    private let state = Lock(State())
    private let wake: WakeSignal

    init(_ limits: HTTPServerLimits) {
        let wake = WakeSignal()
        self.wake = wake
        self.limits = limits
        deliveries = Deliveries(limits: limits, wake: { wake.send() })
    }

    /// False if the system gives no thread.
    func startThread() -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.threadStackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Reaper>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        if result != 0 { context.release() }
        return result == 0
    }

    /// Takes a running listener into its care; false after a stop.
    func watch(_ listener: Listener) -> Bool {
        state.withLock { state in
            guard state.deadline == nil else { return false }
            state.listeners.append(listener)
            return true
        }
    }

    /// Begins the stop: requests under way have until `deadline`.
    func requestStop(by deadline: ContinuousClock.Instant) {
        state.withLock { state in
            guard state.deadline == nil else { return }
            state.deadline = deadline
        }
        wake.send()
    }

    func waitUntilStopped() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if !state.isDone { state.waiters.append(continuation) }
                return state.isDone
            }
            if isDone { continuation.resume() }
        }
    }

    private func run() {
        var isQuiesced = false
        while true {
            let (listeners, deadline) = state.withLock { ($0.listeners, $0.deadline) }
            if deadline != nil, !isQuiesced {
                isQuiesced = true
                for listener in listeners { listener.quiesce() }
            }
            let isBusy = inspect(listeners, at: .now)
            if let deadline, !isBusy || .now >= deadline { break }
            wake.wait(deadline == nil && deliveries.isEmpty ? limits.inspectionInterval : Self.closeWatch)
        }
        finish()
    }

    /// - Returns: whether any request or delivery is under way.
    private func inspect(_ listeners: [Listener], at now: ContinuousClock.Instant) -> Bool {
        let connections = listeners.flatMap(\.connections)
        for connection in connections { connection.inspect(at: now, limits) }
        deliveries.settle(at: now)
        return connections.contains(where: \.isBusy) || !deliveries.isEmpty
    }

    private func finish() {
        let listeners = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { listener.stop() }
        deliveries.abandon()
        let waiters = state.withLock { state in
            state.isDone = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
