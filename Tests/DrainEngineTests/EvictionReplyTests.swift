import DrainEngine
import KubernetesAPI
import Testing

@Suite("EvictionReply: what the server's answer is to us")
struct EvictionReplyTests {
    @Test("a recorded answer is read as its row says", arguments: WireTable.evictions)
    func recorded(row: WireTable.Row) throws {
        let reply = EvictionReply(try RecordedAnswer.read(row.file), namespace: "demo")
        #expect(reply.answer == row.answer)
        #expect(reply.blocker == row.blocker)
        #expect(reply.message.isEmpty == (row.answer == .accepted))
    }

    struct Case: Sendable, CustomStringConvertible {
        var description: String
        var status: Status
        var answer: EvictionAnswer
        var blocker: Blocker?

        init(_ description: String, _ status: Status, _ answer: EvictionAnswer, _ blocker: Blocker? = nil) {
            self.description = description
            self.status = status
            self.answer = answer
            self.blocker = blocker
        }
    }

    private static let policyDenial =
        "pods \"db-0\" is forbidden: ValidatingAdmissionPolicy 'keep-primaries' with binding 'all' denied request: no"
    private static let uid120 =
        "Precondition failed: UID in precondition: 1, UID in object meta: 2"

    static let cases =
        [400, 403, 429, 500].map { code in
            Case(
                "a webhook that denies with \(code)",
                Status(code: code, message: "admission webhook \"kv.io\" denied the request: migrating"), .deferred,
                .webhook(name: "kv.io"))
        } + [
            Case(
                "a webhook that gives no reason",
                Status(code: 403, message: "admission webhook \"kv.io\" denied the request without explanation"),
                .deferred, .webhook(name: "kv.io")),
            Case(
                "a webhook that denies with a budget's cause is still a webhook",
                Status(
                    code: 429, message: "admission webhook \"kv.io\" denied the request: x",
                    details: Status.Details(causes: [Status.Cause(reason: "DisruptionBudget")])),
                .deferred, .webhook(name: "kv.io")),
            Case(
                "a webhook that does not answer is the server's trouble",
                Status(
                    code: 500, reason: "InternalError",
                    message: "Internal error occurred: failed calling webhook \"kv.io\": context deadline exceeded"),
                .serverError),
            Case(
                "a ValidatingAdmissionPolicy (422)", Status(code: 422, message: policyDenial), .deferred,
                .webhook(name: "keep-primaries")),
            Case(
                "a ValidatingAdmissionPolicy (403)", Status(code: 403, message: policyDenial), .deferred,
                .webhook(name: "keep-primaries")),
            Case(
                "what can be no webhook's name becomes no label",
                Status(code: 403, message: "admission webhook \"two words\" denied the request: x"), .forbidden),
            Case(
                "nor can what has no end",
                Status(code: 403, message: "poddisruptionbudget.policy \"web is forbidden"), .forbidden),
            Case(
                "nor can what is longer than a name",
                Status(
                    code: 403,
                    message: "poddisruptionbudget.policy \"\(String(repeating: "a", count: 254))\" is forbidden"),
                .forbidden),
            Case(
                "a budget that the server has not taken in yet",
                Status(
                    code: 429, message: "Cannot evict pod as it would violate the pod's disruption budget.",
                    details: Status.Details(causes: [
                        Status.Cause(
                            reason: "DisruptionBudget",
                            message: "The disruption budget web-pdb is still being processed by the server.")
                    ])), .budget, .budget(namespace: "demo", name: "web-pdb")),
            Case(
                "a budget with a negative allowance",
                Status(
                    code: 403, reason: "Forbidden",
                    message: "poddisruptionbudget.policy \"web-pdb\" is forbidden: pdb disruptions allowed is negative"),
                .budget, .budget(namespace: "demo", name: "web-pdb")),
            Case(
                "a budget with too many disrupted pods",
                Status(
                    code: 403, reason: "Forbidden",
                    message: "poddisruptionbudgets.policy \"web-pdb\" is forbidden: DisruptedPods map too big"),
                .budget, .budget(namespace: "demo", name: "web-pdb")),
            Case(
                "flow control, in plain text",
                Status(code: 429, message: "Too many requests, please try again later."), .throttled),
            Case(
                "flow control, in JSON without causes",
                Status(
                    code: 429, reason: "TooManyRequests", message: "slow down",
                    details: Status.Details(retryAfterSeconds: 5)), .throttled),
            Case(
                "1.20's words for another UID", Status(code: 409, reason: "Conflict", message: uid120), .replaced),
            Case(
                "a conflict of another kind",
                Status(code: 409, reason: "Conflict", message: "please apply your changes"),
                .serverError),
            Case(
                "a server that has just started",
                Status(code: 403, message: "not yet ready to handle request"), .serverError),
            Case(
                "a budget that could not be written",
                Status(
                    code: 504, reason: "Timeout",
                    message: "Timeout: couldn't update PodDisruptionBudget \"web-pdb\" due to conflicts"),
                .serverError),
            Case("a gateway's page", Status(code: 502, message: "<html>bad gateway</html>"), .serverError),
            Case("a path that is not served", Status(code: 404, message: "404 page not found"), .rejected),
            Case("an invalid request", Status(code: 422, reason: "Invalid", message: "spec: Invalid value"), .rejected),
            Case("a method that is not allowed", Status(code: 405, message: "no"), .rejected),
            Case(
                "an expired credential", Status(code: 401, reason: "Unauthorized", message: "Unauthorized"),
                .unauthorized),
        ]

    @Test("a refusal is read as eviction.md's rows say", arguments: cases)
    func refusals(row: Case) {
        let reply = EvictionReply(.refusal(row.status), namespace: "demo")
        #expect(reply.answer == row.answer)
        #expect(reply.blocker == row.blocker)
    }

    @Test("a budget's own words are the message, not the general sentence")
    func budgetMessage() throws {
        let reply = EvictionReply(try RecordedAnswer.read("wire/evict-429-pdb.json"), namespace: "demo")
        #expect(reply.message == "The disruption budget web-pdb needs 4 healthy pods and has 4 currently")
    }

    @Test(
        "no whole answer is unreachable, whatever the transport says",
        arguments: [
            TransportFailure.Kind.nameResolution, .connect, .certificate, .tls, .timeout, .reset, .malformed,
            .credential, .cancelled,
        ])
    func transport(kind: TransportFailure.Kind) {
        let reply = EvictionReply(.failure(TransportFailure(kind, "why")), namespace: "demo")
        #expect(reply == EvictionReply(.unreachable, message: "\(kind.rawValue): why"))
    }

    @Test("a plain delete's 200 is accepted like an eviction's 201")
    func deleted() {
        #expect(EvictionReply(.success(code: 200, .other), namespace: "demo") == EvictionReply(.accepted))
    }
}
