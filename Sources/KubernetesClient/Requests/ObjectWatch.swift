internal import FoundationEssentials
internal import HTTPClient
internal import KubernetesAPI

/// One watch: a connection of its own, its lines made signals.
struct ObjectWatch<Object: Decodable & Sendable & Equatable>: Sendable {
    /// What to send, and what its objects are.
    struct Subject: Sendable {
        let wire: WireRequest
        let timeout: Duration
        let object: @Sendable (Object) -> WatchedObject
    }

    /// How many events a consumer may leave unread.
    private static var lagLimit: Int { 1000 }

    let transport: APITransport
    let traceparent: String?
    /// Asked as the watch begins.
    let subject: @Sendable () async -> Result<Subject, PolicyDiscovery.Unknown>

    private typealias Continuation = AsyncStream<WatchSignal>.Continuation

    func signals() -> AsyncStream<WatchSignal> {
        // Room for `opened`, the events, and `ended`.
        let (stream, continuation) = AsyncStream.makeStream(
            of: WatchSignal.self, bufferingPolicy: .bufferingOldest(Self.lagLimit + 2))
        let task = Task {
            continuation.yield(await run(continuation))
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Returns how it ended.
    private func run(_ continuation: Continuation) async -> WatchSignal {
        let subject: Subject
        switch await self.subject() {
        case .failure(let unknown): return Self.end(unknown.reply)
        case .success(let known): subject = known
        }
        let stream: HTTPStream
        switch await transport.openWatch(subject.wire, timeout: subject.timeout, traceparent: traceparent) {
        case .failure(let failure): return .ended(.error, detail: failure.message, status: nil)
        case .success(let opened): stream = opened
        }
        defer { stream.cancel() }
        guard (200...299).contains(stream.status) else { return Self.end(await Reply(refusedBy: stream, transport)) }
        continuation.yield(.opened)
        var lines = LineSplitter()
        while let chunk = await stream.next() {
            switch chunk {
            case .failure(let failure):
                return .ended(failure.kind == .idle ? .idle : .error, detail: failure.message, status: nil)
            case .success(let bytes):
                do {
                    for line in try lines.push(bytes[...]) {
                        if let end = deliver(line, subject, continuation) { return end }
                    }
                } catch { return .ended(.error, detail: "a line is longer than \(error.limit >> 20) MiB", status: nil) }
            }
        }
        return .ended(.closed, detail: "the server closed the watch", status: nil)
    }

    /// How the watch ends with this line, if it does.
    private func deliver(_ line: [UInt8], _ subject: Subject, _ continuation: Continuation) -> WatchSignal? {
        let event: WatchEvent<Object>
        do { event = try JSONDecoder().decode(WatchEvent<Object>.self, from: Data(line)) } catch {
            return .ended(.error, detail: "an event cannot be read: \(JSONProblem.describe(error))", status: nil)
        }
        if case .error(let status) = event { return Self.end(status) }
        guard case .enqueued(let room) = continuation.yield(.event(event.map(subject.object))), room > 1 else {
            return .ended(.error, detail: "the events were not read: \(Self.lagLimit) were waiting", status: nil)
        }
        return nil
    }

    private static func end(_ reply: Reply) -> WatchSignal {
        switch reply.answer {
        case .refusal(let status): end(status)
        case .failure(let failure): .ended(.error, detail: failure.message, status: nil)
        case .success(let code, _): .ended(.error, detail: "HTTP \(code)", status: nil)
        }
    }

    /// 410, as an event or as the answer: our version is too old.
    private static func end(_ status: Status) -> WatchSignal {
        let text = status.message.isEmpty ? "the server answered \(status.code)" : status.message
        return .ended(status.code == 410 ? .expired : .error, detail: text, status: status)
    }
}
