public import ClusterModel
public import HTTPServer
internal import Locking
public import Timestamps

/// A model cluster behind a Kubernetes API on the loopback interface, living in real time.
public final class SimulatedCluster: Sendable {
    /// Watches at once; the next is refused.
    private static let watchLimit = 200

    private struct State {
        var model: ClusterModel
        var watchers: [Int: Watcher] = [:]
        var lastWatcher = 0
        var requiredToken: String?
        /// Sleeps until something happens by itself.
        var sleeper: Task<Void, Never>?
        var wakesAt: Timestamp?
        var isStopped = false
    }

    private let state: Lock<State>
    private let time: TimeSource
    private let server = Lock<HTTPServer?>(nil)

    /// The model goes on from now: what it planned for its future keeps its distance.
    public init(_ model: ClusterModel, time: TimeSource = .anchored()) {
        state = Lock(State(model: model))
        self.time = time
    }

    /// Serves on 127.0.0.1.
    ///
    /// - Parameter port: 0 for any free one.
    /// - Returns: the server's address, such as `http://127.0.0.1:41234`.
    public func start(port: UInt16 = 0) throws(HTTPServerError) -> String {
        var limits = HTTPServerLimits()
        // Every client of a loopback server has one address.
        limits.connectionsPerAddress = 512
        let server = HTTPServer(
            routes: [], fallback: { [weak self] in await self?.answer($0) ?? .gone }, limits: limits)
        let bound = try server.start(.tcp(host: "127.0.0.1", port: port))
        self.server.withLock { $0 = server }
        withModel { _ in }
        return "http://\(bound.address)"
    }

    public func stop() async {
        let watchers = state.withLock { state in
            state.isStopped = true
            state.sleeper?.cancel()
            state.sleeper = nil
            defer { state.watchers = [:] }
            return state.watchers
        }
        for watcher in watchers.values { watcher.stream.finish() }
        await server.withLock { $0 }?.stop(grace: .seconds(1))
    }

    /// Reads or changes the cluster as it is now; watches are told of what changed.
    @discardableResult
    public func withModel<Result>(_ body: (inout ClusterModel) -> Result) -> Result {
        state.withLock { state in
            state.model.advance(to: time.now())
            let result = body(&state.model)
            settle(&state)
            return result
        }
    }

    /// From now on a request needs this bearer token; `nil`: none.
    public func require(token: String?) { state.withLock { $0.requiredToken = token } }

    /// What `kubectl --kubeconfig` reads.
    public static func kubeconfig(server: String) -> String {
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: simulated
          cluster:
            server: \(server)
        contexts:
        - name: simulated
          context:
            cluster: simulated
            user: anybody
        current-context: simulated
        users:
        - name: anybody
          user: {}

        """
    }
}

// MARK: Requests

extension SimulatedCluster {
    private func answer(_ request: HTTPServerRequest) async -> HTTPServerResponse {
        var response: HTTPServerResponse
        let rendering = ResponseRendering(request)
        do throws(APIStatus) {
            try authenticate(request)
            switch try RequestReading(request: request).asked() {
            case .model(let asked): response = await answer(asked, rendering)
            case .watch(let query, let options): response = await watch(query, options, rendering)
            case .document(let document): response = ResponseRendering.json(200, document)
            case .text(let code, let text): response = .text(code, text)
            }
        } catch {
            response = ResponseRendering.json(error.code, error.json)
        }
        response.headers.append(("Audit-Id", auditID()))
        return response
    }

    private func authenticate(_ request: HTTPServerRequest) throws(APIStatus) {
        guard let token = state.withLock({ $0.requiredToken }) else { return }
        guard request.header("Authorization") == "Bearer \(token)" else { throw .unauthorized }
    }

    private func auditID() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = String(generator.next() | 1 << 63, radix: 16)
        return "00000000-0000-4000-\(digits.prefix(4))-\(digits.suffix(12))"
    }

    private func answer(_ asked: ModelRequest, _ rendering: ResponseRendering) async -> HTTPServerResponse {
        let (response, now) = state.withLock { state in
            let now = time.now()
            let response = state.model.handle(asked, at: now)
            settle(&state)
            return (response, now)
        }
        await wait(response.delay)
        return rendering.response(to: response, at: now)
    }

    private func wait(_ delay: Duration) async {
        guard delay > .zero else { return }
        // Cancelled: the client has gone, and the answer goes nowhere.
        try? await Task.sleep(for: delay)
    }

    private func watch(
        _ query: ListQuery, _ options: WatchOptions, _ rendering: ResponseRendering
    ) async -> HTTPServerResponse {
        let now = time.now()
        let begun = state.withLock { state -> WatchBeginning in
            let response = state.model.handle(.watch(query), at: now)
            guard case .watching(let revision, let initial) = response.answer else {
                settle(&state)
                return .refused(response)
            }
            guard state.watchers.count < Self.watchLimit, !state.isStopped else {
                return .refused(ModelResponse(.text(code: 429, "too many watches\n"), retryAfterSeconds: 1))
            }
            let watcher = Watcher(query, options, rendering, after: revision, at: now)
            for object in initial { watcher.stream.push(rendering.line(.added, object, at: now)) }
            state.lastWatcher += 1
            state.watchers[state.lastWatcher] = watcher
            settle(&state)
            return .begun(state.lastWatcher, watcher.stream, response.delay)
        }
        switch begun {
        case .begun(let number, let stream, let delay):
            await wait(delay)
            stream.onClose = { [weak self] in self?.forget(number) }
            return Self.stream(stream)
        case .refused(let response):
            await wait(response.delay)
            // What has expired is said in the stream, not by the response's code.
            guard case .status(let status) = response.answer, status.reason == "Expired" else {
                return rendering.response(to: response, at: now)
            }
            let stream = ResponseStream()
            stream.push(ResponseRendering.error(status))
            stream.finish()
            return Self.stream(stream)
        }
    }

    private enum WatchBeginning {
        case begun(Int, ResponseStream, Duration)
        case refused(ModelResponse)
    }

    private static func stream(_ stream: ResponseStream) -> HTTPServerResponse {
        HTTPServerResponse(
            status: 200, headers: ResponseRendering.headers("application/json"), body: .stream(stream))
    }

    private func forget(_ watcher: Int) { _ = state.withLock { $0.watchers.removeValue(forKey: watcher) } }
}

// MARK: Time

extension SimulatedCluster {
    /// Tells the watches what has happened, and sees to it that somebody wakes when the next thing does.
    private func settle(_ state: inout State) {
        let now = max(time.now(), state.model.now)
        for number in state.watchers.keys.sorted() {
            guard state.watchers[number]?.follow(state.model, at: now) == false else { continue }
            state.watchers[number] = nil
        }
        let due = state.watchers.values.map(\.nextEvent).min()
        let next = [due, state.model.nextEvent].compactMap { $0 }.min()
        guard let next, !state.isStopped else { return }
        if let wakesAt = state.wakesAt, wakesAt <= next, wakesAt > now { return }
        state.sleeper?.cancel()
        state.wakesAt = next
        state.sleeper = Task { [weak self, time] in
            try? await Task.sleep(for: max(.zero, next - time.now()))
            guard !Task.isCancelled else { return }
            self?.wake()
        }
    }

    private func wake() {
        state.withLock { state in
            state.wakesAt = nil
            state.model.advance(to: time.now())
            settle(&state)
        }
    }
}

extension HTTPServerResponse {
    /// The cluster has been taken down.
    fileprivate static var gone: HTTPServerResponse { .text(503, "stopped\n") }
}
