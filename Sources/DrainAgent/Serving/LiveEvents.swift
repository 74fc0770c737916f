import DrainTelemetry
import HTTPServer
import Telemetry

/// GET /drain/events: the drain's feed as server-sent events.
enum LiveEvents {
    /// Each has a connection, and a queue for what it has not read yet.
    static let limit = 32
    /// Bytes a follower may be behind with, beside its first message; one that reads slower is cut off, and comes back.
    private static let slack = 1 << 20
    /// No comment: a page that hears nothing must be able to tell, and EventSource keeps comments to itself.
    static let heartbeat = "event: alive\ndata: {}\n\n"

    static func response(_ feed: DrainFeed) -> HTTPServerResponse {
        guard feed.followers < limit else {
            var refusal = HTTPServerResponse.error(503, "\(limit) clients follow already")
            refusal.headers.append(("Retry-After", "30"))
            return refusal
        }
        let (number, whole) = feed.join()
        let first = Array("retry: 2000\n\n".utf8) + text(whole)
        let stream = ResponseStream(queueLimit: first.count + slack, heartbeat: Array(heartbeat.utf8))
        stream.push(first)
        stream.onClose = { feed.leave(number) }
        feed.follow(number) { stream.push(text($0)) }
        return HTTPServerResponse(
            status: 200, headers: [("Content-Type", "text/event-stream"), ("X-Accel-Buffering", "no")],
            body: .stream(stream))
    }

    private static func text(_ message: DrainFeed.Message) -> [UInt8] {
        var bytes = Array("event: \(message.kind.rawValue)\ndata: ".utf8)
        JSONLine.append(message.data, to: &bytes)
        return bytes + Array("\n\n".utf8)
    }
}
