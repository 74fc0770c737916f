internal import ClusterModel
internal import HTTPServer
internal import KubernetesAPI

/// What an HTTP request asks for.
enum Asked: Sendable {
    case model(ModelRequest)
    case watch(ListQuery, WatchOptions)
    /// The same for everybody.
    case document(JSON)
    case text(code: Int, String)
}

struct WatchOptions: Sendable, Equatable {
    var bookmarks: Bool
    var timeout: Duration
}

/// Reads a request; throws the API server's refusal of one that is malformed.
struct RequestReading {
    var request: HTTPServerRequest

    func asked() throws(APIStatus) -> Asked {
        let path = request.path.split(separator: "/").map(String.init)
        if request.method == "GET", let document = document(path) { return document }
        if request.method == "POST", let review = try review(path) { return .model(review) }
        guard let place = ResourcePath(path) else { return .text(code: 404, "404 page not found\n") }
        guard let asked = try asked(of: place) else {
            throw APIStatus(
                code: 405, reason: "MethodNotAllowed",
                message: "the server does not allow this method on the requested resource")
        }
        return asked
    }

    private func document(_ path: [String]) -> Asked? {
        switch (path.first, path.count) {
        case ("version", 1): .model(.readVersion)
        case ("healthz", 1), ("livez", 1), ("readyz", 1): .text(code: 200, "ok")
        case ("api", 1): .document(Discovery.core)
        case ("api", 2): Discovery.resources(of: path[1]).map(Asked.document)
        case ("apis", 1): .document(Discovery.groupList)
        case ("apis", 2): Discovery.group(path[1]).map(Asked.document)
        case ("apis", 3): Discovery.resources(of: "\(path[1])/\(path[2])").map(Asked.document)
        default: nil
        }
    }

    private func review(_ path: [String]) throws(APIStatus) -> ModelRequest? {
        guard path.count == 4, path[0] == "apis" else { return nil }
        switch path[3] {
        case "selfsubjectreviews" where path[1] == "authentication.k8s.io": return .reviewSelf
        case "selfsubjectaccessreviews" where path[1] == "authorization.k8s.io":
            let wanted = try body()["spec"]?["resourceAttributes"]
            let resource = ResourceKind(rawValue: wanted?["resource"]?.string ?? "")
            // Of what is not served here, everything is allowed.
            guard let resource else { return .reviewAccess(AccessAttributes("get", .nodes)) }
            return .reviewAccess(
                AccessAttributes(
                    wanted?["verb"]?.string ?? "", resource, subresource: wanted?["subresource"]?.string,
                    namespace: wanted?["namespace"]?.string, name: wanted?["name"]?.string ?? ""))
        default: return nil
        }
    }

    private func asked(of place: ResourcePath) throws(APIStatus) -> Asked? {
        switch (request.method, place.name, place.subresource) {
        case ("GET", let name, nil):
            if let name, request.query["watch"] == nil {
                return .model(.get(place.resource, namespace: place.namespace, name: name))
            }
            var query = try listQuery(place)
            query.name = name ?? query.name
            guard let watch = request.query["watch"], watch != "false", watch != "0" else {
                return .model(.list(query))
            }
            return .watch(query, watchOptions)
        case ("GET", let name?, "status"): return .model(.get(place.resource, namespace: place.namespace, name: name))
        case ("POST", let name?, "eviction") where place.resource == .pods:
            return .model(.evict(try eviction(of: name, in: place.namespace ?? "")))
        case ("DELETE", let name?, nil): return try deletion(of: place, name).map(Asked.model)
        case ("PATCH", let name?, _): return try patch(of: place, name).map(Asked.model)
        case ("GET", let name?, "scale"):
            return .model(.readScale(place.resource, namespace: place.namespace ?? "", name: name))
        case ("PUT", let name?, _): return try replacement(of: place, name).map(Asked.model)
        case ("POST", nil, nil): return try creation(in: place).map(Asked.model)
        default: return nil
        }
    }

    private var watchOptions: WatchOptions {
        // The server's own limit lies between half an hour and an hour.
        let seconds = request.query["timeoutSeconds"].flatMap { Int($0) } ?? 0
        return WatchOptions(
            bookmarks: request.query["allowWatchBookmarks"] == "true" || request.query["allowWatchBookmarks"] == "1",
            timeout: .seconds(seconds > 0 ? min(seconds, 86_400) : 2700))
    }

    private func listQuery(_ place: ResourcePath) throws(APIStatus) -> ListQuery {
        var query = ListQuery(place.resource, namespace: place.namespace)
        query.limit = max(0, request.query["limit"].flatMap { Int($0) } ?? 0)
        query.continueToken = request.query["continue"].flatMap { $0.isEmpty ? nil : $0 }
        query.resourceVersion = request.query["resourceVersion"] ?? ""
        guard query.resourceVersion.isEmpty || Int(query.resourceVersion) != nil else {
            throw .badRequest(
                "resourceVersion: Invalid value: \"\(query.resourceVersion)\": strconv.ParseUint: invalid syntax")
        }
        if let text = request.query["labelSelector"], !text.isEmpty {
            do { query.labels = try LabelSelector(parsing: text) } catch {
                throw .badRequest("unable to parse requirement: \(error.description)")
            }
        }
        for term in (request.query["fieldSelector"] ?? "").split(separator: ",") {
            let parts = term.split(separator: "=", omittingEmptySubsequences: true)
            switch (parts.first, parts.count) {
            case ("spec.nodeName", 2) where place.resource == .pods: query.node = String(parts[1])
            case ("metadata.name", 2): query.name = String(parts[1])
            case ("metadata.namespace", 2): query.namespace = String(parts[1])
            default: throw .badRequest("field label not supported: \(parts.first ?? term)")
            }
        }
        return query
    }

    func body() throws(APIStatus) -> JSON {
        guard !request.body.isEmpty else { return [:] }
        do { return try JSON(parsing: request.body) } catch {
            throw .badRequest(
                "the object provided is unrecognized (must be of type): couldn't get version/kind; json parse error")
        }
    }

    var isDryRun: Bool { request.query["dryRun"] == "All" }
}
