import DrainEngine
import Telemetry

@testable import DrainReport

/// Files that the renderings are shown with.
enum Worlds {
    /// A drain that met everything, and ran into its deadline.
    static var troubled: SpanLines {
        var file = SpanLines(node: "node-b", id: "drain-2")
        file.turn(0, 20, behind: ["node-a"])
        file.prepare(20, 20.4)
        file.add(
            SpanLines.Pod(
                name: "api-0", start: 20.4,
                attempts: [(20.4, .serverError), (21, .throttled), (24, .serverError), (40, .accepted)],
                termination: (40.1, 45), end: 45))
        file.add(
            SpanLines.Pod(
                name: "bad-0", start: 20.4, attempts: [(20.4, .rejected)], end: 20.6, result: "failed",
                message: "pods \"bad-0\" is no good"))
        file.add(
            SpanLines.Pod(
                name: "db-0", start: 20.4, attempts: [(20.4, .budget), (60, .budget)],
                waits: [
                    .init(
                        start: 20.5, end: 120, budget: "db", refusals: 2, outcome: "abandoned",
                        verdict: "unsatisfiable",
                        advice: "scale Deployment shop/db to 2 or more", message: "needs 1 healthy pods and has 1")
                ], end: 120, result: nil, phase: "blocked"))
        file.add(
            SpanLines.Pod(
                name: "kv-0", start: 20.4, attempts: [(20.4, .deferred), (25, .accepted)],
                waits: [.init(start: 20.5, end: 25.1, webhook: "migrate.example.com", message: "not now")],
                termination: (25.1, 120), grace: 10, overdue: 84.9, finalizers: ["example.com/hold"],
                detail: "example.com/hold", stuck: "finalizers", end: 120, result: nil, phase: "terminating"))
        file.end(
            "timed_out", at: 120, total: 4, evicted: 1, failed: 1, remaining: 2,
            reason: "2 of 4 pods are left, 1 blocked by budget shop/db", deadline: 120,
            events: [
                Span.Event(
                    name: "unblock", at: SpanLines.at(30),
                    attributes: [
                        ("drain.unblock.owner", .string("Deployment shop/db")), ("k8s.namespace.name", .string("shop")),
                        ("drain.pdb", .string("db")), ("drain.unblock.result", .string("refused")),
                        ("drain.unblock.reason", .string("it cannot surge")),
                    ])
            ])
        return file
    }

    /// A process that was killed in the middle of a line, half way.
    static var cut: [UInt8] {
        let lines = SpanLines.shop().lines
        return Array(lines[..<9].joined()) + lines[9].prefix(200)
    }

    /// The same drain gone on with by the next process.
    static var resumed: [(name: String, bytes: [UInt8])] {
        var next = SpanLines(boot: "boot-2")
        next.prepare(30, 30.2)
        next.add(
            SpanLines.Pod(
                name: "web-3", start: 30.2, attempts: [(30.2, .budget), (45, .accepted)],
                waits: [.init(start: 30.3, end: 45.1)], termination: (45.1, 50), end: 50))
        next.end("completed", from: 29, at: 50.2, total: 1, evicted: 1, resumed: true)
        return [("first.jsonl", cut), ("second.jsonl", next.bytes)]
    }

    static let nasty = "</script><img src=x onerror=alert(1)>\u{1B}[31m\u{202E}\n\r\"'&%s 日本語 e\u{301}"

    static var hostile: SpanLines {
        var file = SpanLines(node: nasty, id: nasty)
        file.prepare()
        file.add(
            SpanLines.Pod(
                name: nasty + String(repeating: "x", count: 500), namespace: nasty, attempts: [(0.2, .rejected)],
                waits: [
                    .init(
                        start: 0.3, end: 4, budget: nasty, outcome: nasty, verdict: nasty, advice: nasty,
                        message: String(repeating: nasty, count: 50))
                ], termination: (4, 5), finalizers: [nasty], detail: nasty, stuck: nasty, end: 5, result: nasty,
                message: nasty, tier: nasty))
        file.end(nasty, at: 5, total: 1, reason: nasty, trigger: nasty)
        return file
    }

    static func many(_ count: Int) -> SpanLines {
        var file = SpanLines(node: "node-c", id: "drain-500")
        file.prepare()
        for index in 0..<count {
            let start = 0.2 + Double(index) * 0.1
            file.add(
                SpanLines.Pod(
                    name: "job-\(index)", namespace: "batch", attempts: [(start, .accepted)],
                    termination: (start + 0.1, start + 3), end: start + 3))
        }
        file.end("completed", at: Double(count) * 0.1 + 3.5, total: Int64(count), evicted: Int64(count))
        return file
    }
}
