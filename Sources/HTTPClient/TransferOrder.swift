internal import Synchronization

/// A request on its way into the loop, and the name it goes by there.
final class TransferOrder: Sendable {
    let request: HTTPRequest
    let sink: any ResponseSink
    let limits: ResponseLimits
    private let cancelled = Atomic(false)

    init(_ request: HTTPRequest, sink: any ResponseSink, limits: ResponseLimits) {
        self.request = request
        self.sink = sink
        self.limits = limits
    }

    /// Set before the loop hears of it: a cancel that overtakes the start is seen when the start arrives.
    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() { cancelled.store(true, ordering: .releasing) }
}
