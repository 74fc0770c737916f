internal import FoundationEssentials
internal import KubernetesAPI
internal import Timestamps

/// Finds out once in which version of the policy group the server takes something.
actor PolicyDiscovery {
    /// Nobody knows yet: this is why.
    struct Unknown: Error { var reply: Reply }

    private let path: String
    private let version: @Sendable ([UInt8]) throws -> PolicyVersion?
    private var known: PolicyVersion?
    private var running: Task<Result<PolicyVersion?, Unknown>, Never>?

    /// How evictions are written, as the resources of the core group say.
    static var evictions: PolicyDiscovery {
        PolicyDiscovery("/api/v1") { try JSONDecoder().decode(APIResourceList.self, from: Data($0)).evictionVersion }
    }

    /// Where budgets are read, as the policy group says.
    static var budgets: PolicyDiscovery {
        PolicyDiscovery("/apis/policy") { try JSONDecoder().decode(APIGroup.self, from: Data($0)).policyVersion }
    }

    private init(_ path: String, _ version: @escaping @Sendable ([UInt8]) throws -> PolicyVersion?) {
        self.path = path
        self.version = version
    }

    /// Asks until the first success; whoever waits shares one request. Where the server names no version it is the
    /// newest one's turn, and whoever uses that is told by the server itself.
    func version(_ transport: APITransport, traceparent: String?) async -> Result<PolicyVersion, Unknown> {
        if let known { return .success(known) }
        let task = running ?? Task { [path, version] in await Self.ask(transport, traceparent, path, version) }
        running = task
        let found = await task.value
        if running == task { running = nil }
        if case .success(let version?) = found { known = version }
        return found.map { $0 ?? .v1 }
    }

    private static func ask(
        _ transport: APITransport, _ traceparent: String?, _ path: String, _ version: ([UInt8]) throws -> PolicyVersion?
    ) async -> Result<PolicyVersion?, Unknown> {
        let request = WireRequest(method: "GET", target: path, template: path)
        switch await transport.send(request, traceparent: traceparent) {
        case .failure(let failure): return .failure(Unknown(reply: Reply(failure)))
        case .success(let response):
            var found: PolicyVersion??
            let reply = Reply(response, now: transport.time.now()) { body in
                found = .some(try version(body))
                return .other
            }
            return found.map { .success($0) } ?? .failure(Unknown(reply: reply))
        }
    }
}
