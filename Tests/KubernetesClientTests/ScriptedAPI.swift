import HTTPClient
import KubernetesAPI
import KubernetesClient
import Locking
import TestSupport

/// An API server on the loopback interface whose answers a test writes, and a client of it.
final class ScriptedAPI: Sendable {
    struct Answer: Sendable {
        var status = 200
        var headers: [String] = []
        var body = ""

        static func object(_ body: String) -> Answer { Answer(headers: ["Content-Type: application/json"], body: body) }

        static func status(_ code: Int, _ message: String = "", reason: String = "") -> Answer {
            .init(
                status: code, headers: ["Content-Type: application/json"],
                body: #"{"kind":"Status","message":"\#(message)","reason":"\#(reason)","code":\#(code)}"#)
        }

        /// As a real server gave it.
        static func recorded(_ name: String) throws -> Answer {
            let fixture = try WireFixture.named(name)
            return Answer(
                status: fixture.status, headers: fixture.headers.sorted { $0.key < $1.key }.map { "\($0): \($1)" },
                body: String(decoding: try fixture.bodyBytes(), as: UTF8.self))
        }
    }

    let clock = TestClock()
    let http = HTTPClient()
    private let server: ScriptedServer
    private let seen = Lock<[ServerRequest]>([])

    /// `answer` gets each request and its number, from 0.
    init(_ answer: @escaping @Sendable (ServerRequest, Int) -> Answer) throws {
        server = try ScriptedServer { [seen] connection in
            while true {
                let request = try connection.readRequest()
                let number = seen.withLock { seen in
                    seen.append(request)
                    return seen.count - 1
                }
                let answer = answer(request, number)
                try connection.respond("\(answer.status) -", headers: answer.headers, body: answer.body)
            }
        }
    }

    var url: String { server.url }
    var requests: [ServerRequest] { seen.withLock { $0 } }

    func client(
        _ credential: Credential = .none, files: MemoryFiles = MemoryFiles(), impersonation: Impersonation? = nil
    ) -> KubernetesClient {
        KubernetesClient(
            access: ClusterAccess(server: url, credential: credential, impersonation: impersonation), http: http,
            userAgent: "drain-agent/test", time: clock.source, files: files.reader)
    }

    func send(_ call: APICall) async -> Exchange { await client().send(APIRequest(call)) }
}

extension PodIdentity {
    static let web = PodIdentity(namespace: "demo", name: "web-0", uid: "u-1")
}

extension Lease {
    static let example = Lease(metadata: ObjectMeta(name: "slot-0", namespace: "ops", resourceVersion: "7"))
}

extension Workload.Key {
    static let example = Workload.Key(kind: .deployment, namespace: "shop", name: "web")
}

extension ClusterEvent {
    static let example = ClusterEvent(
        subject: .node("node-a"), name: "e.1", reason: "Draining", message: "m", firstSeen: TestClock.start,
        lastSeen: TestClock.start)
}
