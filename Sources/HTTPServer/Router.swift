/// Decides from the first line of a request who answers it.
struct Router: Sendable {
    enum Decision {
        case handle(Route, RequestTarget)
        /// Nobody: this is the answer.
        case refuse(HTTPServerResponse)
    }

    private let routes: [String: [Route]]
    private let fallback: Route?

    init(routes: [Route], fallback: RequestHandler?, fallbackBodyLimit: Int) {
        self.routes = Dictionary(grouping: routes, by: \.path)
        self.fallback = fallback.map { Route("*", "*", bodyLimit: fallbackBodyLimit, $0) }
    }

    func decide(method: String, target raw: [UInt8]) -> Decision {
        let target: RequestTarget
        do {
            target = try RequestTarget(parsing: raw)
        } catch {
            return .refuse(.error(400, error.reason))
        }
        guard let candidates = routes[target.path] else {
            guard let fallback else { return .refuse(.error(404, "no route for \(Self.shown(target.path))")) }
            return .handle(fallback, target)
        }
        guard let route = candidates.first(where: { $0.answers(method) }) else {
            return .refuse(notAllowed(method, target.path, candidates))
        }
        return .handle(route, target)
    }

    private func notAllowed(_ method: String, _ path: String, _ candidates: [Route]) -> HTTPServerResponse {
        let methods = candidates.flatMap { $0.method == "GET" ? ["GET", "HEAD"] : [$0.method] }
        let allowed = methods.joined(separator: ", ")
        var response = HTTPServerResponse.error(
            405, "method \(Self.shown(method)) is not allowed for \(path): \(allowed)")
        response.headers.append(("Allow", allowed))
        return response
    }

    /// As much of a client's text as an answer repeats.
    private static func shown(_ text: String) -> Substring { text.prefix(200) }
}
