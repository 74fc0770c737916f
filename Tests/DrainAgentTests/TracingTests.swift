import FoundationEssentials
import Glibc
import Locking
import TestSupport
import Testing

@testable import DrainAgent

/// Where a drain's spans go, and where its trace does: the real binary, its collector and its API server.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TracingTests {
    /// Takes spans, and keeps their ids.
    private final class Sink: Sendable {
        let server: ScriptedServer
        private let taken: Lock<[String]>

        init() throws {
            let taken = Lock([String]())
            self.taken = taken
            server = try ScriptedServer { connection in
                while true {
                    let request = try connection.readRequest()
                    let body = Data(gunzip(request.body) ?? [])
                    let document = try JSONDecoder().decode(JSONValue.self, from: body)
                    let scopes = document["resourceSpans"]?.items.flatMap { $0["scopeSpans"]?.items ?? [] } ?? []
                    let spans = scopes.flatMap { $0["spans"]?.items ?? [] }
                    taken.withLock { $0 += spans.compactMap { $0["spanId"]?.string } }
                    try connection.respond("200 OK", body: "{}")
                }
            }
        }

        var ids: [String] { taken.withLock { $0 } }
    }

    @Test("a collector gets the spans of the file, from `run` and from `drain`, by flag and by environment")
    func exports() async throws {
        try await TestCluster.with({ $0.addShop() }) { cluster in
            let sink = try Sink()
            try await cluster.drain(["--force", "--spans", cluster.spans, "--otlp-endpoint", sink.server.url]) {
                #expect($1 == 0, "\($0.child.error.text)")
            }
            #expect(sink.ids == (try SpanFile(try cluster.read(cluster.spans)).spans.map(\.id)))
        }
        try await TestCluster.with({ $0.addShop() }) { cluster in
            let sink = try Sink()
            let environment = [
                "OTEL_EXPORTER_OTLP_ENDPOINT": sink.server.url, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
                "OTEL_SERVICE_NAME": "drains",
            ]
            try await cluster.run(environment: environment) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                let warning = try await agent.log("telemetry setting")["err"]?.string ?? ""
                #expect(warning.contains("OTEL_EXPORTER_OTLP_PROTOCOL=grpc"))
            }
            let text = try cluster.read(cluster.spans)
            #expect(sink.ids == (try SpanFile(text).spans.map(\.id)))
            #expect(text.contains(#"{"key":"service.name","value":{"stringValue":"drains"}}"#))
        }
    }

    @Test("a collector that says nothing changes neither the outcome nor the exit code")
    func silentCollector() async throws {
        try await TestCluster.with({ $0.addShop() }) { cluster in
            let silence = try ScriptedServer { connection in _ = connection.waitForEnd() }
            try await cluster.run(["--otlp-endpoint", silence.url]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                let spans = try SpanFile(try cluster.read(cluster.spans)).spans.count
                #expect(try await agent.log("spans are lost to the collector")["dropped"] == .integer(Int64(spans)))
            }
        }
    }

    @Test("every request of a drain carries its trace: lists, watches, discovery, evictions and Events")
    func traceparent() async throws {
        try await TestCluster.with({ $0.addShop() }) { cluster in
            let heard = Lock([Int: [UInt8]]())
            let port = try #require(UInt16(cluster.server.split(separator: ":").last ?? ""))
            let tap = try ScriptedServer { connection in
                try connection.tunnel(to: port) { bytes in
                    heard.withLock { $0[connection.number, default: []] += bytes }
                }
            }
            try cluster.write(
                try cluster.read(cluster.kubeconfig).replacing(cluster.server, with: tap.url), to: cluster.kubeconfig)
            try await cluster.drain(["--force", "--spans", cluster.spans]) {
                #expect($1 == 0, "\($0.child.error.text)")
            }
            let spans = try SpanFile(try cluster.read(cluster.spans))
            let trace = try #require(spans.spans.first?.trace)
            let requests = heard.withLock { $0 }.values.flatMap(Self.requests)
            let bare = requests.filter { !$0.contains("traceparent: 00-\(trace)-") }
            #expect(bare.isEmpty)
            for word in ["watch=", "/eviction ", "POST /api/v1/namespaces/default/events", "GET /api/v1 ", "PATCH "] {
                #expect(requests.contains { $0.contains(word) }, "\(word)")
            }
            let evictions = requests.filter { $0.contains("/eviction ") }
            for attempt in spans.named("eviction.attempt") {
                #expect(evictions.count { $0.contains("-\(attempt.id)-01") } == 1, "the request's own span")
            }
        }
    }

    /// The requests of one connection, each with its head.
    private static func requests(_ bytes: [UInt8]) -> [String] {
        var requests: [String] = []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\r\n") {
            if line.hasSuffix(" HTTP/1.1") { requests.append("") }
            requests.indices.last.map { requests[$0] += "\(line)\n" }
        }
        return requests
    }
}
