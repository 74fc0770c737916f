public import DrainEngine
internal import KubernetesAPI
public import Telemetry
internal import Timestamps

/// A drain's place in its trace. Ids are pure functions of what they name, so a request can carry its span's id before the
/// span has ended, and a resumed drain goes on in its trace.
public struct DrainTrace: Sendable, Equatable {
    public let traceID: TraceID
    /// The caller's span, when the drain joined a trace.
    public let parent: SpanID?
    private let drainID: String
    /// Tells a restarted agent's spans from the first one's.
    private let boot: String

    /// `boot`: anything that differs from one process to the next.
    public init(_ start: DrainStart, boot: String) {
        drainID = start.id
        self.boot = boot
        let context = start.traceparent.flatMap { TraceParent(parsing: $0) }
        traceID = context?.traceID ?? TraceID(hashing: ["drain", start.id])
        parent = context?.spanID
    }

    public var root: SpanID { SpanID(hashing: [drainID, "node.drain", boot]) }
    public var cordon: SpanID { SpanID(hashing: [drainID, "node.cordon", boot]) }
    /// Somebody made the node schedulable meanwhile; from 2.
    func cordon(again number: Int) -> SpanID { SpanID(hashing: [drainID, "node.cordon", "\(number)", boot]) }

    /// A wait for the node's turn, from 1.
    public func turn(_ number: Int) -> SpanID { SpanID(hashing: [drainID, "drain.fleet.wait", "\(number)", boot]) }

    public func list(_ number: Int) -> SpanID { SpanID(hashing: [drainID, "pods.list", "\(number)", boot]) }

    public func pod(_ uid: String) -> SpanID { SpanID(hashing: [drainID, "pod.evict", uid, boot]) }

    public func attempt(_ uid: String, _ number: Int) -> SpanID {
        SpanID(hashing: [drainID, "eviction.attempt", uid, "\(number)", boot])
    }

    /// Whoever speaks of the whole wait points at its first segment.
    public func wait(_ uid: String, _ number: Int, segment: Int = 1) -> SpanID {
        SpanID(hashing: [drainID, "pdb.wait", uid, "\(number)", boot] + (segment > 1 ? ["\(segment)"] : []))
    }

    public func termination(_ uid: String) -> SpanID { SpanID(hashing: [drainID, "pod.termination", uid, boot]) }

    /// What a request says of the span it belongs to.
    public func traceparent(for request: DrainRequest) -> String {
        let span: SpanID
        switch (request.purpose, request.call) {
        case (.evict(_, let attempt), .evict(let pod, _)), (.evict(_, let attempt), .deletePod(let pod, _)):
            span = self.attempt(pod.uid, attempt)
        case (.cordon, _): span = cordon
        default: span = root
        }
        return TraceParent(traceID: traceID, spanID: span).header
    }

    func exemplar(_ span: SpanID, _ value: Double, at moment: Timestamp) -> Exemplar {
        Exemplar(trace: traceID, span: span, value: value, timestamp: moment)
    }
}
