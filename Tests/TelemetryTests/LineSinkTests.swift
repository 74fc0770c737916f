import Glibc
import Locking
import Testing

@testable import Telemetry

/// Bounded in time as a whole: a sink that blocks would hang it.
@Suite(.timeLimit(.minutes(1))) struct LineSinkTests {
    /// What became of the lines, and what was said about it.
    private final class Record: Sendable {
        private let counts = Lock<[LineSink.Fate: Int]>([:])
        private let said = Lock<[LineSinkError]>([])

        var written: Int { counts.withLock { $0[.written] ?? 0 } }
        var dropped: Int { counts.withLock { $0[.dropped] ?? 0 } }
        var failed: Int { counts.withLock { $0[.failed] ?? 0 } }
        var failures: [LineSinkError] { said.withLock { $0 } }

        var onFate: @Sendable (LineSink.Fate, Int) -> Void {
            { fate, count in self.counts.withLock { $0[fate, default: 0] += count } }
        }
        var onFailure: @Sendable (LineSinkError) -> Void { { error in self.said.withLock { $0.append(error) } } }
    }

    private static func line(_ number: Int, padding: Int = 80) -> [UInt8] {
        Array("\(number) \(String(repeating: "x", count: padding))\n".utf8)
    }

    @Test("lines reach the file in order, and a flush waits for them")
    func order() async throws {
        let record = Record()
        try await withScratchDirectory { directory in
            let sink = try LineSink.open(path: "\(directory)/lines", onFate: record.onFate)
            for number in 0..<1000 { sink.write(Self.line(number)) }
            #expect(await sink.flush(within: .seconds(30)))
            #expect(record.written == 1000)
            #expect(contents("\(directory)/lines") == (0..<1000).flatMap { Self.line($0) })
            await sink.close(within: .seconds(30))
            sink.write(Self.line(0))
            #expect((record.written, record.dropped, record.failed) == (1000, 1, 0))
        }
    }

    @Test("a line without a newline gets one")
    func newline() async throws {
        try await withScratchDirectory { directory in
            let sink = try LineSink.open(path: "\(directory)/lines", onFate: { _, _ in })
            sink.write(Array("no newline".utf8))
            sink.write([])
            await sink.close(within: .seconds(30))
            #expect(text(contents("\(directory)/lines")) == "no newline\n\n")
        }
    }

    @Test(
        "a line that a crash has torn is mended, once and only then",
        arguments: [
            ("", "a\nb\n"), ("whole\n", "whole\na\nb\n"), ("whole\nto", "whole\nto\na\nb\n"), ("\n", "\na\nb\n"),
        ])
    func mending(before: String, after: String) async throws {
        try await withScratchDirectory { directory in
            let path = "\(directory)/lines"
            let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
            #expect(write(descriptor, before, before.utf8.count) == before.utf8.count)
            close(descriptor)
            let record = Record()
            let sink = try LineSink.open(path: path, onFate: record.onFate)
            sink.write(Array("a\n".utf8))
            sink.write(Array("b\n".utf8))
            await sink.close(within: .seconds(30))
            #expect(text(contents(path)) == after)
            #expect(record.written == 2)
        }
    }

    @Test("a pipe that nobody reads never blocks the writers, and every line is counted")
    func blockedPipe() async throws {
        let pipe = try Pipe()
        pipe.fill(butFor: 16 << 10)
        let record = Record()
        let sink = LineSink(
            descriptor: pipe.writeEnd, closesDescriptor: true, queueLimit: 32 << 10, onFate: record.onFate,
            onFailure: record.onFailure)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask { for number in 0..<2500 { sink.write(Self.line(worker * 2500 + number)) } }
            }
        }
        #expect(record.dropped > 5000, "the queue is bounded")
        #expect(await sink.flush(within: .milliseconds(1)) == false)
        await sink.close(within: .zero)
        #expect(record.written + record.dropped + record.failed == 10_000)
        #expect(record.failed == 0)
        let arrived = pipe.readToEnd()
        #expect(arrived.filter { $0 == UInt8(ascii: "\n") }.count == record.written && record.written > 0)
        #expect(arrived.last == UInt8(ascii: "\n"))
        #expect(record.failures.isEmpty)
    }

    @Test("a sink that is let go stops, and counts what it had")
    func abandoned() async throws {
        let pipe = try Pipe()
        let record = Record()
        do {
            let sink = LineSink(descriptor: pipe.writeEnd, closesDescriptor: true, onFate: record.onFate)
            for number in 0..<3000 { sink.write(Self.line(number)) }
        }
        // Its end of the pipe is closed as the thread's last act but one: then everything is counted.
        let arrived = pipe.readToEnd()
        #expect(arrived.filter { $0 == UInt8(ascii: "\n") }.count == record.written)
        #expect(record.written + record.dropped == 3000)
    }

    @Test("long lines reach a slow reader whole and in order")
    func slowReader() async throws {
        let pipe = try Pipe()
        let record = Record()
        let sink = LineSink(
            descriptor: pipe.writeEnd, closesDescriptor: true, queueLimit: 4 << 20, onFate: record.onFate)
        let lines = (0..<20).map { Self.line($0, padding: 100_000) }
        for line in lines { sink.write(line) }
        let reading = pipe.readingToEnd(piece: 1000)
        await sink.close(within: .seconds(30))
        #expect(await reading.first { _ in true } == lines.flatMap { $0 })
        #expect(record.written == 20)
    }

    @Test("a descriptor that does not block is waited for just so")
    func nonblocking() async throws {
        let pipe = try Pipe()
        _ = fcntl(pipe.writeEnd, F_SETFL, O_NONBLOCK)
        let record = Record()
        let sink = LineSink(descriptor: pipe.writeEnd, closesDescriptor: true, onFate: record.onFate)
        let lines = (0..<4).map { Self.line($0, padding: 200_000) }
        for line in lines { sink.write(line) }
        let reading = pipe.readingToEnd()
        await sink.close(within: .seconds(30))
        #expect(await reading.first { _ in true } == lines.flatMap { $0 })
    }

    @Test("a reader that has gone fails every line, and is mentioned once")
    func closedPipe() async throws {
        let pipe = try Pipe()
        pipe.closeReadEnd()
        let record = Record()
        let sink = LineSink(
            descriptor: pipe.writeEnd, closesDescriptor: true, onFate: record.onFate, onFailure: record.onFailure)
        for number in 0..<100 { sink.write(Self.line(number)) }
        #expect(await sink.flush(within: .seconds(30)))
        await sink.close(within: .seconds(30))
        #expect((record.written, record.dropped, record.failed) == (0, 0, 100))
        #expect(record.failures == [.cannotWrite(errno: EPIPE)])
    }

    @Test("a full disk fails every line, and is mentioned once")
    func fullDisk() async throws {
        let record = Record()
        let sink = try LineSink.open(path: "/dev/full", onFate: record.onFate, onFailure: record.onFailure)
        for number in 0..<100 { sink.write(Self.line(number)) }
        await sink.close(within: .seconds(30))
        #expect((record.written, record.dropped, record.failed) == (0, 0, 100))
        #expect(record.failures == [.cannotWrite(errno: ENOSPC)])
        #expect(record.failures.first?.description == "cannot write: No space left on device")
    }

    @Test("a file that is deleted is made anew; where it cannot be, lines fail; one that is renamed gets the lines on")
    func deleted() async throws {
        let record = Record()
        try await withScratchDirectory { directory in
            let path = "\(directory)/lines"
            let sink = try LineSink.open(path: path, onFate: record.onFate, onFailure: record.onFailure)
            func write(_ number: Int) async {
                sink.write(Self.line(number))
                #expect(await sink.flush(within: .seconds(30)))
            }
            await write(0)
            unlink(path)
            await write(1)
            #expect(contents(path) == Self.line(1))
            rename(path, "\(directory)/fifo")
            await write(2)
            #expect(contents("\(directory)/fifo") == Self.line(1) + Self.line(2))
            unlink("\(directory)/fifo")
            mkdir(path, 0o755)
            await write(3)
            #expect((record.written, record.failed) == (3, 1))
            #expect(record.failures == [.cannotWrite(errno: EISDIR)])
            rmdir(path)
            await write(4)
            #expect(contents(path) == Self.line(4))
            await sink.close(within: .seconds(30))
        }
    }

    @Test("a line longer than the queue is dropped, and the next one is not")
    func tooLong() async throws {
        try await withScratchDirectory { directory in
            let record = Record()
            let sink = try LineSink.open(path: "\(directory)/lines", queueLimit: 100, onFate: record.onFate)
            sink.write(Self.line(1, padding: 200))
            sink.write(Self.line(2))
            await sink.close(within: .seconds(30))
            #expect((record.written, record.dropped) == (1, 1))
            #expect(contents("\(directory)/lines") == Self.line(2))
        }
    }

    @Test("a path that cannot be opened says why, and a FIFO without a reader does not hang")
    func refused() async throws {
        try await withScratchDirectory { directory in
            #expect(throws: LineSinkError.cannotOpen(path: directory, errno: EISDIR)) {
                try LineSink.open(path: directory, onFate: { _, _ in })
            }
            let fifo = "\(directory)/fifo"
            #expect(mkfifo(fifo, 0o600) == 0)
            #expect(throws: LineSinkError.cannotOpen(path: fifo, errno: ENXIO)) {
                try LineSink.open(path: fifo, onFate: { _, _ in })
            }
        }
    }
}
