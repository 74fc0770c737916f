import Glibc

/// The `process_*` metrics that every Prometheus client has.
public enum ProcessMetrics {
    /// Registers them, read from `/proc` at each scrape. What cannot be read keeps its last value.
    public static func register(in registry: Registry) {
        let cpu = registry.counter(
            "process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.")
        let resident = registry.gauge("process_resident_memory_bytes", help: "Resident memory size in bytes.")
        let virtual = registry.gauge("process_virtual_memory_bytes", help: "Virtual memory size in bytes.")
        let start = registry.gauge(
            "process_start_time_seconds", help: "Start time of the process since unix epoch in seconds.")
        let open = registry.gauge("process_open_fds", help: "Number of open file descriptors.")
        let limit = registry.gauge("process_max_fds", help: "Maximum number of open file descriptors.")
        let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        let bytesPerPage = Double(sysconf(Int32(_SC_PAGESIZE)))
        let bootTime = ProcessStatus.bootTime()

        registry.onCollect {
            if let status = ProcessStatus.read() {
                cpu.increment(by: max(0, status.cpuTicks / ticksPerSecond - cpu.value))
                resident.set(status.residentPages * bytesPerPage)
                virtual.set(status.virtualBytes)
                if let bootTime { start.set(bootTime + status.startTicks / ticksPerSecond) }
            }
            if let count = ProcessStatus.openDescriptors() { open.set(Double(count)) }
            if let count = ProcessStatus.descriptorLimit() { limit.set(count) }
        }
    }
}
