import HTTPClient
import Testing
import Timestamps

@testable import TelemetryExport

@Suite("ExportReply: what a collector's answer means")
struct ExportReplyTests {
    private static let now = Timestamp(seconds: 784_111_777)

    private func reply(_ status: Int, _ body: String = "", _ headers: [(name: String, value: String)] = [])
        -> ExportReply
    {
        let response = HTTPResponse(status: status, headers: HTTPHeaders(headers), body: Array(body.utf8))
        return ExportReply(.success(response), at: Self.now)
    }

    @Test("429, 502, 503 and 504 may be sent again, nothing else may", arguments: 200...599)
    func statuses(status: Int) {
        switch reply(status) {
        case .accepted: #expect(status < 300)
        case .later(let reason, let after):
            #expect([429, 502, 503, 504].contains(status))
            #expect(reason.contains("\(status)") && after == nil)
        case .refused(let reason):
            #expect(status >= 300 && ![429, 502, 503, 504].contains(status))
            #expect(reason.contains("\(status)"))
        }
    }

    @Test(
        "Retry-After in seconds and as a date",
        arguments: [
            ("5", Duration.seconds(5)), ("Sun, 06 Nov 1994 08:49:47 GMT", .seconds(10)), ("soon", nil),
        ] as [(String, Duration?)])
    func retryAfter(value: String, pause: Duration?) {
        guard case .later(_, let after) = reply(503, "", [(name: "Retry-After", value: value)]) else {
            Issue.record("not later")
            return
        }
        #expect(after == pause)
    }

    @Test(
        "rejected spans are counted from text and number; what is no answer rejects none",
        arguments: [
            (#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}"#, 3, "too old"),
            (#"{"partialSuccess":{"rejectedSpans":3}}"#, 3, ""),
            (#"{"partialSuccess":{"errorMessage":"a warning"}}"#, 0, "a warning"),
            (#"{"partialSuccess":{}}"#, 0, ""), (#"{"partialSuccess":null}"#, 0, ""), ("{}", 0, ""), ("", 0, ""),
            ("<html>", 0, ""), (#"{"partialSuccess":{"rejectedSpans":"many"}}"#, 0, ""), ("[1]", 0, ""),
            (#"{"partialSuccess":{"rejectedSpans":{}}}"#, 0, ""), ("\u{0}\u{1}", 0, ""),
        ])
    func partialSuccess(body: String, rejected: Int, message: String) {
        #expect(reply(200, body) == .accepted(rejected: rejected, message: message))
    }

    @Test("a refusal's own words are told")
    func words() {
        #expect(reply(400, #"{"code":3,"message":"no traceId"}"#) == .refused("the collector answers 400: no traceId"))
        #expect(reply(404, "<html>nothing here</html>") == .refused("the collector answers 404"))
    }

    @Test(
        "whatever happens to the connection, it is tried again; what is no HTTP is not",
        arguments: HTTPFailure.Kind.allCases)
    func failures(kind: HTTPFailure.Kind) {
        let reply = ExportReply(.failure(HTTPFailure(kind, "words")), at: Self.now)
        #expect(reply == (kind == .malformed ? .refused("words") : .later("words", after: nil)))
    }
}
