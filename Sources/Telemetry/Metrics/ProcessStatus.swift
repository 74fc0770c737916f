import Glibc

/// What the kernel says about this process: the fields of `/proc/self/stat` that metrics are made of.
struct ProcessStatus: Equatable {
    /// User and system time, in clock ticks.
    var cpuTicks: Double
    /// After boot, in clock ticks.
    var startTicks: Double
    var virtualBytes: Double
    var residentPages: Double

    /// Source: proc(5). The name in parentheses may itself hold spaces and parentheses.
    init?(parsing stat: String) {
        guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
        // The third field of the manual page is the first here.
        let fields = stat[nameEnd...].dropFirst().split(separator: " ").map { Double($0) }
        guard fields.count > 21, let user = fields[11], let system = fields[12], let start = fields[19],
            let virtual = fields[20], let resident = fields[21]
        else { return nil }
        cpuTicks = user + system
        startTicks = start
        virtualBytes = virtual
        residentPages = resident
    }

    static func read() -> ProcessStatus? { text(of: "/proc/self/stat").flatMap { ProcessStatus(parsing: $0) } }

    /// When the machine booted, in seconds since the epoch.
    static func bootTime() -> Double? {
        text(of: "/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst("btime ".count)) }
    }

    /// How many file descriptors are open, without the one that is needed to find out.
    static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // `.`, `..` and the directory itself.
        return count - 3
    }

    /// How many file descriptors may be open.
    static func descriptorLimit() -> Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Double(limit.rlim_cur)
    }

    private static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
