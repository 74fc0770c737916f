import FoundationEssentials
import Testing
import Timestamps

@testable import Telemetry

@Suite struct LogLineTests {
    private static let at = Timestamp(nanoseconds: 1_136_214_245_123_456_789)

    private static func line(
        _ fields: [(String, JSONValue)], level: LogLevel = .info, message: String = "pod evicted"
    ) -> LogLine {
        LogLine(at: at, level: level, logger: "drain", message: message, fields: fields)
    }

    @Test("ts, level, logger and msg come first, then the facts, then the trace")
    func json() {
        var line = Self.line([("pod", .object([("name", "web-1"), ("uid", "u")])), ("attempt", 3), ("err", .null)])
        line.trace = (TraceID(hashing: ["t"]), SpanID(hashing: ["s"]))
        #expect(
            text(line.json())
                == #"{"ts":"2006-01-02T15:04:05.123456Z","level":"info","logger":"drain","msg":"pod evicted","#
                + #""pod":{"name":"web-1","uid":"u"},"attempt":3,"err":null,"trace_id":"\#(TraceID(hashing: ["t"]))","#
                + #""span_id":"\#(SpanID(hashing: ["s"]))","trace_flags":"01"}"# + "\n")
    }

    @Test("a line without a trace has no ids")
    func untraced() {
        #expect(
            text(Self.line([], level: .error).json()).hasSuffix(
                #""level":"error","logger":"drain","msg":"pod evicted"}"# + "\n"))
    }

    @Test("whatever is in a field, the line is one line of JSON", arguments: hostileTexts)
    func hostile(value: String) throws {
        let json = Self.line([("err", .string(value))], message: value).json()
        #expect(json.filter { $0 < 0x20 } == [UInt8(ascii: "\n")])
        struct Read: Decodable { var msg, err: String }
        let read = try JSONDecoder().decode(Read.self, from: Data(json))
        #expect(Array(read.err.unicodeScalars) == Array(value.unicodeScalars))
        #expect(read.msg == value)
    }

    @Test("whatever is in a field, a person's terminal only prints it", arguments: hostileTexts)
    func hostileText(value: String) {
        let line = text(Self.line([("err", .string(value))], message: value).text())
        #expect(line.unicodeScalars.filter { $0.properties.generalCategory == .control } == ["\n"])
        #expect(!line.unicodeScalars.contains { ["\u{2028}", "\u{2029}"].contains($0) })
    }

    @Test("people read the time of day, the level, the message and the facts")
    func people() {
        let fields: [(String, JSONValue)] = [
            ("pod", .object([("namespace", "shop"), ("name", "web-1")])), ("attempt", 3), ("answer", "budget"),
            ("err", "two words"), ("message", "a=b"), ("empty", ""), ("lines", "a\nb"), ("tags", .array(["a", 1])),
        ]
        #expect(
            text(Self.line(fields).text())
                == #"15:04:05.123 INFO  pod evicted pod.namespace=shop pod.name=web-1 attempt=3 answer=budget"#
                + #" err="two words" message="a=b" empty="" lines="a\nb" tags=["a",1]"# + "\n")
    }

    @Test(
        "levels line up, and have a color where that is wanted",
        arguments: [(.debug, "DEBUG", 2), (.info, "INFO ", 32), (.warning, "WARN ", 33), (.error, "ERROR", 31)]
            as [(LogLevel, String, Int)])
    func levels(level: LogLevel, column: String, color: Int) {
        #expect(text(Self.line([], level: level).text()) == "15:04:05.123 \(column) pod evicted\n")
        #expect(
            text(Self.line([], level: level).text(color: true))
                == "15:04:05.123 \u{1b}[\(color)m\(column)\u{1b}[0m pod evicted\n")
    }

    @Test("levels are ordered by how much they matter")
    func order() { #expect(LogLevel.allCases.shuffled().sorted() == [.debug, .info, .warning, .error]) }
}
