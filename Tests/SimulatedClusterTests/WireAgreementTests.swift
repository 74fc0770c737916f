import HTTPServer
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import ClusterModel
@testable import SimulatedCluster

/// The requests that a real API server got, put to the model: its answers must be the real ones.
@Suite("Agreement with a real API server")
struct WireAgreementTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var fixture: String
        var prepare: @Sendable (inout ClusterModel) -> Void

        init(_ fixture: String, prepare: @escaping @Sendable (inout ClusterModel) -> Void = { _ in }) {
            self.fixture = fixture
            self.prepare = prepare
        }

        var testDescription: String { fixture }
    }

    private static let start = Timestamp(seconds: 1_800_000_000)
    private static let web = "web-6f7bbfd8b8-82n9h"

    /// Answers whose every field must be the real one's.
    static let answers = [
        Case("evict-201-created"), Case("evict-201-dry-run"), Case("evict-400-bad-body"),
        Case("evict-400-name-mismatch"), Case("evict-404-missing"), Case("evict-409-uid-precondition"),
        Case("orphan-daemonset-get-404"), Case("version"),
        Case("evict-201-already-terminating") {
            $0.perform(.deletePod(PodDeletion(namespace: "demo", name: "bare")))
        },
        Case("pod-get-404") {
            $0.perform(.deletePod(PodDeletion(namespace: "demo", name: "bare", gracePeriodSeconds: 0)))
        },
        Case("evict-403-rbac", prepare: forbid), Case("list-403-rbac", prepare: forbid),
        Case("evict-429-pdb") { model in
            addWeb(&model)
            model.addBudget("demo", "web-pdb", .minAvailable(.int(4)), selecting: ["app": "web"])
        },
        Case("evict-500-two-pdbs") { model in
            model.addBarePod("demo", "twice", on: "node-a")
            for name in ["twice-1", "twice-2"] {
                model.addBudget("demo", name, .minAvailable(.int(1)), selecting: ["app": "twice"])
            }
        },
        Case("evict-in-terminating-namespace") { model in
            var template = PodTemplate()
            template.finalizers = ["example.com/hold"]
            model.addBarePod("going", "held", on: "node-a", template)
            model.perform(.terminateNamespace("going"))
        },
    ]

    @Test("an answer is the real one, field by field", arguments: answers)
    func answer(_ expected: Case) throws {
        let fixture = try WireFixture.named(expected.fixture)
        var model = Self.model(expected)
        let response = try Self.answer(fixture, &model)
        #expect(response.status == fixture.status)
        #expect(try Self.body(response) == Self.adapted(fixture.body, to: model))
        for (name, value) in fixture.headers where name == "Content-Type" || name == "Cache-Control" {
            #expect(response.headers.contains { $0 == (name, value) })
        }
    }

    /// Objects whose every field must be there, and of the real one's type.
    static let objects = [
        Case("node-get"), Case("cordon-patch"), Case("event-create"),
        Case("pod-get-terminating") { model in
            _ = model.handle(.evict(EvictionRequest(namespace: "demo", name: "bare", gracePeriodSeconds: 5)), at: start)
        },
        Case("pdb-list") { model in
            addWeb(&model)
            model.addBudget("demo", "twice-1", .minAvailable(.int(1)), selecting: ["app": "twice"])
            model.addBudget("demo", "twice-2", .minAvailable(.int(1)), selecting: ["x": "y"])
            model.addBudget("demo", "web-pdb", .maxUnavailable(.int(0)), selecting: ["app": "web"])
        },
        Case("pods-list-page-1") { model in
            addWeb(&model)
            for name in ["p1", "p2", "p3"] { model.addBarePod("demo", name, on: "node-a") }
        },
        Case("discover-core-v1"),
    ]

    /// What the model does not bother with: set by admission plugins and defaults, read by nobody here.
    private static let unserved = [
        "tolerations", "annotations", "storageVersionHash", "verbs", "pool", "kubernetes.io/os", "generation",
        "ownerReferences", "generateName", "labels", "affinity",
    ]

    @Test("an object has the real one's fields", arguments: objects)
    func object(_ expected: Case) throws {
        let fixture = try WireFixture.named(expected.fixture)
        var model = Self.model(expected)
        let response = try Self.answer(fixture, &model)
        #expect(response.status == fixture.status)
        let ours = Self.shape(try Self.body(response))
        #expect(Self.shape(fixture.body).subtracting(ours).sorted() == [])
    }

    @Test("an expired watch says so in its stream")
    func expiredWatch() throws {
        let fixture = try WireFixture.named("pods-watch-410-expired")
        let line = try JSON(parsing: ResponseRendering.error(.expiredWatch))
        #expect(line == (try Self.json(fixture.body.items[0])))
    }

    @Test("a request without a good token is refused in the real one's words")
    func unauthorized() throws {
        let ours = try JSON(parsing: APIStatus.unauthorized.json.bytes)
        #expect(try ours == Self.json(WireFixture.named("list-401-bad-token").body))
    }

    @Test("an expired page token is answered with one to go on with")
    func expiredToken() throws {
        let fixture = try WireFixture.named("pods-list-410-continue-expired")
        let (real, ours) = (try Self.json(fixture.body), APIStatus.expiredContinue("token").json)
        for field in ["kind", "status", "message", "reason", "code"] { #expect(ours[field] == real[field]) }
        #expect(ours["metadata"]?["continue"] == "token")
    }

    // MARK: Preparation

    private static func model(_ expected: Case) -> ClusterModel {
        var model = ClusterModel(seed: 1, at: start, timing: .instant)
        for name in ["node-a", "node-b"] { model.addNode(name) }
        model.addBarePod("demo", "bare", on: "node-a")
        expected.prepare(&model)
        return model
    }

    /// Four ready pods of an app, one of them named as in the fixtures.
    private static func addWeb(_ model: inout ClusterModel) {
        let template = PodTemplate(labels: ["app": "web"])
        for name in [web, "web-2", "web-3", "web-4"] { model.addBarePod("demo", name, on: "node-a", template) }
    }

    private static func forbid(_ model: inout ClusterModel) {
        addWeb(&model)
        model.access.username = "nobody"
        model.access.denied = [
            AccessAttributes("create", .pods, subresource: "eviction"), AccessAttributes("list", .pods),
        ]
    }

    private static func answer(_ fixture: WireFixture, _ model: inout ClusterModel) throws -> HTTPServerResponse {
        let request = try self.request(fixture)
        let rendering = ResponseRendering(request)
        do throws(APIStatus) {
            switch try RequestReading(request: request).asked() {
            case .model(let asked): return rendering.response(to: model.handle(asked, at: model.now), at: model.now)
            case .document(let document): return ResponseRendering.json(200, document)
            case .text(let code, let text): return .text(code, text)
            case .watch: return .text(500, "a watch")
            }
        } catch {
            return ResponseRendering.json(error.code, error.json)
        }
    }

    private static func request(_ fixture: WireFixture) throws -> HTTPServerRequest {
        let parts = fixture.request.path.split(separator: "?")
        var query: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=")
            query[String(sides[0])] = sides[1].split(separator: "%3D").joined(separator: "=")
        }
        return HTTPServerRequest(
            method: fixture.request.method, path: String(parts[0]), query: query,
            headers: fixture.request.contentType.map { [("Content-Type", $0)] } ?? [],
            body: try fixture.request.body.map(WireFixture.encode) ?? [], peer: .tcp(address: "127.0.0.1"))
    }

    private static func body(_ response: HTTPServerResponse) throws -> JSON {
        guard case .bytes(let bytes) = response.body else { return .null }
        return try JSON(parsing: bytes)
    }

    private static func json(_ value: JSONValue) throws -> JSON { try JSON(parsing: WireFixture.encode(value)) }

    /// The fixture's body, with the UID that the pod has here and the build that this is.
    private static func adapted(_ value: JSONValue, to model: ClusterModel) throws -> JSON {
        let text = String(decoding: try WireFixture.encode(value), as: UTF8.self)
        let uid = model.get(.pods, "demo", "bare").uid
        let adapted = text.split(separator: "8d8b7b2c-0e5e-4b0c-9c6a-252592a50f90", omittingEmptySubsequences: false)
            .joined(separator: uid).split(separator: "$Format:%H$", omittingEmptySubsequences: false).joined()
        return try JSON(parsing: Array(adapted.utf8))
    }

    /// Every field's path with its type; list elements count as one.
    private static func shape(_ value: JSONValue, _ path: String = "") -> Set<String> {
        switch value {
        case .object(let fields):
            fields.filter { !unserved.contains($0.key) }
                .reduce(into: []) { $0.formUnion(shape($1.value, "\(path).\($1.key)")) }
        case .array(let items): items.reduce(into: []) { $0.formUnion(shape($1, "\(path)[]")) }
        case .null: ["\(path): null"]
        case .bool: ["\(path): bool"]
        case .integer, .number: ["\(path): number"]
        case .text: ["\(path): text"]
        }
    }

    private static func shape(_ value: JSON, _ path: String = "") -> Set<String> {
        switch value {
        case .object(let fields): fields.reduce(into: []) { $0.formUnion(shape($1.value, "\(path).\($1.name)")) }
        case .array(let items): items.reduce(into: []) { $0.formUnion(shape($1, "\(path)[]")) }
        case .null: ["\(path): null"]
        case .bool: ["\(path): bool"]
        case .int, .number: ["\(path): number"]
        case .string: ["\(path): text"]
        }
    }
}

extension ModelResponse.Answer {
    fileprivate var uid: String {
        if case .object(_, let object) = self { object.metadata.uid } else { "" }
    }
}
