import CSpawn
import Glibc
import Simulation

/// One process a core: a seed that kills its process costs that seed, and no other.
struct WorkerFleet {
    struct Failure {
        var seed: UInt64
        var invariant: String
        var text: String
    }

    /// Seconds of a processor: a seed takes a few milliseconds, and one that takes so long will never end.
    private static let patience = 60.0

    private struct Child {
        var process: pid_t
        var output: Int32
        var share: UInt64
        /// The seed whose line comes next.
        var next: UInt64
        var buffer: [UInt8] = []
        /// How long it had been at work when it was last heard.
        var lastHeard = 0.0

        /// Seconds of a processor; on a busy machine the clock on the wall says nothing.
        var work: Double {
            var (clock, spent) = (clockid_t(), timespec())
            guard clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &spent) == 0 else { return 0 }
            return Double(spent.tv_sec) + Double(spent.tv_nsec) / 1e9
        }
    }

    let range: SeedRange
    private let jobs: UInt64
    private let arguments: [String]
    private let limit: Int
    private var children: [Child] = []
    private(set) var failures: [Failure] = []
    private(set) var counts: [String: Int] = [:]
    /// Of all seeds, in whatever order they came.
    private(set) var digest: UInt64 = 0
    private(set) var played: UInt64 = 0

    init(range: SeedRange, jobs: Int, arguments: [String], failures: Int) throws {
        self.range = range
        self.jobs = UInt64(max(1, jobs > 0 ? jobs : sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        self.arguments = arguments
        limit = max(1, failures)
    }

    mutating func run() throws {
        for share in 0..<min(jobs, max(1, range.count)) { try start(share, at: range.first + share) }
        while !children.isEmpty, failures.count < limit { try listen() }
        for child in children {
            kill(child.process, SIGKILL)
            close(child.output)
            waitpid(child.process, nil, 0)
        }
        failures.sort { $0.seed < $1.seed }
    }

    /// A worker for each `jobs`-th seed from `seed` on.
    private mutating func start(_ share: UInt64, at seed: UInt64) throws {
        guard seed < range.end else { return }
        var ends: [Int32] = [0, 0]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SpawnFailure(code: errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let words =
            ["simulate", "--seeds", "\(seed)..<\(range.end)", "--worker", "0/\(jobs)"] + arguments
        var argv = words.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var process = pid_t()
        let code = posix_spawn(&process, "/proc/self/exe", &actions, nil, &argv, environ)
        close(ends[1])
        guard code == 0 else { throw SpawnFailure(code: code) }
        children.append(
            Child(process: process, output: ends[0], share: share, next: seed))
    }

    private mutating func listen() throws {
        var polled = children.map { pollfd(fd: $0.output, events: Int16(POLLIN), revents: 0) }
        poll(&polled, nfds_t(polled.count), 1000)
        for (index, answer) in polled.enumerated().reversed() {
            if answer.revents != 0 {
                try read(index)
            } else if children[index].work - children[index].lastHeard > Self.patience {
                kill(children[index].process, SIGKILL)
                try end(index, as: .hang, "it did not end within \(Int(Self.patience)) s of work")
            }
        }
    }

    private mutating func read(_ index: Int) throws {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(children[index].output, &bytes, bytes.count)
        children[index].lastHeard = children[index].work
        guard count > 0 else { return try end(index, as: .crash, "the process died") }
        children[index].buffer += bytes[..<count]
        while let newline = children[index].buffer.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: children[index].buffer[..<newline], as: UTF8.self)
            children[index].buffer.removeSubrange(...newline)
            take(line, from: index)
        }
    }

    private mutating func take(_ line: String, from index: Int) {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count >= 3, let number = UInt64(words[1]) else { return }
        switch words[0] {
        case "d":
            digest &+= mixed(number, UInt64(words[2], radix: 16) ?? 0)
            advance(index, past: number)
        case "v":
            failures.append(
                Failure(seed: number, invariant: String(words[2]), text: words.count > 3 ? String(words[3]) : ""))
            advance(index, past: number)
        case "c":
            let name = words[2...].joined(separator: " ")
            let before = counts[name, default: 0]
            counts[name] = name.hasPrefix("percent") ? max(before, Int(number)) : before + Int(number)
        default: break
        }
    }

    private mutating func advance(_ index: Int, past seed: UInt64) {
        played += 1
        children[index].next = seed + jobs
    }

    private func mixed(_ seed: UInt64, _ digest: UInt64) -> UInt64 {
        var word = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 ^ digest
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return word ^ (word >> 27)
    }

    /// It has played its share, or died of a seed: then another goes on after that.
    private mutating func end(_ index: Int, as invariant: Invariant, _ text: String) throws {
        let child = children.remove(at: index)
        close(child.output)
        var status: Int32 = 0
        waitpid(child.process, &status, 0)
        guard child.next < range.end else { return }
        // Somebody has ended it, and not the seed.
        if status & 0x7f == SIGTERM { return try start(child.share, at: child.next) }
        failures.append(Failure(seed: child.next, invariant: invariant.rawValue, text: "\(text) (status \(status))"))
        played += 1
        try start(child.share, at: child.next + jobs)
    }
}

struct SpawnFailure: Error, CustomStringConvertible {
    var code: Int32

    var description: String { "a process could not be started: \(String(cString: strerror(code)))" }
}
