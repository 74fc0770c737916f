public import KubernetesAPI

/// What the API server made of an eviction request: the rows of docs/eviction-answers.md, in our words.
public enum EvictionAnswer: String, Sendable, CaseIterable {
    case accepted
    case budget
    case severalBudgets = "several_budgets"
    case deferred
    case throttled
    case gone
    case replaced
    case namespaceTerminating = "namespace_terminating"
    case unauthorized
    case forbidden
    case rejected
    case serverError = "server_error"
    case unreachable
}

/// An eviction's answer, read.
public struct EvictionReply: Sendable, Equatable {
    public var answer: EvictionAnswer
    /// Who said not now, when somebody did.
    public var blocker: Blocker?
    /// The server's words, or the transport's.
    public var message: String

    public init(_ answer: EvictionAnswer, blocker: Blocker? = nil, message: String = "") {
        self.answer = answer
        self.blocker = blocker
        self.message = message
    }

    /// Classifies; `namespace` is the pod's, for a budget lives beside its pods.
    public init(_ answer: Exchange.Answer, namespace: String) {
        switch answer {
        case .success: self.init(.accepted)
        case .failure(let failure): self.init(.unreachable, message: "\(failure.kind.rawValue): \(failure.message)")
        case .refusal(let status): self = Self.refused(status, namespace: namespace)
        }
    }

    /// The order of the rows matters: a webhook may deny with any code, a budget with 429 or 403.
    private static func refused(_ status: Status, namespace: String) -> EvictionReply {
        let message = status.cause("DisruptionBudget")?.message ?? status.message
        if status.code == 401 { return EvictionReply(.unauthorized, message: message) }
        if let webhook = admissionDenier(status.message) {
            return EvictionReply(.deferred, blocker: .webhook(name: webhook), message: message)
        }
        if let budget = budgetName(status) {
            return EvictionReply(.budget, blocker: .budget(namespace: namespace, name: budget), message: message)
        }
        switch status.code {
        case 500 where status.message.hasPrefix("This pod has more than one PodDisruptionBudget"):
            return EvictionReply(.severalBudgets, blocker: .severalBudgets(namespace: namespace), message: message)
        case 429: return EvictionReply(.throttled, message: message)
        case 404 where status.details.kind == "pods" || status.details.kind == "namespaces":
            return EvictionReply(.gone, message: message)
        case 409 where namesUIDPrecondition(status.message): return EvictionReply(.replaced, message: message)
        case 403 where status.cause("NamespaceTerminating") != nil:
            return EvictionReply(.namespaceTerminating, message: message)
        case 403 where status.message.contains("not yet ready to handle request"):
            return EvictionReply(.serverError, message: message)
        case 403: return EvictionReply(.forbidden, message: message)
        case 409, 500...: return EvictionReply(.serverError, message: message)
        default: return EvictionReply(.rejected, message: message)
        }
    }

    /// `admission webhook "X" denied the request: …`, or a policy's
    /// `…: ValidatingAdmissionPolicy 'X' with binding 'Y' denied request: …`.
    private static func admissionDenier(_ message: String) -> String? {
        if let name = message.name(after: "admission webhook \"", upTo: "\""),
            message.hasPrefix("admission webhook \"\(name)\" denied")
        {
            return name
        }
        guard let policy = message.firstRange(of: "ValidatingAdmissionPolicy '") else { return nil }
        return message[policy.upperBound...].name(after: "", upTo: "'")
    }

    /// 429 with the cause `The disruption budget NAME …`; 403 about `poddisruptionbudget.policy "NAME"` (a negative
    /// allowance, too many disrupted pods).
    private static func budgetName(_ status: Status) -> String? {
        if status.code == 429, let cause = status.cause("DisruptionBudget") {
            return cause.message.name(after: "The disruption budget ", upTo: " ") ?? ""
        }
        guard status.code == 403 else { return nil }
        return status.message.name(after: "poddisruptionbudget.policy \"", upTo: "\"")
            ?? status.message.name(after: "poddisruptionbudgets.policy \"", upTo: "\"")
    }

    /// `the UID in the precondition (…) does not match` (1.36), `Precondition failed: UID in precondition: …` (1.20).
    private static func namesUIDPrecondition(_ message: String) -> Bool {
        let message = message.lowercased()
        return message.contains("precondition") && message.contains("uid")
    }
}

extension StringProtocol {
    /// What stands between `prefix` at the start and `end`, if it can be an object's name: it becomes a label.
    fileprivate func name(after prefix: String, upTo end: Character) -> String? {
        guard hasPrefix(prefix) else { return nil }
        let rest = dropFirst(prefix.count)
        guard let end = rest.firstIndex(of: end), (1...253).contains(rest[..<end].utf8.count),
            rest[..<end].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:".contains($0)) })
        else { return nil }
        return String(rest[..<end])
    }
}

extension String {
    fileprivate func firstRange(of text: String) -> Range<String.Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(text) { return index..<self.index(index, offsetBy: text.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
