internal import CSpawn
internal import Glibc
internal import Locking

/// A program that a test runs beside itself: its output line by line, its signals, its end.
public final class ChildProgram: Sendable {
    public enum End: Sendable, Equatable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    /// What stands behind the child's standard output.
    public enum Output: Sendable {
        /// `output` has it.
        case read
        /// A pipe that nobody reads any more.
        case broken
        /// No such descriptor at all.
        case none
        /// A terminal of this size, the child's own; what it is sent is in `output`.
        case terminal(columns: UInt16, rows: UInt16)
    }

    private struct State {
        var end: End?
        var waiters: [CheckedContinuation<End, Never>] = []
    }

    public let pid: Int32
    public let output = LineLog()
    public let error = LineLog()
    /// Our end of the child's terminal, open as long as the child is being looked at.
    private let terminal: Int32?
    private let state = Lock(State())

    /// Somebody types at the child's terminal.
    public func type(_ text: String) {
        guard let terminal else { return }
        _ = Array(text.utf8).withUnsafeBytes { write(terminal, $0.baseAddress, $0.count) }
    }

    /// Somebody changes the size of its window.
    public func resize(columns: UInt16, rows: UInt16) {
        guard let terminal else { return }
        Self.resize(terminal, columns, rows)
    }

    private static func resize(_ terminal: Int32, _ columns: UInt16, _ rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)
    }

    /// Runs `body` beside the program; afterwards, or when the test is cancelled, the program is killed.
    public static func with<Result>(
        _ path: String, _ arguments: [String], environment: [String: String], output: Output = .read,
        _ body: (ChildProgram) async throws -> Result
    ) async throws -> Result {
        let child = try ChildProgram(path, arguments, environment, output)
        return try await withTaskCancellationHandler {
            do {
                let result = try await body(child)
                child.send(SIGKILL)
                _ = await child.end()
                return result
            } catch {
                child.send(SIGKILL)
                _ = await child.end()
                throw error
            }
        } onCancel: {
            child.send(SIGKILL)
        }
    }

    /// Its end, and that of its output.
    public func end() async -> End {
        let end = await withCheckedContinuation { continuation in
            let end = state.withLock { state -> End? in
                if state.end == nil { state.waiters.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
        await output.end()
        await error.end()
        return end
    }

    /// Nothing happens once it has ended: its number may be another's by then.
    public func send(_ signal: Int32) {
        state.withLock { state in
            if state.end == nil { _ = kill(pid, signal) }
        }
    }

    private init(
        _ path: String, _ arguments: [String], _ environment: [String: String], _ standardOutput: Output
    ) throws {
        var out = try Self.pipe()
        let err = try Self.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        switch standardOutput {
        case .terminal(let columns, let rows):
            close(out.read)
            let (descriptor, name) = try Self.openTerminal(columns, rows)
            out.read = descriptor
            terminal = descriptor
            // The leader of a new session has the first terminal that it opens as its own.
            posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
            posix_spawn_file_actions_adddup2(&actions, 0, 1)
        case .read, .broken:
            terminal = nil
            posix_spawn_file_actions_adddup2(&actions, out.write, 1)
        case .none:
            terminal = nil
            posix_spawn_file_actions_addclose(&actions, 1)
        }
        posix_spawn_file_actions_adddup2(&actions, err.write, 2)
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        if case .broken = standardOutput { close(out.read) }

        var attributes = Self.defaultSignals(ofNewSession: terminal != nil)
        defer { posix_spawnattr_destroy(&attributes) }
        var child = pid_t()
        let code = withCStrings([path] + arguments) { argv in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&child, path, &actions, &attributes, argv, envp)
            }
        }
        close(out.write)
        close(err.write)
        pid = child
        guard code == 0 else { throw NotStarted(path: path, reason: String(cString: strerror(code))) }
        if case .broken = standardOutput { output.close() } else { Self.read(out.read, into: output) }
        Self.read(err.read, into: error)
        detachThread { [self] in reap() }
    }

    public struct NotStarted: Error {
        public var path: String
        public var reason: String
    }

    /// Leaves the number taken until the end is known here, so that no signal goes astray.
    private func reap() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let (end, waiters) = state.withLock { state -> (End, [CheckedContinuation<End, Never>]) in
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            let end = status & 0x7f == 0 ? End.exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
            state.end = end
            defer { state.waiters = [] }
            return (end, state.waiters)
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }

    private static func read(_ descriptor: Int32, into log: LineLog) {
        detachThread {
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = Glibc.read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                log.append(buffer[..<count])
            }
            close(descriptor)
            log.close()
        }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SocketError("pipe2") }
        return (ends[0], ends[1])
    }

    /// Our end, and the file that the child opens. Linux's own words for it: Glibc's module lacks posix_openpt(3).
    private static func openTerminal(_ columns: UInt16, _ rows: UInt16) throws -> (descriptor: Int32, name: String) {
        let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (lock, number): (Int32, Int32) = (0, 0)
        guard terminal >= 0, ioctl(terminal, setLock, &lock) == 0, ioctl(terminal, getNumber, &number) == 0 else {
            throw SocketError("/dev/ptmx")
        }
        resize(terminal, columns, rows)
        return (terminal, "/dev/pts/\(number)")
    }

    private static func defaultSignals(ofNewSession isLeader: Bool) -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        let session = isLeader ? posixSpawnSetsid : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | session))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        return attributes
    }
}

/// POSIX_SPAWN_SETSID, which glibc has for its own extensions only.
private let posixSpawnSetsid: Int32 = 0x80

private func withCStrings<Result>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
}
