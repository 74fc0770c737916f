public import KubernetesAPI

/// A `Status` with everything the API server puts on the wire.
public struct APIStatus: Error, Sendable, Equatable {
    public struct Cause: Sendable, Equatable {
        public var reason: String
        public var message: String
        public var field = ""
    }

    public struct Details: Sendable, Equatable {
        public var name = ""
        public var group = ""
        public var kind = ""
        public var causes: [Cause] = []
        /// Also sent as the header `Retry-After`.
        public var retryAfterSeconds = 0
    }

    public var code: Int
    public var isSuccess = false
    public var message = ""
    public var reason = ""
    public var details: Details?
    /// `metadata.continue`: where an expired list can be taken up, inconsistently.
    public var continueToken = ""

    public init(code: Int, reason: String = "", message: String = "", details: Details? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }

    public static var created: APIStatus {
        var status = APIStatus(code: 201)
        status.isSuccess = true
        return status
    }

    static var done: APIStatus {
        var status = APIStatus(code: 200)
        status.isSuccess = true
        return status
    }

    /// As a client reads it.
    public var status: Status {
        let details = details ?? Details()
        return Status(
            code: code, reason: reason, message: message,
            details: .init(
                kind: details.kind, name: details.name,
                causes: details.causes.map { .init(reason: $0.reason, message: $0.message) },
                retryAfterSeconds: Int64(details.retryAfterSeconds)))
    }
}

extension APIStatus {
    public static func badRequest(_ message: String) -> APIStatus {
        APIStatus(code: 400, reason: "BadRequest", message: message)
    }

    static func notFound(_ resource: ResourceKind, _ name: String) -> APIStatus {
        APIStatus(
            code: 404, reason: "NotFound", message: "\(resource.qualifiedName) \"\(name)\" not found",
            details: Details(name: name, group: resource.group, kind: resource.rawValue))
    }

    static func alreadyExists(_ resource: ResourceKind, _ name: String) -> APIStatus {
        APIStatus(
            code: 409, reason: "AlreadyExists", message: "\(resource.qualifiedName) \"\(name)\" already exists",
            details: Details(name: name, group: resource.group, kind: resource.rawValue))
    }

    static func modified(_ resource: ResourceKind, _ name: String) -> APIStatus {
        APIStatus(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(resource.qualifiedName) \"\(name)\": the object has been "
                + "modified; please apply your changes to the latest version and try again",
            details: Details(name: name, group: resource.group, kind: resource.rawValue))
    }

    static func versionMissing(_ resource: ResourceKind, _ name: String) -> APIStatus {
        let problem = "Invalid value: 0x0: must be specified for an update"
        return APIStatus(
            code: 422, reason: "Invalid",
            message: "\(resource.qualifiedName) \"\(name)\" is invalid: metadata.resourceVersion: \(problem)",
            details: Details(
                name: name, group: resource.group, kind: resource.rawValue,
                causes: [Cause(reason: "FieldValueInvalid", message: problem, field: "metadata.resourceVersion")]))
    }

    static var versionOnCreation: APIStatus {
        APIStatus(code: 500, message: "resourceVersion should not be set on objects to be created")
    }

    static func versionPrecondition(
        _ resource: ResourceKind, _ name: String, wanted: String, found: String
    ) -> APIStatus {
        APIStatus(
            code: 409, reason: "Conflict",
            message:
                "Operation cannot be fulfilled on \(resource.kind).\(resource.group) \"\(name)\": the ResourceVersion in "
                + "the precondition (\(wanted)) does not match the ResourceVersion in record (\(found)). The object "
                + "might have been modified",
            details: Details(name: name, group: resource.group, kind: resource.kind))
    }

    static func uidPrecondition(pod: String, wanted: String, found: String) -> APIStatus {
        APIStatus(
            code: 409, reason: "Conflict",
            message:
                "Operation cannot be fulfilled on Pod \"\(pod)\": the UID in the precondition (\(wanted)) does not "
                + "match the UID in record (\(found)). The object might have been deleted and then recreated",
            details: Details(name: pod, kind: "Pod"))
    }

    static func namespaceTerminating(
        _ namespace: String, _ resource: ResourceKind, _ name: String
    ) -> APIStatus {
        APIStatus(
            code: 403, reason: "Forbidden",
            message:
                "\(resource.qualifiedName) \"\(name)\" is forbidden: unable to create new content in namespace \(namespace) because it "
                + "is being terminated",
            details: Details(
                name: name, group: resource.group, kind: resource.rawValue,
                causes: [
                    Cause(
                        reason: "NamespaceTerminating", message: "namespace \(namespace) is being terminated",
                        field: "metadata.namespace")
                ]))
    }

    /// 429, naming the budget that says no and why.
    static func disruptionBudget(_ cause: String, retryAfterSeconds: Int = 0) -> APIStatus {
        APIStatus(
            code: 429, reason: "TooManyRequests",
            message: "Cannot evict pod as it would violate the pod's disruption budget.",
            details: Details(
                causes: [Cause(reason: "DisruptionBudget", message: cause)], retryAfterSeconds: retryAfterSeconds))
    }

    static func budgetNotReady(_ name: String) -> APIStatus {
        disruptionBudget("The disruption budget \(name) is still being processed by the server.", retryAfterSeconds: 10)
    }

    static func budgetForbids(_ name: String, _ why: String) -> APIStatus {
        APIStatus(
            code: 403, reason: "Forbidden", message: "poddisruptionbudget.policy \"\(name)\" is forbidden: \(why)",
            details: Details(name: name, group: "policy", kind: "poddisruptionbudget"))
    }

    static var severalBudgets: APIStatus {
        APIStatus(
            code: 500,
            message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
    }

    static func expiredContinue(_ token: String) -> APIStatus {
        var status = APIStatus(
            code: 410, reason: "Expired",
            message: "The provided continue parameter is too old to display a consistent list result. You can start a "
                + "new list without the continue parameter, or use the continue token in this response to retrieve "
                + "the remainder of the results. Continuing with the provided token results in an inconsistent list - "
                + "objects that were created, modified, or deleted between the time the first chunk was returned and "
                + "now may show up in the list.")
        status.continueToken = token
        return status
    }

    public static var expiredWatch: APIStatus {
        APIStatus(
            code: 410, reason: "Expired", message: "The resourceVersion for the provided watch is too old.")
    }

    static func versionTooLarge(_ wanted: Int, current: Int) -> APIStatus {
        APIStatus(
            code: 504, reason: "Timeout",
            message: "Timeout: Too large resource version: \(wanted), current: \(current)",
            details: Details(
                causes: [Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version")],
                retryAfterSeconds: 1))
    }

    public static var unauthorized: APIStatus { APIStatus(code: 401, reason: "Unauthorized", message: "Unauthorized") }

    public static func internalError(_ message: String) -> APIStatus {
        APIStatus(
            code: 500, reason: "InternalError", message: "Internal error occurred: \(message)",
            details: Details(causes: [Cause(reason: "", message: message)]))
    }

    /// What a validating webhook's refusal looks like.
    public static func webhookDenial(_ webhook: String, _ why: String, code: Int = 403) -> APIStatus {
        APIStatus(
            code: code, reason: code == 403 ? "Forbidden" : "",
            message: "admission webhook \"\(webhook)\" denied the request: \(why)")
    }
}
