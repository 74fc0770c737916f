internal import FoundationEssentials
internal import KubernetesAPI
internal import Timestamps

/// Finds out once how the server wants its evictions written.
actor EvictionDiscovery {
    enum Finding: Sendable {
        case version(PolicyVersion)
        /// It names no evictions: whoever asks for one is told so by the server itself.
        case unserved
        /// Nobody knows yet: this is why.
        case refused(Reply)
    }

    private var known: PolicyVersion?
    private var running: Task<Finding, Never>?

    /// Asks until the first success; whoever waits shares one request.
    func finding(_ transport: APITransport) async -> Finding {
        if let known { return .version(known) }
        let task = running ?? Task { await Self.ask(transport) }
        running = task
        let finding = await task.value
        if running == task { running = nil }
        if case .version(let version) = finding { known = version }
        return finding
    }

    private static func ask(_ transport: APITransport) async -> Finding {
        let request = WireRequest(method: "GET", target: "/api/v1", template: "/api/v1")
        switch await transport.send(request, traceparent: nil) {
        case .failure(let failure): return .refused(Reply(failure))
        case .success(let response):
            var finding: Finding?
            let reply = Reply(response, now: transport.time.now()) { body in
                let list = try JSONDecoder().decode(APIResourceList.self, from: Data(body))
                finding = list.evictionVersion.map(Finding.version) ?? .unserved
                return .other
            }
            return finding ?? .refused(reply)
        }
    }
}
