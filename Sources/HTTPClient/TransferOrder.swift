internal import Synchronization

/// A request on its way into the loop, and the name it goes by there.
final class TransferOrder: Sendable {
    let request: HTTPRequest
    let sink: any ResponseSink
    /// Bytes a second below which the response counts as silent; `nil`: any byte will do.
    let minimumRate: Int?
    private let cancelled = Atomic(false)

    init(_ request: HTTPRequest, sink: any ResponseSink, minimumRate: Int? = nil) {
        self.request = request
        self.sink = sink
        self.minimumRate = minimumRate
    }

    /// Set before the loop hears of it: a cancel that overtakes the start is seen when the start arrives.
    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() { cancelled.store(true, ordering: .releasing) }
}
