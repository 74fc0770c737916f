// bench-scrape FILE [SCRAPES]: what a scrape costs whose series are those of the scrape in FILE.

import CAllocations
import FoundationEssentials
import Glibc
import Gzip
import Telemetry

guard CommandLine.arguments.count > 1, let data = FileManager.default.contents(atPath: CommandLine.arguments[1]),
    let registry = Shape.registry(String(decoding: data, as: UTF8.self))
else {
    print("usage: bench-scrape FILE [SCRAPES], FILE a scrape in the text format")
    exit(64)
}
let scrapes = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 100_000 : 100_000

/// This process's CPU time, in nanoseconds.
func cpuTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Anonymous resident memory, in KiB.
func memory() -> Int {
    let status = FileManager.default.contents(atPath: "/proc/self/status") ?? Data()
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
}

func padded(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

/// One line: microseconds of CPU, allocations and bytes of one `body`.
func report(_ name: String, _ count: Int, _ body: () -> Int) {
    for _ in 0..<count / 10 { _ = body() }
    let (time, allocated) = (cpuTime(), allocations())
    var bytes = 0
    for _ in 0..<count { bytes = body() }
    let microseconds = Double(cpuTime() - time) / Double(count) / 1000
    let each = Double(allocations() - allocated) / Double(count)
    print(
        name + padded("\((microseconds * 10).rounded() / 10) µs", 34 - name.count)
            + padded("\((each * 10).rounded() / 10) allocations", 22) + padded("\(bytes) bytes", 16))
}

report("snapshot without process_*", 10_000) { registry.collect().count }
report("text: without process_*", 10_000) { PrometheusText.render(registry.collect()).count }
ProcessMetrics.register(in: registry)
let series = registry.collect().reduce(0) { $0 + $1.samples.count }
print("\(registry.collect().count) families, \(series) series")
let families = registry.collect()
report("snapshot", 10_000) { registry.collect().count }
for format in ExpositionFormat.allCases {
    report("\(format.rawValue): rendering", 10_000) { format.render(families).count }
    report("\(format.rawValue): scrape", 10_000) { format.render(registry.collect()).count }
    report("\(format.rawValue): scrape, gzip", 10_000) { Gzip.compress(format.render(registry.collect())).count }
}
let before = memory()
for scrape in 0..<scrapes {
    let body = (scrape % 2 == 0 ? ExpositionFormat.text : .openmetrics).render(registry.collect())
    if scrape % 4 < 2 { _ = Gzip.compress(body) }
}
print("anonymous memory before and after \(scrapes) scrapes: \(before) KiB, \(memory()) KiB")
