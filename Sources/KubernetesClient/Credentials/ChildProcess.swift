internal import Glibc

/// A program that is run once, without standard input, and whose output is collected. Blocks: for a thread of its own.
struct ChildProcess {
    struct Output: Sendable {
        var standardOutput: [UInt8] = []
        /// Its last 4 KiB.
        var standardError: [UInt8] = []
        /// As `waitpid` has it.
        var status: Int32 = 0
    }

    enum Failure: Error {
        case notStarted(String)
        case timedOut
        case cancelled
        case tooMuchOutput(limit: Int)
    }

    private static let outputLimit = 1 << 20
    private static let errorLimit = 4 << 10
    /// Milliseconds between two looks at a child that neither prints nor ends.
    private static let pause: Int32 = 50

    let child: pid_t
    let output: Int32
    let error: Int32

    static func run(
        _ path: String, _ arguments: [String], environment: [String: String], limit: Duration,
        isWanted: () -> Bool = { true }
    ) throws(Failure) -> Output {
        let process = try spawn(path, arguments, environment)
        defer {
            close(process.output)
            close(process.error)
        }
        do { return try process.collect(until: .now + limit, isWanted) } catch {
            // The group: its own children too.
            kill(-process.child, SIGKILL)
            waitpid(process.child, nil, 0)
            throw error
        }
    }

    /// Reads both pipes until the child is gone; what its own children keep open does not hold us up.
    private func collect(
        until deadline: ContinuousClock.Instant, _ isWanted: () -> Bool
    ) throws(Failure) -> Output {
        var result = Output()
        var open = [output, error]
        var isGone = false
        while true {
            isGone = isGone || waitpid(child, &result.status, WNOHANG) != 0
            let hasRead = read(&open, into: &result, wait: isGone ? 0 : Self.pause)
            guard result.standardOutput.count <= Self.outputLimit else { throw .tooMuchOutput(limit: Self.outputLimit) }
            if isGone, !hasRead { return result }
            guard isWanted() else { throw .cancelled }
            guard ContinuousClock.now < deadline else {
                if isGone { return result }
                throw .timedOut
            }
        }
    }

    /// Whether a pipe had something to read within `wait` milliseconds.
    private func read(_ open: inout [Int32], into result: inout Output, wait: Int32) -> Bool {
        var polled = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&polled, nfds_t(polled.count), wait) > 0 else { return false }
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        for entry in polled where entry.revents != 0 {
            let count = Glibc.read(entry.fd, &chunk, chunk.count)
            if count <= 0 {
                open.removeAll { $0 == entry.fd }
            } else if entry.fd == output {
                result.standardOutput += chunk[..<count]
            } else {
                result.standardError = Array((result.standardError + chunk[..<count]).suffix(Self.errorLimit))
            }
        }
        return true
    }
}
