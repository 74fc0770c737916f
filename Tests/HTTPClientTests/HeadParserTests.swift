import Testing

@testable import HTTPClient

@Suite("The head parser")
struct HeadParserTests {
    /// Parses line by line; the first head that is complete.
    private func parse(_ lines: [String], status: Int = 200) -> ResponseHead? {
        var parser = HeadParser()
        for line in lines {
            let event = Array("\(line)\r\n".utf8).withUnsafeBytes { parser.parse($0, status: status) }
            if case .complete(let head) = event { return head }
        }
        return nil
    }

    @Test("keeps names, trims values, and joins continued lines")
    func fields() throws {
        let head = try #require(
            parse(["HTTP/1.1 200 OK", "A-Name:  value \t", "Empty:", "Long: one", "\ttwo", "no field", ""]))
        let fields = head.headers.fields.map { "\($0.name)=\($0.value)" }
        #expect(fields == ["A-Name=value", "Empty=", "Long=one two"])
    }

    @Test("finds a field in any case, the first of several")
    func lookup() throws {
        let head = try #require(parse(["HTTP/1.1 200 OK", "Retry-After: 1", "retry-after: 2", ""]))
        #expect(head.headers["RETRY-AFTER"] == "1")
        #expect(head.headers["Retry_After"] == nil && head.headers["Retry-Afte"] == nil)
    }

    @Test("forgets the fields of an interim response")
    func interim() throws {
        var parser = HeadParser()
        for line in ["HTTP/1.1 100 Continue", "A: 1", ""] {
            let event = Array("\(line)\r\n".utf8).withUnsafeBytes { parser.parse($0, status: 100) }
            guard case .more = event else { return #expect(Bool(false), "an interim response is no response") }
        }
        var head: ResponseHead?
        for line in ["HTTP/1.1 200 OK", "B: 2", ""] {
            let event = Array("\(line)\r\n".utf8).withUnsafeBytes { parser.parse($0, status: 200) }
            if case .complete(let complete) = event { head = complete }
        }
        #expect(head?.headers.fields.map(\.name) == ["B"])
    }

    @Test("survives bytes that are no text")
    func bytes() throws {
        var parser = HeadParser()
        for line: [UInt8] in [[0x20, 0xff, 0x0d, 0x0a], [0xff, 0x3a, 0xfe], [0x3a], [0x00]] {
            _ = line.withUnsafeBytes { parser.parse($0, status: 200) }
        }
        guard case .complete(let head) = [].withUnsafeBytes({ parser.parse($0, status: 200) }) else {
            return #expect(Bool(false), "an empty line ends the head")
        }
        #expect(head.headers.fields.map(\.name) == ["\u{fffd}", ""])
    }
}
