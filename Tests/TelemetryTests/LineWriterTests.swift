import Glibc
import Testing

@testable import Telemetry

@Suite struct LineWriterTests {
    @Test("after a line that was cut off the next one begins on a line of its own")
    func mending() throws {
        let pipe = try Pipe()
        // Interrupted as soon as there is something to read: in the middle of a line longer than one piece.
        var writer = LineWriter(pipe.writeEnd, interrupt: pipe.readEnd, endsMidLine: false)
        #expect(writer.write(Array("first\n".utf8)) == .written)
        #expect(writer.write(Array("not even begun\n".utf8)) == .interrupted)
        #expect(text(pipe.read()) == "first\n")
        #expect(writer.write([UInt8](repeating: UInt8(ascii: "x"), count: 10_000)) == .interrupted)
        #expect(pipe.read() == [UInt8](repeating: UInt8(ascii: "x"), count: 4096))
        #expect(writer.write(Array("second\n".utf8)) == .written)
        #expect(text(pipe.read()) == "\nsecond\n")
        #expect(writer.write(Array("third\n".utf8)) == .written)
        #expect(text(pipe.read()) == "third\n")
        close(pipe.writeEnd)
    }

    @Test("a descriptor that is none is refused")
    func noDescriptor() {
        let bell = Bell()
        var writer = LineWriter(-1, interrupt: bell.descriptor, endsMidLine: false)
        #expect(writer.write(Array("a\n".utf8)) == .refused(errno: EBADF))
    }
}
