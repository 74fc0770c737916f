internal import Gzip
internal import HTTPClient
internal import Locking
public import Telemetry
public import Timestamps

/// Sends spans to a collector as OTLP/HTTP JSON, from a task of its own: whoever gives it one never waits.
public final class SpanExporter: Sendable {
    private struct Flush {
        /// Spans taken until it was asked for.
        let goal: Int
        let end: AsyncStream<Void>.Continuation
    }

    private struct State {
        var queue: SpanQueue
        var flushes: [Int: Flush] = [:]
        var lastFlush = 0
        /// Spans whose fate has been told since the beginning: a moment after the queue has settled them, when nobody is
        /// telling any more.
        var told = 0
        var telling = 0
        var lost: [SpanFate: Int] = [:]
        var task: Task<Void, Never>?
        var isClosed = false
    }

    public typealias Say = @Sendable (LogLevel, String, [(String, JSONValue)]) -> Void

    private let settings: ExportSettings
    private let userAgent: String
    private let resource: [(String, AttributeValue)]
    private let scope: (name: String, version: String)
    private let time: TimeSource
    private let onFate: @Sendable (SpanFate, Int) -> Void
    private let say: Say
    private let http = HTTPClient(maxConnections: 1)
    private let state: Lock<State>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - onFate: hears what became of how many spans, from the caller's thread or the exporter's, and must not wait.
    ///   - say: hears when export begins to fail, when it works again, and what a collector says of spans it rejects.
    public convenience init(
        _ settings: ExportSettings, userAgent: String, resource: [(String, AttributeValue)],
        scope: (name: String, version: String), time: TimeSource, onFate: @escaping @Sendable (SpanFate, Int) -> Void,
        say: @escaping Say
    ) {
        self.init(
            settings, limits: SpanQueue.Limits(), userAgent: userAgent, resource: resource, scope: scope, time: time,
            onFate: onFate, say: say)
    }

    init(
        _ settings: ExportSettings, limits: SpanQueue.Limits, userAgent: String,
        resource: [(String, AttributeValue)], scope: (name: String, version: String), time: TimeSource,
        onFate: @escaping @Sendable (SpanFate, Int) -> Void, say: @escaping Say
    ) {
        self.settings = settings
        self.userAgent = userAgent
        self.resource = resource
        self.scope = scope
        self.time = time
        self.onFate = onFate
        self.say = say
        state = Lock(State(queue: SpanQueue(limits)))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let task = Task { await run() }
        state.withLock { $0.task = task }
    }

    /// Takes one span as `SpanEncoding.object` wrote it, or counts it as dropped.
    public func export(_ span: [UInt8]) {
        if change({ $0.queue.offer(span, at: time.now()) }) { wake.yield() }
    }

    /// Sends what is there at once, and waits until the fate of all that was taken has been told, or for `limit`.
    public func flush(within limit: Duration) async {
        let (ends, end) = AsyncStream<Void>.makeStream()
        let id = state.withLock { state -> Int? in
            guard state.told < state.queue.offered else { return nil }
            state.queue.hurry()
            state.lastFlush += 1
            state.flushes[state.lastFlush] = Flush(goal: state.queue.offered, end: end)
            return state.lastFlush
        }
        guard let id else { return }
        wake.yield()
        await withTaskGroup { group in
            group.addTask { for await _ in ends {} }
            group.addTask { await Self.pause(for: limit) }
            await group.next()
            group.cancelAll()
        }
        state.withLock { state in
            state.flushes[id] = nil
            if state.flushes.isEmpty { state.queue.relax() }
        }
    }

    /// Flushes, drops what is left, says what was lost, and ends. Spans that come later are dropped.
    public func close(within limit: Duration) async {
        await flush(within: limit)
        let task = change { state -> Task<Void, Never>? in
            state.queue.abandon()
            state.isClosed = true
            return state.task
        }
        wake.finish()
        task?.cancel()
        await task?.value
        await http.shutdown()
        let lost = state.withLock { state in
            defer { state.lost = [:] }
            return state.lost
        }
        guard !lost.isEmpty else { return }
        let counts = lost.sorted { $0.key.rawValue < $1.key.rawValue }
        say(.warning, "spans are lost to the collector", counts.map { ($0.key.rawValue, .int(Int64($0.value))) })
    }

