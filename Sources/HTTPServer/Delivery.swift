import Glibc
import Locking

/// A response that MHD has handed to the kernel, until the client's kernel has acknowledged it.
struct Delivery: Sendable {
    /// A duplicate: MHD may close its own, and the connection still has to deliver.
    private let socket: Int32
    let client: HTTPServerRequest.Peer
    private let handedOver: ContinuousClock.Instant
    private let report: @Sendable (Bool) -> Void

    init(
        of socket: Int32, to client: HTTPServerRequest.Peer, at now: ContinuousClock.Instant,
        report: @escaping @Sendable (Bool) -> Void
    ) {
        self.socket = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        self.client = client
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
///
/// Each holds a descriptor, also of a connection that its client has given up: a client that asks and never reads is
/// given up first.
final class Deliveries: Sendable {
    static let limit = 128
    static let limitPerClient = 16

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
        let surplus = open.withLock { open -> Delivery? in
            open.append(delivery)
            return Self.takeSurplus(from: &open, by: delivery.client)
        }
        surplus?.end(false)
        wake()
    }

    /// The oldest one of a client that has too many, or of all if there are too many.
    private static func takeSurplus(from open: inout [Delivery], by client: HTTPServerRequest.Peer) -> Delivery? {
        if open.count(where: { $0.client == client }) > limitPerClient {
            return open.firstIndex { $0.client == client }.map { open.remove(at: $0) }
        }
        return open.count > limit ? open.removeFirst() : nil
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
