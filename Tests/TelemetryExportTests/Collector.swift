import Glibc
import Locking
import TestSupport

/// A collector on the loopback interface that behaves as its script says, request by request.
final class Collector: Sendable {
    enum Behaviour: Sendable {
        case accepts
        case answers(String, headers: [String] = [], body: String = "")
        /// Reads the request, and says nothing for as long as the client stays.
        case hangs
        /// Begins an answer and goes on with a byte every now and then.
        case drips
        /// Leaves with a TCP reset, after the request or in the middle of the answer.
        case resets(afterHalf: Bool = false)
        case leaves
        case speaksGarbage

        /// Whether the client is to know that it has the spans.
        var accepts: Bool {
            switch self {
            case .accepts: true
            case .answers(let status, _, _): status.hasPrefix("2")
            case .hangs, .drips, .resets, .leaves, .speaksGarbage: false
            }
        }
    }

    struct Received: Sendable {
        var request: ServerRequest
        var at: ContinuousClock.Instant
        var wasAccepted: Bool
    }

    private let server: ScriptedServer
    private let state: Lock<(script: [Behaviour], received: [Received])>

    /// `script`: one for each request; when they are used up every request is accepted.
    init(_ script: [Behaviour]) throws {
        let state = Lock((script: script, received: [Received]()))
        self.state = state
        server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                let behaviour = state.withLock { state in
                    let next = state.script.isEmpty ? .accepts : state.script.removeFirst()
                    state.received.append(
                        Received(request: request, at: .now, wasAccepted: next.accepts))
                    return next
                }
                guard try Self.behave(behaviour, connection) else { return }
            }
        }
    }

    var url: String { server.url }
    var received: [Received] { state.withLock { $0.received } }
    /// Names of the spans that it has taken, in the order in which they came.
    var accepted: [String] { received.filter(\.wasAccepted).flatMap(\.spans) }

    /// False: the connection is over.
    private static func behave(_ behaviour: Behaviour, _ connection: ServerConnection) throws -> Bool {
        switch behaviour {
        case .accepts: try connection.respond("200 OK", headers: ["Content-Type: application/json"], body: "{}")
        case .answers(let status, let headers, let body): try connection.respond(status, headers: headers, body: body)
        case .hangs: _ = connection.waitForEnd()
        case .drips:
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while true {
                try connection.write(" ")
                usleep(20_000)
            }
        case .resets(let afterHalf):
            if afterHalf { try connection.write("HTTP/1.1 200 OK\r\nContent-Le") }
            connection.reset()
        case .leaves: break
        case .speaksGarbage: try connection.write("\u{1}\u{2} this is no HTTP\r\n\r\n")
        }
        return behaviour.keepsTheConnection
    }
}

extension Collector.Received {
    /// Their names. That all of it is OTLP is tested where it is encoded.
    var spans: [String] {
        let isZipped = request.headers["content-encoding"] == "gzip"
        guard let body = isZipped ? gunzip(request.body) : request.body else { return ["unreadable"] }
        let texts = body.split(separator: UInt8(ascii: "\""))
        let names = texts.filter { $0.starts(with: "span ".utf8) }
        return names.map { String(decoding: $0, as: UTF8.self) }
    }
}

extension Collector.Behaviour {
    fileprivate var keepsTheConnection: Bool {
        switch self {
        case .accepts, .answers: true
        case .hangs, .drips, .resets, .leaves, .speaksGarbage: false
        }
    }
}
