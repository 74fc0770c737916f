import Glibc

/// Writes whole lines to a descriptor, and waits for its reader; used by one thread.
struct LineWriter {
    enum Result: Equatable { case written, interrupted, refused(errno: Int32) }

    let descriptor: Int32
    /// Readable when waiting for the reader should end.
    private let interrupt: Int32
    private let isFile: Bool
    /// The regular file's, if it was opened by one.
    private let path: String?
    /// The last line was not finished: the next one needs a newline before it.
    private var endsMidLine: Bool

    /// What a pipe takes without waiting once poll(2) calls it writable, and in one piece: PIPE_BUF.
    private static let pieceForPipes = 4096

    init(_ descriptor: Int32, interrupt: Int32, endsMidLine: Bool, path: String? = nil) {
        self.path = path
        self.descriptor = descriptor
        self.interrupt = interrupt
        self.endsMidLine = endsMidLine
        var status = stat()
        isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether the regular file at `path` ends in something other than a newline; `false` if it cannot be read.
    static func endsMidLine(_ path: String) -> Bool {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        var last: UInt8 = 0
        return size > 0 && pread(descriptor, &last, 1, size - 1) == 1 && last != UInt8(ascii: "\n")
    }

    /// Opens `path` for appending; waits for nobody. -1 and errno if it cannot be.
    static func open(_ path: String) -> Int32 {
        Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644)
    }

    /// A file that somebody has deleted would take all lines with it: a new one is begun in its place. errno, or 0.
    private mutating func replaceDeleted() -> Int32 {
        var status = stat()
        guard isFile, let path, fstat(descriptor, &status) == 0, status.st_nlink == 0 else { return 0 }
        let replacement = Self.open(path)
        guard replacement >= 0 else { return errno }
        defer { close(replacement) }
        endsMidLine = Self.endsMidLine(path)
        guard dup2(replacement, descriptor) >= 0 else { return errno }
        return fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0 ? errno : 0
    }

    /// Writes `line` with one write(2) where that is possible: what a crash can tear is at most this line.
    mutating func write(_ line: [UInt8]) -> Result {
        let failure = replaceDeleted()
        guard failure == 0 else { return .refused(errno: failure) }
        let mend = endsMidLine ? 1 : 0
        let bytes = endsMidLine ? [UInt8(ascii: "\n")] + line : line
        var offset = 0
        let result = finish(bytes, &offset)
        // With nothing written it is as before; with only the newline, mended.
        if offset > 0 { endsMidLine = result != .written && offset > mend }
        return result
    }

    private func finish(_ bytes: [UInt8], _ offset: inout Int) -> Result {
        while offset < bytes.count {
            guard isFile || waitForReader() else { return .interrupted }
            let left = bytes.count - offset
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.write(
                    descriptor, bytes.baseAddress.map { $0 + offset }, isFile ? left : min(left, Self.pieceForPipes))
            }
            if count > 0 {
                offset += count
                continue
            }
            switch errno {
            case _ where count == 0: return .refused(errno: EIO)
            case EINTR: continue
            case EAGAIN where !isFile: continue
            default: return .refused(errno: errno)
            }
        }
        return .written
    }

    /// Waits until a write would not block, or would fail; `false` when interrupted.
    private func waitForReader() -> Bool {
        // poll(2) would pass over it and wait for ever; write(2) refuses it.
        guard descriptor >= 0 else { return true }
        var polled = [
            pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&polled, nfds_t(polled.count), -1) < 0, errno == EINTR {}
        return polled[1].revents == 0
    }
}
