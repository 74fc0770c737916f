import DrainTelemetry
import HTTPServer
import Telemetry

/// GET /drain/events: the drain's feed as server-sent events.
enum LiveEvents {
    /// Bytes a follower may be behind with, beside its first message; one that reads slower is cut off, and comes back.
    private static let slack = 1 << 20
    /// No comment: a page that hears nothing must be able to tell, and EventSource keeps comments to itself.
    static let heartbeat = "event: alive\ndata: {}\n\n"

    static func response(_ feed: DrainFeed) -> HTTPServerResponse {
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
