import DrainEngine
import FoundationEssentials
import Glibc
import HTTPClient
import Telemetry

/// Talks to a running agent, through the Unix socket of this machine or at a URL.
struct ControlClient {
    /// Where it is, and what it may be told.
    struct Endpoint {
        /// Scheme and authority.
        var url: String
        /// The file to connect to in place of the URL's host.
        var socket: String?
        var tls = TLSOptions()
        var token: String?
    }

    private struct Reply: Decodable {
        var outcome: String?
        var error: String?
    }

    let endpoint: Endpoint

    var place: String { endpoint.socket ?? endpoint.url }

    /// Sends it, prints the answer, and says how to exit: with the outcome's code where there is one to report.
    /// `rendering`: what is printed in place of the answer.
    static func command(
        _ agent: AgentOptions, _ method: String, _ path: String, _ body: JSONValue? = nil, reportsOutcome: Bool = false,
        rendering: ([UInt8]) throws -> [UInt8] = { $0 }
    ) async -> Int32 {
        do {
            let client = ControlClient(endpoint: try agent.endpoint())
            return await client.command(method, path, body, reportsOutcome, rendering)
        } catch {
            return Complaint.exit(error)
        }
    }

    private func command(
        _ method: String, _ path: String, _ body: JSONValue?, _ reportsOutcome: Bool,
        _ rendering: ([UInt8]) throws -> [UInt8]
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
        var request = HTTPRequest(method: method, url: endpoint.url + path, tls: endpoint.tls)
        request.unixSocket = endpoint.socket
        // A drain takes as long as it takes.
        request.firstByteTimeout = isHeld ? .seconds(7 * 86_400) : .seconds(10)
        if let token = endpoint.token { request.headers.append((name: "Authorization", value: "Bearer \(token)")) }
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
        Complaint.say("drain-agent: \(NoAgent.text(endpoint, failure))")
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
            Complaint.say("drain-agent: what answers on \(place) is no drain-agent (HTTP \(response.status))")
            return AgentExit.failed
        }
        guard response.status < 300 else {
            let step = NoAgent.nextStep(status: response.status, endpoint)
            Complaint.say("drain-agent: \((reply.error ?? "HTTP \(response.status)").onOneLine)\(step)")
            return AgentExit.failed
        }
        StandardOutput.write(text)
        guard reportsOutcome, let outcome = reply.outcome.flatMap(DrainOutcome.init(rawValue:)) else { return 0 }
        return AgentExit.code(outcome)
    }
}
