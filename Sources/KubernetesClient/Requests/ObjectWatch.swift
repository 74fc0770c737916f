internal import FoundationEssentials
internal import HTTPClient
internal import KubernetesAPI

/// One watch: a connection of its own, its lines made signals.
struct ObjectWatch<Object: Codable & Sendable & Equatable>: Sendable {
    /// How many events a consumer may leave unread.
    private static var lagLimit: Int { 1000 }

    let transport: APITransport
    let request: WireRequest
    let traceparent: String?

    private typealias Signal = ObjectSignal<Object>
    private typealias Continuation = AsyncStream<ObjectSignal<Object>>.Continuation

    func signals() -> AsyncStream<ObjectSignal<Object>> {
        // Room for `opened`, the events, and `ended`.
        let (stream, continuation) = AsyncStream.makeStream(
            of: Signal.self, bufferingPolicy: .bufferingOldest(Self.lagLimit + 2))
        let task = Task {
            continuation.yield(await run(continuation))
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Returns how it ended.
    private func run(_ continuation: Continuation) async -> Signal {
        let stream: HTTPStream
        switch await transport.openWatch(request, traceparent: traceparent) {
        case .failure(let failure): return .ended(.error, detail: failure.message, status: nil)
        case .success(let opened): stream = opened
        }
        defer { stream.cancel() }
        guard (200...299).contains(stream.status) else { return await refusal(stream) }
        continuation.yield(.opened)
        var lines = LineSplitter()
        while let chunk = await stream.next() {
            switch chunk {
            case .failure(let failure):
                return .ended(failure.kind == .idle ? .idle : .error, detail: failure.message, status: nil)
            case .success(let bytes):
                do {
                    for line in try lines.push(bytes) {
                        if let end = deliver(line, continuation) { return end }
                    }
                } catch { return .ended(.error, detail: "a line is longer than \(error.limit >> 20) MiB", status: nil) }
            }
        }
        return .ended(.closed, detail: "the server closed the watch", status: nil)
    }

    /// How the watch ends with this line, if it does.
    private func deliver(_ line: [UInt8], _ continuation: Continuation) -> Signal? {
        let event: WatchEvent<Object>
        do { event = try JSONDecoder().decode(WatchEvent<Object>.self, from: Data(line)) } catch {
            return .ended(.error, detail: "an event cannot be read: \(JSONProblem.describe(error))", status: nil)
        }
        if case .error(let status) = event { return Self.end(status) }
        guard case .enqueued(let room) = continuation.yield(.event(event)), room > 1 else {
            return .ended(.error, detail: "the events were not read: \(Self.lagLimit) were waiting", status: nil)
        }
        return nil
    }

    private func refusal(_ stream: HTTPStream) async -> Signal {
        switch await Reply(refusedBy: stream, transport).answer {
        case .refusal(let status): Self.end(status)
        case .failure(let failure): .ended(.error, detail: failure.message, status: nil)
        case .success: .ended(.error, detail: "HTTP \(stream.status)", status: nil)
        }
    }

    /// 410, as an event or as the answer: our version is too old.
    private static func end(_ status: Status) -> Signal {
        let text = status.message.isEmpty ? "the server answered \(status.code)" : status.message
        return .ended(status.code == 410 ? .expired : .error, detail: text, status: status)
    }
}
