import Glibc

struct SystemError: Error { var number = errno }

/// Runs `body` with a directory of its own, which is removed afterwards.
func withScratchDirectory(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/telemetry-tests.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError() }
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer {
        for name in ["lines", "fifo"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
    try await body(path)
}

func contents(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    return bytesToEnd(descriptor, piece: 65536)
}

/// A pipe of which the tests hold the reading end.
final class Pipe: @unchecked Sendable {
    /// Whoever writes closes it.
    let writeEnd: Int32
    private(set) var readEnd: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError() }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit { closeReadEnd() }

    func closeReadEnd() {
        guard readEnd >= 0 else { return }
        close(readEnd)
        readEnd = -1
    }

    /// Puts spaces in until it takes no more, and then takes out `room` bytes.
    func fill(butFor room: Int) {
        let page = [UInt8](repeating: UInt8(ascii: " "), count: 4096)
        _ = fcntl(writeEnd, F_SETFL, O_NONBLOCK)
        while write(writeEnd, page, page.count) > 0 {}
        _ = fcntl(writeEnd, F_SETFL, 0)
        for _ in 0..<(room / page.count) { _ = read(upTo: page.count) }
    }

    /// What is in it now.
    func read(upTo limit: Int = 65536) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = Glibc.read(readEnd, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    /// Everything until the writing end is closed.
    func readToEnd(piece: Int = 65536) -> [UInt8] { bytesToEnd(readEnd, piece: piece) }

    /// The same from a thread of its own, while the test goes on.
    func readingToEnd(piece: Int = 65536) -> AsyncStream<[UInt8]> {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let reading = Unmanaged.passRetained(
            Reading {
                continuation.yield(self.readToEnd(piece: piece))
                continuation.finish()
            })
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Reading>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, reading.toOpaque())
        precondition(failure == 0)
        pthread_detach(thread)
        return stream
    }

    private final class Reading {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
}

private func bytesToEnd(_ descriptor: Int32, piece: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: piece)
    while true {
        let count = Glibc.read(descriptor, &chunk, piece)
        guard count > 0 else { return bytes }
        bytes.append(contentsOf: chunk[..<count])
    }
}
