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

    var place: String { socket }

    /// Sends it, prints the answer, and says how to exit: with the outcome's code where there is one to report.
    /// `rendering`: what is printed in place of the answer.
    func command(
        _ method: String, _ path: String, _ body: JSONValue?, reportsOutcome: Bool,
        rendering: ([UInt8]) throws -> [UInt8] = { $0 }
    ) async -> Int32 {
        let http = HTTPClient(maxConnections: 1)
        let answer = await http.send(request(method, path, body, isHeld: reportsOutcome))
        await http.shutdown()
        switch answer {
        case .failure(let failure): return complain(of: failure)
        case .success(let response): return report(response, reportsOutcome: reportsOutcome, rendering)
        }
    }

    func request(_ method: String, _ path: String, _ body: JSONValue? = nil, isHeld: Bool = false) -> HTTPRequest {
        var request = HTTPRequest(method: method, url: "http://drain-agent\(path)")
        request.unixSocket = socket
        // A drain takes as long as it takes.
        request.firstByteTimeout = isHeld ? .seconds(7 * 86_400) : .seconds(10)
        if let body {
            var bytes: [UInt8] = []
            JSONLine.append(body, to: &bytes)
            request.body = bytes
            request.headers.append((name: "Content-Type", value: "application/json"))
        }
        return request
    }

    func complain(of failure: HTTPFailure) -> Int32 {
        // Whoever cancels says why.
        guard failure.kind != .cancelled else { return AgentExit.failed }
        Complaint.say("drain-agent: \(NoAgent.text(socket: socket, failure))")
        return AgentExit.failed
    }

    private func report(
        _ response: HTTPResponse, reportsOutcome: Bool, _ rendering: ([UInt8]) throws -> [UInt8]
    ) -> Int32 {
        let reply: Reply
        let text: [UInt8]
        do {
            reply = try JSONDecoder().decode(Reply.self, from: Data(response.body))
            text = response.status < 300 ? try rendering(response.body) : []
        } catch {
            Complaint.say("drain-agent: what answers on \(socket) is no drain-agent (HTTP \(response.status))")
            return AgentExit.failed
        }
        guard response.status < 300 else {
            Complaint.say("drain-agent: \((reply.error ?? "HTTP \(response.status)").onOneLine)")
            return AgentExit.failed
        }
        StandardOutput.write(text)
        guard reportsOutcome, let outcome = reply.outcome.flatMap(DrainOutcome.init(rawValue:)) else { return 0 }
        return AgentExit.code(outcome)
    }
}
