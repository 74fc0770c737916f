import DrainTelemetry
import KubernetesAPI
import Telemetry
import TestSupport
import Testing
import Timestamps

@Suite("APIMetrics: every request as series", .timeLimit(.minutes(1)))
struct APIMetricsTests {
    private let registry = Registry()
    private let epoch = ScriptedDrain.epoch

    private func requests(_ operation: String, _ code: String) -> Double? {
        registry.collect().flatMap(\.samples).first {
            $0.name == "drain_api_requests_total" && $0.labels["operation"] == operation && $0.labels["code"] == code
        }?.value
    }

    private func sample(_ name: String, _ operation: APIOperation) -> Sample? {
        registry.collect().flatMap(\.samples).last {
            $0.name == name && $0.labels["operation"] == operation.rawValue
                && ($0.exemplar != nil || !name.hasSuffix("bucket"))
        }
    }

    private func ask(_ metrics: APIMetrics, _ call: APICall, _ answer: Exchange.Answer, traceparent: String? = nil)
        async
    {
        let send = metrics.measuring { [epoch] _ in
            Exchange(answer: answer, sent: epoch, received: epoch + .milliseconds(200))
        }
        let exchange = await send(APIRequest(call, traceparent: traceparent))
        #expect(exchange.answer == answer)
    }

    @Test("requests are counted by operation and code, and timed from sending to the answer")
    func requests() async {
        let metrics = APIMetrics(registry)
        await ask(metrics, .readNode("n"), .success(code: 200, .other))
        await ask(metrics, .evict(Pod.stub("a").identity, DeleteOptions()), .refusal(.budget("web")))
        await ask(metrics, .evict(Pod.stub("a").identity, DeleteOptions()), .away)
        #expect(requests("read", "200") == 1 && requests("evict", "429") == 1 && requests("evict", "none") == 1)
        #expect(sample("drain_api_request_duration_seconds_count", .evict)?.value == 2)
        #expect(sample("drain_api_request_duration_seconds_sum", .evict)?.value == 0.4)
        #expect(sample("drain_api_request_duration_seconds_count", .list)?.value == 0)
    }

    @Test("a request's duration leads to its span")
    func exemplar() async throws {
        let metrics = APIMetrics(registry)
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        await ask(metrics, .readNode("n"), .success(code: 200, .other), traceparent: header)
        let exemplar = try #require(sample("drain_api_request_duration_seconds_bucket", .read)?.exemplar)
        #expect(exemplar.labels["trace_id"] == "0af7651916cd43dd8448eb211c80319c")
        #expect(exemplar.labels["span_id"] == "b7ad6b7169203331")
        #expect(exemplar.value == 0.2)
    }

    @Test("no more than twelve codes are told apart, whatever servers answer")
    func codes() async {
        let metrics = APIMetrics(registry)
        for code in 400..<430 { await ask(metrics, .readNode("n"), .refusal(Status(code: code))) }
        await ask(metrics, .readNode("n"), .away)
        let codes = registry.collect().flatMap(\.samples).filter { $0.name == "drain_api_requests_total" }
            .compactMap { $0.labels["code"] }
        #expect(codes.count == 12 && codes.contains("none") && codes.contains("other"))
        #expect(requests("read", "other") == 20)
    }

    @Test(
        "a watch is counted by the code that opened or refused it, and its signals pass through",
        arguments: [
            ([WatchSignal.opened, .ended(.closed, detail: "", status: nil)], "200"),
            ([.ended(.error, detail: "", status: Status(code: 403))], "403"),
            ([.ended(.error, detail: "reset", status: nil)], "none"),
            ([.opened, .ended(.expired, detail: "", status: Status(code: 410))], "200"),
        ])
    func watches(signals: [WatchSignal], code: String) async {
        let metrics = APIMetrics(registry)
        let watch = metrics.measuring { (_: WatchRequest) in
            AsyncStream { continuation in
                for signal in signals { continuation.yield(signal) }
                continuation.finish()
            }
        }
        var seen: [WatchSignal] = []
        for await signal in watch(WatchRequest(.pods(node: "n"), resourceVersion: "1", timeoutSeconds: 300)) {
            seen.append(signal)
        }
        #expect(seen == signals)
        #expect(requests("watch", code) == 1)
    }

    @Test("a watch that its consumer gives up is given up inside, too")
    func cancelled() async {
        let metrics = APIMetrics(registry)
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let watch = metrics.measuring { (_: WatchRequest) in
            AsyncStream { continuation in
                continuation.onTermination = { _ in end.finish() }
                continuation.yield(.opened)
            }
        }
        let consumer = Task {
            for await _ in watch(WatchRequest(.pods(node: "n"), resourceVersion: "1", timeoutSeconds: 300)) {}
        }
        consumer.cancel()
        for await _ in ends {}
        await consumer.value
    }
}
