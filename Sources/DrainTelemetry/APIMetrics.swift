public import KubernetesAPI
internal import Locking
public import Telemetry
internal import Timestamps

/// Every request to the API server as series: wrapped around the transport, so that no caller can forget it.
public final class APIMetrics: Sendable {
    /// Codes seen beyond this many are counted as `other`.
    private static let codeLimit = 10

    private let registry: Registry
    private let durations: [APIOperation: Histogram]
    private let codes: Lock<Set<String>>

    public init(_ registry: Registry) {
        self.registry = registry
        codes = Lock([])
        durations = Dictionary(
            uniqueKeysWithValues: APIOperation.allCases.filter { $0 != .watch }.map { operation in
                (
                    operation,
                    registry.histogram(
                        "drain_api_request_duration_seconds",
                        help: "Requests to the API server, from sending to the whole answer; watches excluded.",
                        buckets: Buckets.requests, labels: ["operation": operation.rawValue])
                )
            })
    }

    /// The same transport, measured.
    public func measuring(
        _ send: @escaping @Sendable (APIRequest) async -> Exchange
    ) -> @Sendable (APIRequest) async -> Exchange {
        { [self] request in
            let exchange = await send(request)
            count(request.call.operation, exchange.code)
            // The clock may have been set back between the two, while no drain was under way.
            let seconds = max(0, (exchange.received - exchange.sent).inSeconds)
            let context = request.traceparent.flatMap { TraceParent(parsing: $0) }
            durations[request.call.operation]?.observe(
                seconds,
                exemplar: context.map {
                    Exemplar(trace: $0.traceID, span: $0.spanID, value: seconds, timestamp: exchange.received)
                })
            return exchange
        }
    }

    /// The same watches, counted: by the code that opened them, or refused. A reader that lags by 1,000 signals loses
    /// the watch here, too.
    public func measuring(
        _ watch: @escaping @Sendable (WatchRequest) -> AsyncStream<WatchSignal>
    ) -> @Sendable (WatchRequest) -> AsyncStream<WatchSignal> {
        { [self] request in
            let signals = watch(request)
            return AsyncStream(bufferingPolicy: .bufferingOldest(1000)) { continuation in
                let task = Task {
                    var isOpen = false
                    for await signal in signals {
                        switch signal {
                        case .opened:
                            isOpen = true
                            count(.watch, 200)
                        case .ended(_, _, let status): if !isOpen { count(.watch, status?.code) }
                        case .event: break
                        }
                        if case .dropped = continuation.yield(signal) { break }
                    }
                    continuation.finish()
                }
                continuation.onTermination = { _ in task.cancel() }
            }
        }
    }

    private func count(_ operation: APIOperation, _ code: Int?) {
        registry.counter(
            "drain_api_requests_total", help: "Requests to the API server; code none: no answer.",
            labels: ["operation": operation.rawValue, "code": label(code)]
        ).increment()
    }

    private func label(_ code: Int?) -> String {
        guard let code else { return "none" }
        return codes.withLock { seen in
            let text = String(code)
            guard !seen.contains(text) else { return text }
            guard seen.count < Self.codeLimit else { return "other" }
            seen.insert(text)
            return text
        }
    }
}
