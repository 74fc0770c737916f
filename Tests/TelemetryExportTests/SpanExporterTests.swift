import FoundationEssentials
import Locking
import SeededRandom
import Telemetry
import TestSupport
import Testing
import Timestamps

@testable import TelemetryExport

@Suite("SpanExporter: everything is delivered or counted, and nobody waits", .timeLimit(.minutes(2)))
struct SpanExporterTests {
    /// An exporter, what it counted and what it said.
    private final class Bench: Sendable {
        private struct Heard {
            var fates: [SpanFate: Int] = [:]
            var lines: [String] = []
        }

        let exporter: SpanExporter
        private let heard: Lock<Heard>

        init(
            _ url: String, timeout: Duration = .seconds(10), variables: [String: String] = [:],
            retry: Duration = .milliseconds(1), bytes: Int = 1 << 20, telling: Duration = .zero
        ) throws {
            var settings = try #require(TelemetryEnvironment(endpoint: url, variables: variables).export)
            settings.timeout = timeout
            var limits = SpanQueue.Limits()
            limits.delay = .milliseconds(1)
            limits.firstRetry = retry
            limits.longestRetry = retry * 4
            limits.bytes = bytes
            let heard = Lock(Heard())
            self.heard = heard
            exporter = SpanExporter(
                settings, limits: limits, userAgent: "test/1", resource: [("service.name", .string("s"))],
                scope: ("scope", "1"), time: .anchored(),
                onFate: { fate, count in
                    let told = ContinuousClock.now + telling
                    while ContinuousClock.now < told {}
                    heard.withLock { $0.fates[fate, default: 0] += count }
                },
                say: { level, message, fields in
                    let words = fields.map { key, value in " \(key)=\(value)" }.joined()
                    heard.withLock { $0.lines.append("\(level.rawValue) \(message)\(words)") }
                })
        }

        var fates: [SpanFate: Int] { heard.withLock { $0.fates } }
        var lines: [String] { heard.withLock { $0.lines } }

        func export(_ numbers: Range<Int>, padding: Int = 0) {
            for number in numbers {
                let span = Span(
                    traceID: TraceID(hashing: ["t"]), id: SpanID(hashing: ["\(number)"]), name: "span \(number)",
                    start: Timestamp(seconds: 1), end: Timestamp(seconds: 2),
                    attributes: [("padding", .string(String(repeating: "x", count: padding)))])
                exporter.export(SpanEncoding.object(span))
            }
        }
    }

    private func names(_ numbers: Range<Int>) -> [String] { numbers.map { "span \($0)" } }

