internal import HTTPClient
internal import KubernetesAPI
internal import Timestamps

/// An answer and what its headers say; `Exchange` adds the times.
struct Reply: Sendable {
    var answer: Exchange.Answer
    var auditID: String?
    var retryAfter: Duration?

    init(_ failure: TransportFailure) { answer = .failure(failure) }

    /// Any status but 2xx. An API server redirects nobody: whoever does is in between, and is not the one we asked.
    init(refusedWith code: Int, _ body: [UInt8], _ headers: HTTPHeaders, now: Timestamp) {
        guard !(300...399).contains(code) else {
            let problem = "HTTP \(code) is a redirect, which is not followed"
            self.init(.failure(TransportFailure(.malformed, problem)), headers, now: now)
            return
        }
        self.init(.refusal(Status(refusedWith: code, body)), headers, now: now)
    }

    /// A success or a refusal without its body's meaning yet.
    init(_ answer: Exchange.Answer, _ headers: HTTPHeaders, now: Timestamp) {
        self.answer = answer
        auditID = headers["Audit-Id"]
        retryAfter = RetryAfter.duration(headers, now: now)
    }

    /// `read` makes sense of a 2xx body.
    init(_ response: HTTPResponse, now: Timestamp, read: ([UInt8]) throws -> APIObject) {
        guard (200...299).contains(response.status) else {
            self.init(refusedWith: response.status, response.body, response.headers, now: now)
            return
        }
        let answer: Exchange.Answer
        do { answer = .success(code: response.status, try read(response.body)) } catch {
            let problem = "the body of a \(response.status) cannot be read: \(JSONProblem.describe(error))"
            answer = .failure(TransportFailure(.malformed, problem))
        }
        self.init(answer, response.headers, now: now)
    }
}
