import Glibc
import Locking

/// A response that MHD has handed to the kernel, until the client's kernel has acknowledged it.
struct Delivery: Sendable {
    /// A duplicate: MHD may close its own, and the connection still has to deliver.
    private let socket: Int32
    private let handedOver: ContinuousClock.Instant
    private let report: @Sendable (Bool) -> Void

    init(of socket: Int32, at now: ContinuousClock.Instant, report: @escaping @Sendable (Bool) -> Void) {
        self.socket = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        handedOver = now
        self.report = report
    }

    /// Nil while it is open.
    func outcome(at now: ContinuousClock.Instant, _ limits: HTTPServerLimits) -> Bool? {
        let progress = SocketProgress(of: socket)
        guard let unacknowledged = progress.unacknowledged else { return false }
        guard unacknowledged > 0 else { return true }
        return progress.isDead || now - handedOver > limits.responseStallTime ? false : nil
    }

    func end(_ isDelivered: Bool) {
        close(socket)
        report(isDelivered)
    }
}

/// The deliveries of a server that are still open.
final class Deliveries: Sendable {
    private let open = Lock<[Delivery]>([])
    private let limits: HTTPServerLimits
    private let wake: @Sendable () -> Void

    /// `wake` calls for `settle`.
    init(limits: HTTPServerLimits, wake: @escaping @Sendable () -> Void) {
        self.limits = limits
        self.wake = wake
    }

    var isEmpty: Bool { open.withLock { $0.isEmpty } }

    func add(_ delivery: Delivery) {
        if let outcome = delivery.outcome(at: .now, limits) { return delivery.end(outcome) }
        open.withLock { $0.append(delivery) }
        wake()
    }

    /// Reports those whose outcome is known now.
    func settle(at now: ContinuousClock.Instant) {
        var ended: [(Delivery, Bool)] = []
        open.withLock { open in
            open.removeAll { delivery in
                guard let outcome = delivery.outcome(at: now, limits) else { return false }
                ended.append((delivery, outcome))
                return true
            }
        }
        for (delivery, outcome) in ended { delivery.end(outcome) }
    }

    /// Nobody will look any more.
    func abandon() {
        let abandoned = open.withLock { open in
            defer { open = [] }
            return open
        }
        for delivery in abandoned { delivery.end(false) }
    }
}
