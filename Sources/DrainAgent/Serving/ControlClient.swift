import DrainEngine
import FoundationEssentials
import Glibc
import HTTPClient
import Telemetry

/// Talks to the agent of this machine through its Unix socket.
struct ControlClient {
    private struct Reply: Decodable {
        var outcome: String?
        var error: String?
    }

    private let socket: String

    init(_ socket: String) { self.socket = socket }

    /// Sends it, prints the answer, and says how to exit: with the outcome's code where there is one to report.
    func command(_ method: String, _ path: String, _ body: JSONValue?, reportsOutcome: Bool) async -> Int32 {
        let http = HTTPClient(maxConnections: 1)
        var request = HTTPRequest(method: method, url: "http://drain-agent\(path)")
        request.unixSocket = socket
        // A drain takes as long as it takes.
        request.firstByteTimeout = reportsOutcome ? .seconds(7 * 86_400) : .seconds(10)
        if let body {
            var bytes: [UInt8] = []
            JSONLine.append(body, to: &bytes)
            request.body = bytes
            request.headers.append((name: "Content-Type", value: "application/json"))
        }
        let answer = await http.send(request)
        await http.shutdown()
        switch answer {
        case .failure(let failure):
            Complaint.say(
                "drain-agent: no agent answers on \(socket): \(failure.message). Is `drain-agent run` running here, with this --control-socket?"
            )
            return AgentExit.failed
        case .success(let response): return report(response, reportsOutcome: reportsOutcome)
        }
    }

    private func report(_ response: HTTPResponse, reportsOutcome: Bool) -> Int32 {
        let reply: Reply
        do { reply = try JSONDecoder().decode(Reply.self, from: Data(response.body)) } catch {
            Complaint.say("drain-agent: what answers on \(socket) is no drain-agent (HTTP \(response.status))")
            return AgentExit.failed
        }
        guard response.status < 300 else {
            Complaint.say("drain-agent: \(reply.error ?? "HTTP \(response.status)")")
            return AgentExit.failed
        }
        _ = response.body.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        guard reportsOutcome, let outcome = reply.outcome.flatMap(DrainOutcome.init(rawValue:)) else { return 0 }
        return AgentExit.code(outcome)
    }
}
