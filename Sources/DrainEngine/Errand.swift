import KubernetesAPI
import SeededRandom
import Timestamps

/// One request that is sent again until it has been answered: the node's read, the cordon, the lists.
struct Errand: Equatable {
    enum Verdict: Equatable {
        case done(APIObject)
        /// Sent again after so long.
        case again(in: Duration, message: String)
        /// No use in asking again.
        case refused(Status)
        case hopeless(TransportFailure)
    }

    let call: APICall
    private(set) var isInFlight = false
    private(set) var due: Timestamp
    private var tries = 0
    private var firstRefusal: Timestamp?

    init(_ call: APICall, at now: Timestamp) {
        self.call = call
        due = now
    }

    var nextWake: Timestamp? { isInFlight ? nil : due }

    /// Whether to send it now; marks it as sent.
    mutating func sends(at now: Timestamp) -> Bool {
        guard !isInFlight, due <= now else { return false }
        isInFlight = true
        tries += 1
        return true
    }

    /// 403 and 401 are believed after two seconds of nothing else only: a server that has just started says them
    /// wrongly.
    mutating func answered(
        _ exchange: Exchange, at now: Timestamp, policy: DrainPolicy, random: inout SplitMix64
    ) -> Verdict {
        isInFlight = false
        let message: String
        switch exchange.answer {
        case .success(_, let object): return .done(object)
        case .failure(let failure):
            if failure.kind == .certificate, policy.certificateRefusalIsFinal { return .hopeless(failure) }
            firstRefusal = nil
            message = "\(failure.kind.rawValue): \(failure.message)"
        case .refusal(let status):
            message = status.message
            switch status.code {
            case 401, 403:
                let first = firstRefusal ?? now
                firstRefusal = first
                if now - first >= .seconds(2) { return .refused(status) }
            case 408, 409, 410, 425, 429, 500...: firstRefusal = nil
            default: return .refused(status)
            }
        }
        var delay = max(policy.backoff.delay(step: tries, using: &random), exchange.retryAfter ?? .zero)
        if firstRefusal != nil { delay = max(delay, .milliseconds(500)) }
        due = now + delay
        return .again(in: delay, message: message)
    }
}
