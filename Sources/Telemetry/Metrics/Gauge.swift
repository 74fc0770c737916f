import Locking
public import Timestamps

/// A number that goes up and down.
public final class Gauge: Sendable {
    private let head: SampleHead
    private let state = Lock(0.0)

    init(_ name: String, _ labels: Labels, value: Double = 0) {
        head = SampleHead(name, labels)
        state.withLock { $0 = value }
    }

    public func set(_ value: Double) { state.withLock { $0 = value } }

    /// Sets seconds since the epoch; 0 for no moment.
    public func set(_ moment: Timestamp?) { set(moment?.seconds ?? 0) }

    public var value: Double { state.withLock { $0 } }
}

extension Gauge: Instrument {
    func append(to samples: inout [Sample]) { samples.append(Sample(head: head, value: value, exemplar: nil)) }
}
