import DrainTelemetry
import KubernetesAPI
import Telemetry
import TestSupport
import Testing

@testable import DrainEngine

@Suite("DrainTrace: ids are functions of what they name")
struct DrainTraceTests {
    private let start = DrainStart(id: "drain-1", trigger: .command)

    @Test("a request carries the id of the span that will tell of it")
    func requests() throws {
        let trace = DrainTrace(start, boot: "b")
        let pod = Pod.stub("a").identity
        let cases: [(DrainRequest, SpanID)] = [
            (
                DrainRequest(purpose: .evict(pod: 0, attempt: 3), call: .evict(pod, DeleteOptions())),
                trace.attempt("a-uid", 3)
            ),
            (
                DrainRequest(purpose: .evict(pod: 0, attempt: 2), call: .deletePod(pod, DeleteOptions())),
                trace.attempt("a-uid", 2)
            ),
            (DrainRequest(purpose: .cordon, call: .setUnschedulable(node: "n", true)), trace.cordon),
            (DrainRequest(purpose: .plan, call: .listPods(node: "n", .cache())), trace.root),
            (DrainRequest(purpose: .uncordon, call: .setUnschedulable(node: "n", false)), trace.root),
        ]
        for (request, span) in cases {
            let header = try #require(TraceParent(parsing: trace.traceparent(for: request)))
            #expect(header.traceID == trace.traceID && header.spanID == span && header.sampled)
        }
    }

    @Test("the same drain has the same trace in every process, another one another")
    func traces() {
        #expect(DrainTrace(start, boot: "x").traceID == DrainTrace(start, boot: "y").traceID)
        #expect(DrainTrace(start, boot: "x").root != DrainTrace(start, boot: "y").root)
        let other = DrainStart(id: "drain-2", trigger: .command)
        #expect(DrainTrace(start, boot: "x").traceID != DrainTrace(other, boot: "x").traceID)
    }

    @Test("no two spans of a drain have the same id")
    func distinct() {
        let trace = DrainTrace(start, boot: "b")
        var ids = [trace.root, trace.cordon]
        for number in 1...30 {
            ids.append(trace.list(number))
            for uid in ["a", "b"] { ids += [trace.attempt(uid, number), trace.wait(uid, number)] }
        }
        for uid in ["a", "b"] { ids += [trace.pod(uid), trace.termination(uid)] }
        #expect(Set(ids).count == ids.count)
    }

    @Test("a trace context that is none is left aside")
    func invalidContext() {
        let trace = DrainTrace(DrainStart(id: "drain-1", trigger: .http, traceparent: "nonsense"), boot: "b")
        #expect(trace.parent == nil && trace.traceID == DrainTrace(start, boot: "b").traceID)
    }
}
