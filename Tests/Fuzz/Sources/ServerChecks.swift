import DrainEngine
import FoundationEssentials
import KubernetesAPI
import Telemetry
import Timestamps

@testable import DrainAgent
@testable import HTTPServer

/// What clients send to our server.
enum ServerChecks {
    private static let router = Router(
        routes: ["/metrics", "/drain", "/", "/plan"].map { Route("GET", $0) { _ in .text(200, "ok\n") } }
            + [Route("POST", "/drain") { _ in .text(202, "ok\n") }],
        fallback: nil, fallbackBodyLimit: 0)

    static func requestTarget(_ bytes: [UInt8]) {
        if case .handle(let route, let target) = router.decide(method: "POST", target: bytes) {
            require(route.path == target.path, "a route answers for its own path")
        }
        guard let target = try? RequestTarget(parsing: bytes) else { return }
        require(target.path.utf8.first == UInt8(ascii: "/"), "a path begins with a slash")
        require(!target.path.utf8.contains(0), "no NUL comes through")
        var written = escaped(target.path, keeping: "/")
        for (name, value) in target.query.sorted(by: { $0.key < $1.key }) {
            require(!name.utf8.contains(0) && !value.utf8.contains(0), "no NUL comes through")
            written += (written.contains("?") ? "&" : "?") + escaped(name) + "=" + escaped(value)
        }
        require((try? RequestTarget(parsing: Array(written.utf8))) == target, "\(written) is read as something else")
    }

    private static func escaped(_ text: String, keeping kept: String = "") -> String {
        text.utf8.map { byte in
            kept.utf8.contains(byte)
                ? String(Unicode.Scalar(byte)) : "%" + String(UInt16(byte) + 0x100, radix: 16).dropFirst()
        }.joined()
    }

    static func accept(_ bytes: [UInt8]) {
        let text = bytes.text
        let offers = ExpositionFormat.allCases.map(\.contentType)
        let preferred = AcceptHeader(parsing: text).prefers(offers)
        require(preferred.map(offers.contains) ?? true, "what is preferred was offered")
        require(AcceptHeader(parsing: text).prefers([]) == nil, "nothing is preferred of nothing")
        _ = ExpositionFormat(acceptedBy: text)
        _ = AcceptEncodingHeader(parsing: text).prefersGzip
        for member in QualityList(parsing: text).members {
            require((0...1000).contains(member.quality), "a weight is 0 to 1")
            require(!member.value.isEmpty && member.value == member.value.lowercased(), "in lower case")
        }
    }

    /// Headers of a request that wants to change something, a line each.
    static func bearer(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let headers = input.lines().compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1].drop { $0 == " " })) : nil
        }
        let request = HTTPServerRequest(
            method: "POST", path: "/drain", headers: headers, peer: .tcp(address: "127.0.0.2"))
        guard
            ControlGate.refusal(ofBrowser: request) ?? ControlGate.refusal(of: request, token: Array(token.utf8)) == nil
        else { return }
        let given = headers.filter { $0.0.lowercased() == "authorization" }.map(\.1)
        require(given.count == 1, "one credential, not several")
        require(given.first?.dropFirst(7) == token, "only the token is let in")
        require(!headers.contains { $0.0.lowercased() == "origin" }, "a browser is not")
    }

    private static let token = "drain-me-2026"[...]
    static func address(_ bytes: [UInt8]) {
        guard let address = try? ListenAddress(parsing: bytes.text) else { return }
        require((try? ListenAddress(parsing: "\(address)")) == address, "\(address) is read as something else")
        if case .tcp(let host, let port) = address {
            require(host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(host) is an address")
            require(SocketAddress(host: host, port: port) != nil, "\(host) can be listened on")
        }
    }

    /// The body of POST /drain.
    static func drainBody(_ bytes: [UInt8]) {
        let (id, overrides): (String?, DrainDemand.Overrides)
        do { (id, overrides) = try DrainDemand.Overrides.parse(bytes) } catch {
            return require(!error.description.isEmpty, "a refusal says why")
        }
        if let id { require((1...128).contains(id.utf8.count) && id.utf8.allSatisfy { $0 > 0x2C && $0 < 0x7B }, id) }
        require((overrides.gracePeriodSeconds ?? 0) >= 0, "a grace period is none below zero")
        require((overrides.timeout ?? .zero) >= .zero, "a timeout is none below zero")
        var members: [(String, JSONValue)] = []
        if let id { members.append(("drain_id", .string(id))) }
        if let seconds = overrides.gracePeriodSeconds { members.append(("grace_period_seconds", .int(seconds))) }
        if let selector = overrides.podSelector { members.append(("pod_selector", .string("\(selector)"))) }
        if let dryRun = overrides.dryRun { members.append(("dry_run", .string(dryRun.rawValue))) }
        if let timeout = overrides.timeout { members.append(("timeout", .string("\(timeout.nanoseconds)ns"))) }
        var written: [UInt8] = []
        JSONLine.append(.object(members), to: &written)
        let again = try? DrainDemand.Overrides.parse(written)
        require(again?.id == id && again?.overrides == overrides, "\(written.text) is read as something else")
    }
}
