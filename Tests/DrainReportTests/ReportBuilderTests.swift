import DrainEngine
import Telemetry
import Testing
import Timestamps

@testable import DrainReport

@Suite("ReportBuilder: spans of any files as drains")
struct ReportBuilderTests {
    @Test("a whole drain: what it was, and its pods")
    func whole() throws {
        let drain = try #require(report(.shop()).drains.first)
        #expect(drain.node == "node-a" && drain.id == "drain-1" && drain.trigger == "sigterm")
        #expect(drain.ending == .ended("completed") && drain.seconds == 68.5)
        #expect(drain.deadline == SpanLines.at(600))
        #expect(drain.counts == DrainStory.Counts(total: 6, evicted: 6, excluded: 2))
        let pod = try #require(drain.pods.first { $0.name == "web-2" })
        #expect(pod.stretches.map(\.phase) == [.evicting, .blocked, .evicting, .terminating])
        #expect(pod.answers == ["budget": 1, "accepted": 1])
        #expect(abs((pod.seconds[.terminating] ?? 0) - 8) < 1e-6)
    }

    @Test("a file that was cut off: the story up to there, with pods whose own span is missing under their names")
    func cutOff() throws {
        let report = report([("a.jsonl", Worlds.cut)])
        let drain = try #require(report.drains.first)
        #expect(drain.ending == .cutOff && drain.id == nil)
        #expect(report.warnings == ["a.jsonl: the last line is cut off, as a crash leaves it"])
        let named = Set(drain.pods.map(\.title))
        #expect(named == ["shop/api-0", "shop/web-0", "shop/web-1"])
        let web1 = try #require(drain.pods.first { $0.name == "web-1" })
        #expect(!web1.isWhole && web1.result == nil)
        #expect(drain.counts.total == 3 && drain.counts.evicted == 2 && drain.counts.remaining == 1)
    }

    @Test("a drain that the next process went on with is one drain of two runs, and a pod that both met is one")
    func resumed() throws {
        let drains = report(Worlds.resumed).drains
        #expect(drains.count == 1)
        let drain = try #require(drains.first)
        #expect(drain.runs.count == 2 && drain.isResumed)
        #expect(drain.ending == .ended("completed"))
        #expect(drain.pods.map(\.title).sorted() == ["shop/api-0", "shop/web-0", "shop/web-1", "shop/web-3"])
    }

    @Test("several drains of a node in one file, and one trace through several nodes, are drains of their own")
    func several() {
        let first = SpanLines.shop()
        let second = SpanLines.shop(id: "drain-9", boot: "boot-9")
        let other = SpanLines.shop(node: "node-b")
        #expect(report([("all", first.bytes + second.bytes)]).drains.count == 2)
        #expect(report(first, other).drains.map(\.node) == ["node-a", "node-b"])
        // Not resumed, and the one before has its outcome: another drain, whatever the trace.
        #expect(report(first, .shop(boot: "boot-2")).drains.count == 2)
    }

    @Test("the same file twice is the same drain once")
    func twice() throws {
        let file = SpanLines.shop()
        let drains = report(file, file).drains
        #expect(drains.count == 1)
        #expect(drains.first?.pods.count == 6)
        #expect(drains.first?.pods.first { $0.name == "web-2" }?.attempts == 2)
    }

    @Test("segments of one long wait are one wait")
    func segments() throws {
        var file = SpanLines()
        file.add(
            SpanLines.Pod(
                name: "a", attempts: [(0.2, .budget)],
                waits: [
                    .init(start: 0.3, end: 600.3, refusals: 100), .init(start: 600.3, end: 1200.3, refusals: 220),
                    .init(start: 1200.3, end: 1300, refusals: 240), .init(start: 1300, end: 1400, budget: "other"),
                ], end: 1400, result: nil, phase: "blocked"))
        let waits = try #require(report(file).drains.first?.pods.first?.waits)
        #expect(waits.map(\.seconds) == [1299.7, 100])
        #expect(waits.map(\.refusals) == [240, 1])
    }

    @Test("no spans of ours: said, with the file's name")
    func empty() {
        let report = report([("a.jsonl", [])])
        #expect(report.drains.isEmpty)
        #expect(report.warnings == ["no drain's spans are in a.jsonl"])
    }

    @Test(
        "numbers that no agent writes stop nothing",
        arguments: [
            AttributeValue.double(.infinity), .double(1e308), .int(.max), .int(.min), .string("x"), .bool(true),
        ])
    func numbers(value: AttributeValue) {
        var record = SpanRecord(
            traceID: "t", id: "p", parent: "", name: "pod.evict", start: Timestamp(nanoseconds: .min),
            end: Timestamp(nanoseconds: .max), attributes: [:], events: [], isError: false, message: "", instance: "",
            node: "")
        for key in ["drain.eviction.attempts", "drain.seconds.blocked", "drain.pods.total", "drain.overdue_seconds"] {
            record.attributes[key] = value
        }
        var builder = ReportBuilder()
        for (id, name) in [("p", "pod.evict"), ("r", "node.drain"), ("t", "pod.termination"), ("w", "pdb.wait")] {
            record.id = id
            record.name = name
            record.parent = id == "p" ? "r" : "p"
            builder.add(record)
        }
        let report = builder.report(files: [])
        #expect(!TextReport(report, width: 80, isColored: false).lines.isEmpty)
        #expect(HTMLReport(report).text.contains("</html>"))
    }
}
