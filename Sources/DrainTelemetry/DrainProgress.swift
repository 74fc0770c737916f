public import DrainEngine
internal import Locking

/// A drain's events as its present state: what GET /drain answers and the terminal shows.
public final class DrainProgress: DrainObserver {
    private let status: Lock<DrainStatus>

    public init(node: String) { status = Lock(DrainStatus(node: node)) }

    public var current: DrainStatus { status.withLock { $0 } }

    public func observe(_ event: DrainEvent) { status.withLock { $0.apply(event) } }
}
