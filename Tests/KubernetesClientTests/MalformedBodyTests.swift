import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

/// Answers that have been cut, or whose bytes have been changed: read as they are, or refused, but never a crash.
@Suite("Malformed bodies")
struct MalformedBodyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var call: APICall
        var body: String
        var testDescription: String { call.shape.template }
    }

    private static let meta =
        #"{"name":"x","namespace":"n","labels":{"a":"ä\ud83d\ude00"},"creationTimestamp":"2027-01-15T08:00:00Z"}"#

    static let cases = [
        Case(call: .readNode("x"), body: #"{"kind":"Node","metadata":\#(meta),"status":{"nodeInfo":{"bootID":"b"}}}"#),
        Case(
            call: .readWorkload(.example),
            body: #"{"metadata":\#(meta),"spec":{"replicas":3,"strategy":{"rollingUpdate":{"maxSurge":"25%"}}}}"#),
        Case(
            call: .replaceLease(.example),
            body: #"{"metadata":\#(meta),"spec":{"renewTime":"2027-01-15T08:00:00.000001Z","leaseTransitions":1}}"#),
        Case(
            call: .listLeases(namespace: "a"),
            body: #"{"metadata":{"resourceVersion":"1"},"items":[{"metadata":\#(meta),"spec":{}}]}"#),
        Case(
            call: .listVolumeAttachments,
            body: #"{"items":[{"metadata":\#(meta),"spec":{"nodeName":"a"}}],"metadata":{"resourceVersion":"1"}}"#),
        Case(
            call: .listBudgets(namespace: nil, .cache()),
            body:
                #"{"metadata":{"resourceVersion":"1"},"versions":[{"groupVersion":"policy/v1"}],"items":[{"metadata":"#
                + #"\#(meta),"spec":{"minAvailable":"50%","selector":{"matchExpressions":[{"key":"a","operator":"In","#
                + #""values":["b"]}]}},"status":{"disruptedPods":{"x":"2027-01-15T08:00:00Z"}}}]}"#),
    ]

    /// The whole body is one; what is cut of it is not.
    @Test("a body that is cut anywhere is malformed", arguments: cases)
    func cut(_ example: Case) async throws {
        let body = Array(example.body.utf8)
        let api = try ScriptedAPI { request, number in
            let isDiscovery = request.target == "/apis/policy"
            let length = isDiscovery || number == 0 ? body.count : request.cut(of: body.count)
            return .object(String(decoding: body.prefix(length), as: UTF8.self))
        }
        let client = api.client()
        guard case .success(200, _) = await client.send(APIRequest(example.call)).answer else {
            Issue.record("the whole body is none")
            return
        }
        for length in stride(from: 0, to: body.count, by: 7) {
            let exchange = await client.send(APIRequest(example.call, traceparent: "\(length)"))
            guard case .failure(let failure) = exchange.answer else {
                Issue.record("\(length) bytes are taken for the whole")
                continue
            }
            #expect(failure.kind == .malformed)
        }
    }

    @Test("a changed byte is survived", arguments: cases)
    func changed(_ example: Case) async throws {
        let body = Array(example.body.utf8)
        let api = try ScriptedAPI { request, number in
            guard request.target != "/apis/policy" else { return .object(example.body) }
            var changed = body
            let place = request.cut(of: body.count)
            changed[place] = Array("{}[]\",:0-e\\n".utf8)[place % 12]
            return .object(String(decoding: changed, as: UTF8.self))
        }
        let client = api.client()
        for place in stride(from: 0, to: body.count, by: 3) {
            switch await client.send(APIRequest(example.call, traceparent: "\(place)")).answer {
            case .success: break
            case .failure(let failure): #expect(failure.kind == .malformed)
            case .refusal(let status): Issue.record("\(status)")
            }
        }
    }
}

extension ServerRequest {
    /// The number that the request carries as its trace; all of it without one.
    fileprivate func cut(of count: Int) -> Int { headers["traceparent"].flatMap { Int($0) } ?? count }
}
