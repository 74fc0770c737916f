import DrainEngine
import KubernetesAPI

/// How an answer to an eviction ought to be read, by who gave it: the engine reads it by its words.
enum AnswerKey {
    static func expected(_ exchange: Exchange) -> EvictionAnswer {
        if let told = exchange.auditID.flatMap(EvictionAnswer.init(rawValue:)) { return told }
        switch exchange.answer {
        case .success: return .accepted
        case .failure: return .unreachable
        case .refusal(let status):
            switch status.code {
            case 404: return .gone
            case 409: return .replaced
            case 429: return .budget
            case 500: return .severalBudgets
            case 403: return status.cause("NamespaceTerminating") == nil ? .forbidden : .namespaceTerminating
            default: return .rejected
            }
        }
    }
}

extension Mischief {
    /// Travels with the answer as its audit id.
    var meaning: EvictionAnswer {
        switch self {
        case .throttled, .throttledWithoutTime: .throttled
        case .internalError, .unavailable, .gatewayTimeout, .notReady, .conflict: .serverError
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .unprocessable, .badRequest, .gone, .requestTimeout: .rejected
        case .webhook403, .webhook429, .webhook400, .admissionPolicy: .deferred
        case .negativeBudget, .processing: .budget
        }
    }
}
