import HTTPServer

/// Runs a server on a port of 127.0.0.1 for as long as `body` runs.
func withServer(
    _ routes: [Route], fallback: RequestHandler? = nil, limits: HTTPServerLimits = .quick,
    _ body: (UInt16, HTTPServer) async throws -> Void
) async throws {
    let server = HTTPServer(routes: routes, fallback: fallback, limits: limits)
    let bound = try server.start(.tcp(host: "127.0.0.1", port: 0))
    do {
        try await body(bound.port ?? 0, server)
    } catch {
        await server.stop(grace: .zero)
        throw error
    }
    await server.stop(grace: .zero)
}

extension HTTPServerLimits {
    /// The usual times, but looked at often: departures are noticed at once.
    static var quick: HTTPServerLimits {
        var limits = HTTPServerLimits()
        limits.inspectionInterval = .milliseconds(10)
        return limits
    }
}

/// Something that happens once or more in a server and is awaited by a test.
struct Happening<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init(_: Value.Type = Value.self) {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func happened(_ value: Value) { continuation.yield(value) }

    /// The next value; nil if the task is cancelled before.
    func next() async -> Value? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }
}
