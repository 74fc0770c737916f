import KubernetesAPI
import Timestamps

/// An answer that is not the cluster's own: of a proxy, a webhook, a server that starts, stops or is too busy.
enum Mischief: Int, CaseIterable {
    case throttled, throttledWithoutTime, internalError, unavailable, gatewayTimeout, unauthorized, forbidden, notReady
    case unprocessable, badRequest, gone, requestTimeout, conflict
    case webhook403, webhook429, webhook400, admissionPolicy, negativeBudget, processing

    /// What may be said to an eviction as well as to anything else.
    static let everywhere: [Mischief] = [
        .throttled, .throttled, .throttledWithoutTime, .internalError, .unavailable, .gatewayTimeout, .unauthorized,
        .notReady,
    ]
    static let ofEvictions =
        everywhere + [
            .forbidden, .unprocessable, .badRequest, .gone, .requestTimeout, .conflict, .webhook403, .webhook429,
            .webhook400, .admissionPolicy, .negativeBudget, .processing,
        ]
    static let ofWebhooks: [Mischief] = [.webhook403, .webhook429, .webhook400, .admissionPolicy]

    /// Seconds, some of them out of all reason.
    private static let pauses: [Int64] = [0, 0, 1, 1, 1, 5, 5, 32, 32, 86_400, .max]

    func answer(pod: String, _ dice: inout Dice) -> (answer: Exchange.Answer, retryAfter: Duration?) {
        func refusal(_ code: Int, _ message: String, _ details: Status.Details = .init()) -> Exchange.Answer {
            .refusal(Status(code: code, message: message, details: details))
        }
        let webhook = "admission webhook \"guard.example.com\" denied the request: not now"
        switch self {
        case .throttled:
            return (
                refusal(429, "Too many requests, please try again later.\n"), .seconds(dice.pick(Self.pauses))
            )
        case .throttledWithoutTime: return (refusal(429, "Too many requests, please try again later.\n"), nil)
        case .internalError: return (refusal(500, "Internal error occurred: etcdserver: leader changed"), nil)
        case .unavailable: return (refusal(503, "service unavailable\n"), dice.chance(0.3) ? .seconds(2) : nil)
        case .gatewayTimeout:
            let message = "Timeout: couldn't update PodDisruptionBudget \"b\" due to conflicts"
            return (refusal(504, message), .seconds(10))
        case .unauthorized: return (refusal(401, "Unauthorized"), nil)
        case .forbidden:
            return (
                refusal(403, "pods \"\(pod)\" is forbidden: User \"x\" cannot create resource \"pods/eviction\""), nil
            )
        case .notReady: return (refusal(403, "not yet ready to handle request"), nil)
        case .unprocessable: return (refusal(422, "Eviction is invalid: spec: Invalid value"), nil)
        case .badRequest: return (refusal(400, "the object provided is unrecognized"), nil)
        case .gone: return (refusal(410, "the resource is gone"), nil)
        case .requestTimeout: return (refusal(408, "request timed out"), nil)
        case .conflict:
            let message = "Operation cannot be fulfilled on pods \"\(pod)\": the object has been modified"
            return (refusal(409, message), nil)
        case .webhook403: return (refusal(403, webhook), nil)
        case .webhook429: return (refusal(429, webhook), dice.chance(0.5) ? .seconds(dice.int(1, 20)) : nil)
        case .webhook400: return (refusal(400, webhook), nil)
        case .admissionPolicy:
            let message =
                "pods \"\(pod)\" is forbidden: ValidatingAdmissionPolicy 'keep' with binding 'all' denied request: no"
            return (refusal(422, message), nil)
        case .negativeBudget:
            let message =
                "poddisruptionbudget.policy \"ghost\" is forbidden: pdb disruptions allowed is negative"
            return (refusal(403, message, .init(kind: "poddisruptionbudget", name: "ghost")), nil)
        case .processing:
            let cause = "The disruption budget ghost is still being processed by the server."
            let details = Status.Details(causes: [.init(reason: "DisruptionBudget", message: cause)])
            return (
                refusal(429, "Cannot evict pod as it would violate the pod's disruption budget.", details), .seconds(10)
            )
        }
    }
}
