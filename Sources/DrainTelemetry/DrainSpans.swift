public import DrainEngine
internal import KubernetesAPI
internal import Locking
public import Telemetry
public import Timestamps

/// A drain's events as a tree of spans: each is told when it has ended, and all that are open when the drain ends.
public final class DrainSpans: DrainObserver {
    /// A pod's further attempts have no span of their own, but for the one that settles it; the pod's span counts them.
    static let attemptCap = 50

    private let node: String
    private let boot: String
    private let serverAddress: String
    private let emit: @Sendable (Span) -> Void
    private let tree = Lock<SpanTree?>(nil)

    /// `emit` gets each finished span, in order, on the drain's task: it must be quick.
    public init(node: String, boot: String, serverAddress: String, emit: @escaping @Sendable (Span) -> Void) {
        self.node = node
        self.boot = boot
        self.serverAddress = serverAddress
        self.emit = emit
    }

    public func observe(_ event: DrainEvent) {
        let finished = tree.withLock { tree -> [Span] in
            if case .began(let start, let policy) = event.fact {
                tree = SpanTree(
                    DrainTrace(start, boot: boot), start: start, policy: policy, node: node,
                    serverAddress: serverAddress, at: event.at)
            }
            return tree?.take(event) ?? []
        }
        finished.forEach(emit)
    }

    /// Time goes by: waits that are long are told in segments of ten minutes while they last.
    public func tick(at now: Timestamp) {
        let finished = tree.withLock { $0?.segments(until: now) ?? [] }
        finished.forEach(emit)
    }

    /// The process ends before the drain does: whatever is open ends here, as an error that says so.
    public func interrupt(at now: Timestamp) {
        let finished = tree.withLock { $0?.interrupt(at: now) ?? [] }
        finished.forEach(emit)
    }
}