    private func run() async {
        var wakes = wakes.makeAsyncIterator()
        while !Task.isCancelled {
            switch change({ $0.queue.next(at: time.now()) }) {
            case .send(let batch): answered(ExportReply(await post(batch), at: time.now()))
            case .wait(let moment):
                let alarm = Task { [wake, time] in
                    await Self.pause(for: moment - time.now())
                    if !Task.isCancelled { wake.yield() }
                }
                defer { alarm.cancel() }
                guard await wakes.next() != nil else { return }
            case .idle: guard await wakes.next() != nil else { return }
            }
        }
    }

    private func answered(_ reply: ExportReply) {
        var random = SystemRandomNumberGenerator()
        change({ $0.queue.answered(reply, at: time.now(), using: &random) }, telling: { $0.forEach(tell) })
    }

    private func tell(_ remark: SpanQueue.Remark) {
        switch remark {
        case .beganToFail(let reason):
            let reason = JSONValue.string(settings.redacted(reason))
            say(.warning, "spans cannot be exported", [("endpoint", .string("\(settings.url)")), ("err", reason)])
        case .worksAgain:
            say(.info, "spans are exported again", [("endpoint", .string("\(settings.url)"))])
        case .rejected(let count, let message):
            let message = JSONValue.string(settings.redacted(message))
            say(.warning, "the collector rejects spans", [("rejected", .int(Int64(count))), ("err", message)])
        }
    }

    /// Does something to the state, tells what it did to spans and what comes of it, and only then lets those go on who
    /// wait for them: they look at once at what was told.
    @discardableResult
    private func change<Result>(_ body: (inout State) -> Result, telling tell: (Result) -> Void = { _ in }) -> Result {
        let (result, fates, hasSettled) = state.withLock { state in
            let before = state.queue.settled
            let result = body(&state)
            let fates = state.queue.takeFates()
            for (fate, count) in fates where fate != .written { state.lost[fate, default: 0] += count }
            let hasSettled = state.queue.settled > before
            if hasSettled { state.telling += 1 }
            return (result, fates, hasSettled)
        }
        for (fate, count) in fates { onFate(fate, count) }
        tell(result)
        if hasSettled {
            state.withLock { state in
                state.telling -= 1
                if state.telling == 0 { state.told = state.queue.settled }
                for flush in state.flushes.values where flush.goal <= state.told { flush.end.finish() }
            }
        }
        return result
    }

    private func post(_ batch: [[UInt8]]) async -> Result<HTTPResponse, HTTPFailure> {
        let line = SpanEncoding.line(encoded: batch, resource: resource, scope: scope)
        let headers = [(name: "Content-Type", value: "application/json"), (name: "User-Agent", value: userAgent)]
        var request = HTTPRequest(
            method: "POST", url: settings.url.text, headers: headers + settings.headers,
            body: settings.compresses ? Gzip.compress(line) : line)
        if settings.compresses { request.headers.append((name: "Content-Encoding", value: "gzip")) }
        do throws(HTTPFailure) { request.tls = try settings.tls() } catch { return .failure(error) }
        let limit = settings.timeout
        let late = HTTPFailure(.timeout, "no whole answer within \(GoDuration.format(limit))")
        return await withTaskGroup(of: Result<HTTPResponse, HTTPFailure>.self) { [request] group in
            group.addTask { [http] in await http.send(request, bodyLimit: 1 << 20) }
            group.addTask {
                await Self.pause(for: limit)
                return .failure(late)
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(late)
        }
    }

    private static func pause(for duration: Duration) async {
        // Its only error is that we were cancelled.
        _ = try? await Task.sleep(for: max(.zero, duration))
    }
}
