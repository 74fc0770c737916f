import FoundationEssentials
import HTTPClient
import Timestamps

/// What a collector's answer means for the batch.
///
/// Source: opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Response".
enum ExportReply: Equatable {
    /// It has the batch, but for so many spans.
    case accepted(rejected: Int, message: String)
    /// It will never take it.
    case refused(String)
    /// The same may be sent again, when the pause is over if one was asked for.
    case later(String, after: Duration?)

    init(_ result: Result<HTTPResponse, HTTPFailure>, at now: Timestamp) {
        switch result {
        case .success(let response) where (200..<300).contains(response.status):
            // A body that is no JSON, or none at all, says nothing of rejected spans.
            let partial = Self.read(Acceptance.self, response)?.partialSuccess
            self = .accepted(rejected: partial?.rejectedSpans?.value ?? 0, message: partial?.errorMessage ?? "")
        case .success(let response):
            let answer = "the collector answers \(response.status)"
            if [429, 502, 503, 504].contains(response.status) {
                self = .later(answer, after: RetryAfter.duration(response.headers, now: now))
                return
            }
            let message = Self.read(Refusal.self, response)?.message ?? ""
            self = .refused(message.isEmpty ? answer : "\(answer): \(message)")
        case .failure(let failure):
            switch failure.kind {
            case .malformed: self = .refused(failure.message)
            case .nameResolution, .connect, .certificate, .tls, .timeout, .idle, .reset, .credential, .cancelled,
                .closed:
                self = .later(failure.message, after: nil)
            }
        }
    }

    private static func read<Body: Decodable>(_ type: Body.Type, _ response: HTTPResponse) -> Body? {
        try? JSONDecoder().decode(type, from: Data(response.body))
    }

    private struct Refusal: Decodable { var message: String? }

    private struct Acceptance: Decodable {
        struct Partial: Decodable {
            var rejectedSpans: Count?
            var errorMessage: String?
        }

        var partialSuccess: Partial?
    }

    /// A 64-bit integer, which protobuf's JSON writes as text and reads as both.
    private struct Count: Decodable {
        var value: Int

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                value = number
            } else {
                value = Int(try container.decode(String.self)) ?? 0
            }
        }
    }
}