    @Test("spans arrive once, in order, in batches of 512 at most, as the settings say")
    func delivers() async throws {
        let collector = try Collector([])
        let bench = try Bench(
            "\(collector.url)/base/", variables: ["OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%2Cb"])
        bench.export(0..<1300)
        await bench.exporter.flush(within: .seconds(20))
        let isAsSent = collector.accepted == names(0..<1300)
        #expect(isAsSent)
        #expect(bench.fates == [.written: 1300])
        #expect(bench.lines.isEmpty)
        #expect(collector.received.allSatisfy { $0.spans.count <= 512 })
        let request = try #require(collector.received.first?.request)
        #expect(request.method == "POST" && request.target == "/base/v1/traces")
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["content-encoding"] == "gzip")
        #expect(request.headers["user-agent"] == "test/1")
        #expect(request.headers["api-key"] == "a,b")
        await bench.exporter.close(within: .seconds(1))
        #expect(bench.lines.isEmpty)
    }

    @Test("who has flushed finds every fate told, however long the telling takes")
    func tellsBeforeItLetsGo() async throws {
        let collector = try Collector([.answers("503 Not Yet")])
        let bench = try Bench(collector.url, telling: .milliseconds(100))
        bench.export(0..<3)
        await bench.exporter.flush(within: .seconds(20))
        #expect(bench.fates == [.written: 3])
        #expect(bench.lines.count == 2)
        await bench.exporter.close(within: .seconds(1))
    }

    @Test("without compression the body is the JSON itself")
    func plain() async throws {
        let collector = try Collector([])
        let bench = try Bench(collector.url, variables: ["OTEL_EXPORTER_OTLP_COMPRESSION": "none"])
        bench.export(0..<1)
        await bench.exporter.close(within: .seconds(20))
        let request = try #require(collector.received.first?.request)
        #expect(request.headers["content-encoding"] == nil)
        #expect(String(decoding: request.body, as: UTF8.self).hasPrefix(#"{"resourceSpans":"#))
    }

    @Test("spans go by themselves, without anybody asking")
    func unasked() async throws {
        let collector = try Collector([])
        let bench = try Bench(collector.url)
        bench.export(0..<3)
        let deadline = ContinuousClock.now + .seconds(20)
        while bench.fates[.written] != 3, ContinuousClock.now < deadline { await Task.yield() }
        #expect(collector.accepted == names(0..<3))
        await bench.exporter.close(within: .seconds(1))
    }

    @Test(
        "after whatever may pass, the same spans are sent again; one line says so, another that it is over",
        arguments: [
            ("429", .answers("429 Too Many Requests", headers: ["Retry-After: 0"])),
            ("502", .answers("502 Bad Gateway")), ("503", .answers("503 Service Unavailable", body: "<html>")),
            ("504", .answers("504 Gateway Timeout")), ("reset", .resets()), ("half", .resets(afterHalf: true)),
            ("leaves", .leaves), ("hangs", .hangs), ("drips", .drips),
        ] as [(String, Collector.Behaviour)])
    func retries(name: String, behaviour: Collector.Behaviour) async throws {
        let collector = try Collector([.accepts, behaviour, behaviour])
        let bench = try Bench(collector.url, timeout: .milliseconds(300))
        bench.export(0..<1)
        await bench.exporter.flush(within: .seconds(20))
        bench.export(1..<20)
        await bench.exporter.flush(within: .seconds(20))
        #expect(collector.accepted == names(0..<20))
        #expect(bench.fates == [.written: 20])
        #expect(bench.lines.count == 2 && bench.lines.last?.hasPrefix("info spans are exported again") == true)
        #expect(bench.lines.first?.hasPrefix("warning spans cannot be exported") == true)
        await bench.exporter.close(within: .seconds(1))
    }

    @Test(
        "what will never be taken is counted and not sent again",
        arguments: [
            ("400", .answers("400 Bad Request", body: #"{"message":"no"}"#)), ("401", .answers("401 Unauthorized")),
            ("404", .answers("404 Not Found")), ("413", .answers("413 Too Large")), ("500", .answers("500 Oops")),
            ("301", .answers("301 Moved", headers: ["Location: http://127.0.0.1:1/"])), ("garbage", .speaksGarbage),
        ] as [(String, Collector.Behaviour)])
    func refused(name: String, behaviour: Collector.Behaviour) async throws {
        let collector = try Collector([behaviour])
        let bench = try Bench(collector.url)
        bench.export(0..<1)
        await bench.exporter.flush(within: .seconds(20))
        bench.export(1..<2)
        await bench.exporter.flush(within: .seconds(20))
        #expect(collector.accepted == ["span 1"])
        #expect(collector.received.count == 2)
        #expect(bench.fates == [.failed: 1, .written: 1])
        #expect(bench.lines.count == 2)
        await bench.exporter.close(within: .seconds(1))
        #expect(bench.lines.last == "warning spans are lost to the collector failed=int(1)")
    }

    @Test("a partial success is a success: rejected spans have failed, and nothing is sent again")
    func partialSuccess() async throws {
        let body = #"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#
        let collector = try Collector([.answers("200 OK", body: body), .answers("200 OK", body: body)])
        let bench = try Bench(collector.url)
        for start in [0, 5] {
            bench.export(start..<start + 5)
            await bench.exporter.flush(within: .seconds(20))
        }
        await bench.exporter.close(within: .seconds(1))
        let sent = collector.received.flatMap(\.spans)
        #expect(sent.count == 10 && Set(sent).count == 10)
        #expect(bench.fates.values.reduce(0, +) == 10)
        #expect(bench.fates[.failed] == 2 * min(2, collector.received.count))
        #expect(bench.lines.count { $0.contains("rejects") && $0.contains("too old") } == 1)
    }

    @Test("a collector that asks for a second is left alone for it")
    func retryAfter() async throws {
        let collector = try Collector([.answers("503 Busy", headers: ["Retry-After: 1"])])
        let bench = try Bench(collector.url)
        bench.export(0..<1)
        await bench.exporter.flush(within: .seconds(20))
        let times = collector.received.map(\.at)
        #expect(times.count == 2 && times[1] - times[0] >= .milliseconds(990))
        #expect(bench.fates == [.written: 1])
        await bench.exporter.close(within: .seconds(1))
    }

    @Test("with nobody there memory stays bounded, nobody waits, and at the end all is counted")
    func nobodyThere() async throws {
        let bench = try Bench("http://127.0.0.1:\(try ScriptedServer.unusedPort())", retry: .milliseconds(50))
        bench.export(0..<10_000, padding: 1000)
        let early = bench.fates[.dropped] ?? 0
        #expect(early > 8000, "1 MiB is room for about 800 of them")
        #expect(bench.lines.count <= 1)
        await bench.exporter.close(within: .seconds(2))
        #expect(bench.fates == [.dropped: 10_000])
        #expect(bench.lines.first?.hasPrefix("warning spans cannot be exported") == true)
        #expect(bench.lines.dropFirst() == ["warning spans are lost to the collector dropped=int(10000)"])
    }

    @Test("a collector that hangs holds up neither those who give spans nor the end")
    func hangs() async throws {
        let collector = try Collector(Array(repeating: .hangs, count: 10))
        let bench = try Bench(collector.url, timeout: .seconds(3600))
        bench.export(0..<2)
        await bench.exporter.flush(within: .milliseconds(200))
        bench.export(2..<4)
        await bench.exporter.close(within: .milliseconds(200))
        #expect(bench.fates == [.dropped: 4])
        bench.export(4..<5)
        #expect(bench.fates == [.dropped: 5])
    }

    @Test("whatever a collector does, each span has one fate, and what is written has arrived", arguments: 1...12)
    func anything(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let partial = #"{"partialSuccess":{"rejectedSpans":1,"errorMessage":"one"}}"#
        let choice: [Collector.Behaviour] = [
            .accepts, .answers("429 Busy", headers: ["Retry-After: 0"]), .answers("503 Busy"), .answers("400 No"),
            .resets(), .resets(afterHalf: true), .leaves, .speaksGarbage, .hangs, .answers("200 OK", body: "<html>"),
            .answers("200 OK", body: partial),
        ]
        let script = (0..<12).compactMap { _ in choice.randomElement(using: &random) }
        let collector = try Collector(script)
        let bench = try Bench(collector.url, timeout: .seconds(1))
        var sent = 0
        for _ in 0..<20 {
            let count = Int.random(in: 1...200, using: &random)
            bench.export(sent..<sent + count)
            sent += count
            if Bool.random(using: &random) { await bench.exporter.flush(within: .milliseconds(20)) }
        }
        await bench.exporter.flush(within: .seconds(30))
        await bench.exporter.close(within: .seconds(1))
        #expect(bench.fates.values.reduce(0, +) == sent)
        #expect(bench.fates[.dropped] == nil)
        let accepted = collector.accepted
        #expect(Set(accepted).count == accepted.count, "what was accepted is never sent again")
        #expect(accepted.count >= bench.fates[.written] ?? 0)
    }

    @Test("what a collector reflects of our secrets is not repeated")
    func secrets() async throws {
        let collector = try Collector([
            .answers("401 No", body: #"{"message":"who is Bearer s3cret? s3cret is nobody"}"#),
            .answers(
                "200 OK", body: #"{"partialSuccess":{"rejectedSpans":1,"errorMessage":"s3cret, you? really"}}"#),
        ])
        let bench = try Bench(
            collector.url.replacing("http://", with: "http://user:pa55@"),
            variables: ["OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20s3cret"])
        for number in 0..<2 {
            bench.export(number..<number + 1)
            await bench.exporter.flush(within: .seconds(20))
        }
        await bench.exporter.close(within: .seconds(1))
        #expect(collector.received.first?.request.headers["authorization"] == "Bearer s3cret")
        #expect(bench.lines.count == 4)
        #expect(bench.lines.joined().contains("is nobody") && bench.lines.joined().contains("really"))
        for secret in ["s3cret", "pa55", "user"] { #expect(!bench.lines.joined().contains(secret), "\(bench.lines)") }
    }

    @Test("certificate, key and authority are files, read again each time; one that is not there is named")
    func certificates() async throws {
        let server = try await TestIdentity(commonName: "collector", names: ["IP:127.0.0.1"])
        let agent = try await TestIdentity(commonName: "agent", names: ["DNS:agent.test"])
        let authority = FileManager.default.temporaryDirectory.appending(path: "authority-\(UUID())").path
        try await TLSServer.serve(as: server, clients: agent) { port in
            let bench = try Bench(
                "https://127.0.0.1:\(port)",
                variables: [
                    "OTEL_EXPORTER_OTLP_CERTIFICATE": authority,
                    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": agent.certificatePath,
                    "OTEL_EXPORTER_OTLP_CLIENT_KEY": agent.keyPath,
                ])
            bench.export(0..<1)
            await bench.exporter.flush(within: .milliseconds(50))
            #expect(bench.lines.first?.contains("\(authority) cannot be read") == true)
            try Data(server.certificatePEM).write(to: URL(fileURLWithPath: authority))
            await bench.exporter.flush(within: .seconds(20))
            #expect(bench.fates == [.written: 1], "\(bench.lines)")
            await bench.exporter.close(within: .seconds(1))
        }
        try FileManager.default.removeItem(atPath: authority)
        try server.remove()
        try agent.remove()
    }
}
