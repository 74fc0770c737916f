import Locking

/// Something that records, and tells its samples when asked.
protocol Instrument: AnyObject, Sendable {
    func append(to samples: inout [Sample])
}

/// All metrics of a program.
///
/// Recording takes the short lock of one instrument, whatever a scrape does; rendering happens outside all of them.
/// The same name is the same family and keeps the first help; the same labels are the same instrument.
public final class Registry: Sendable {
    private let families = Lock(Families())
    private let hooks = Lock<[@Sendable () -> Void]>([])
    /// One snapshot at a time: hooks set gauges one after the other.
    ///
    /// Not of nothing: where an empty value would be ThreadSanitizer sees the lock's own header, which all may read.
    private let collecting = Lock(true)
    /// Held while values are copied, and by `update`.
    private let recording = Lock(true)

    public init() {}

    /// `name` ends in `_total`.
    public func counter(_ name: String, help: String, labels: Labels = [:]) -> Counter {
        register(name, help, .counter, labels) { Counter(name, labels) }
    }

    public func gauge(_ name: String, help: String, labels: Labels = [:]) -> Gauge {
        register(name, help, .gauge, labels) { Gauge(name, labels) }
    }

    /// `buckets` are ascending upper bounds without `+Inf`, the same for all series of a family.
    public func histogram(_ name: String, help: String, buckets: [Double], labels: Labels = [:]) -> Histogram {
        MetricNames.check(buckets, of: name)
        let histogram = register(name, help, .histogram, labels) { Histogram(name, labels, bounds: buckets) }
        precondition(histogram.bounds == buckets, "one family, one set of buckets: \(name)")
        return histogram
    }

    /// Facts that are labels of a constant 1; `name` ends in `_info`.
    public func info(_ name: String, help: String, labels: Labels) {
        _ = register(name, help, .info, labels) { Gauge(name, labels, value: 1) }
    }

    /// Takes the series out of the output; a family without series is not mentioned at all.
    public func remove(_ name: String, labels: Labels) {
        families.withLock { $0.remove(name, labels) }
    }

    /// Runs `body` before each snapshot, for values that live elsewhere. It may record and register, but not collect;
    /// the registry keeps it, so it should hold the registry weakly.
    public func onCollect(_ body: @escaping @Sendable () -> Void) {
        hooks.withLock { $0.append(body) }
    }

    /// Makes several records one: no snapshot falls between them. `body` may not collect or update again.
    public func update<Result>(_ body: () -> Result) -> Result {
        recording.withLock { _ in body() }
    }

    /// The values of this moment; families and series in the order of their registration.
    public func collect() -> [MetricFamily] {
        collecting.withLock { _ in
            for hook in hooks.withLock({ $0 }) { hook() }
            return recording.withLock { _ in families.withLock { $0.snapshot() } }
        }
    }

    private func register<Recorder: Instrument>(
        _ name: String, _ help: String, _ type: MetricType, _ labels: Labels, make: () -> Recorder
    ) -> Recorder {
        families.withLock { $0.register(name, help, type, labels, make: make) }
    }
}
