import KubernetesAPI
import Testing

@Suite("Lines of a stream")
struct LineSplitterTests {
    @Test(
        "lines are the same however the bytes are cut",
        arguments: [
            ("one\ntwo\nthree\n", ["one", "two", "three"]),
            ("one\n\n\ntwo\n", ["one", "two"]),
            ("one\r\ntwo\r\n", ["one", "two"]),
            ("one\rtwo\n", ["one\rtwo"]),
            ("\r\n\n\r\n", []),
            ("one\nnever ended", ["one"]),
            ("", []),
            ("ä\u{1F600}\n", ["ä\u{1F600}"]),
        ])
    func everyCut(text: String, lines: [String]) throws {
        let bytes = Array(text.utf8)
        for size in 1...max(1, bytes.count) {
            var splitter = LineSplitter()
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                found += try splitter.push(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(found.map { String(decoding: $0, as: UTF8.self) } == lines, "chunks of \(size)")
        }
    }

    @Test("a line of the limit is read, one byte more is refused, in one chunk or in many")
    func limit() throws {
        var whole = LineSplitter(limit: 4)
        #expect(try whole.push(Array("four\n".utf8)[...]).count == 1)
        #expect(throws: LineSplitter.LineTooLong(limit: 4)) { try whole.push(Array("fives\n".utf8)[...]) }
        var pieces = LineSplitter(limit: 4)
        #expect(try pieces.push(Array("fiv".utf8)[...]).isEmpty)
        #expect(throws: LineSplitter.LineTooLong(limit: 4)) { try pieces.push(Array("es".utf8)[...]) }
    }

    @Test("the limit is for a line, not for the stream")
    func manyLines() throws {
        var splitter = LineSplitter(limit: 4)
        #expect(try splitter.push(Array(String(repeating: "abc\n", count: 1000).utf8)[...]).count == 1000)
    }
}
