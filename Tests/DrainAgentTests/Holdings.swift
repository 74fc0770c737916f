import FoundationEssentials
import Glibc
import Testing

/// What a process has of the system.
struct Holdings: CustomStringConvertible {
    var descriptors: Int
    var threads: Int
    /// Memory that no file backs, after the allocator has given back what it can.
    var anonymousBytes: Int

    var description: String { "\(descriptors) descriptors, \(threads) threads, \(anonymousBytes >> 10) KiB" }

    static func ofThisProcess() throws -> Holdings {
        trim()
        let rollup = String(
            decoding: try Data(contentsOf: URL(fileURLWithPath: "/proc/self/smaps_rollup")), as: UTF8.self)
        let line = try #require(rollup.split(separator: "\n").first { $0.hasPrefix("Anonymous:") })
        let kilobytes = try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        return Holdings(
            descriptors: try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count,
            threads: try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count,
            anonymousBytes: kilobytes << 10)
    }

    /// malloc.h is not in Swift's Glibc module.
    private static func trim() {
        typealias Trim = @convention(c) (Int) -> CInt
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        _ = unsafeBitCast(symbol, to: Trim.self)(0)
    }
}
