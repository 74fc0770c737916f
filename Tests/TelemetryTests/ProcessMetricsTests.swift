import Testing

@testable import Telemetry

@Suite struct ProcessMetricsTests {
    @Test("the standard metrics are there and plausible")
    func plausible() throws {
        let registry = Registry()
        ProcessMetrics.register(in: registry)
        let values = Dictionary(
            uniqueKeysWithValues: registry.collect().map { ($0.name, $0.samples.first?.value ?? .nan) })
        #expect(values.count == 6)
        #expect(try #require(values["process_cpu_seconds_total"]) >= 0)
        #expect(try #require(values["process_resident_memory_bytes"]) > 1e6)
        #expect(try #require(values["process_virtual_memory_bytes"]) >= values["process_resident_memory_bytes"] ?? 0)
        #expect(try #require(values["process_start_time_seconds"]) > 1.7e9)
        #expect((3...(values["process_max_fds"] ?? 0)).contains(try #require(values["process_open_fds"])))
    }

    @Test("a process may call itself anything")
    func names() throws {
        let fields = (3...52).map(String.init).joined(separator: " ")
        let status = try #require(ProcessStatus(parsing: "1 (a) b (c) " + fields + "\n"))
        #expect(status.cpuTicks == 14 + 15)
        #expect(status.startTicks == 22)
        #expect(status.virtualBytes == 23)
        #expect(status.residentPages == 24)
    }

    @Test(
        "what is no status is none",
        arguments: ["", "1 (a", "1 (a) S 1 2 3", "1 (a) " + String(repeating: "x ", count: 30)])
    func nonsense(stat: String) { #expect(ProcessStatus(parsing: stat) == nil) }
}
