import Testing

@testable import Telemetry

@Suite struct MetricNamesTests {
    @Test(
        "names are ASCII letters, digits and underscores, and do not begin with a digit",
        arguments: [
            ("up", true), ("_a9", true), ("A_b", true), ("", false), ("9a", false), ("a-b", false), ("a b", false),
            ("é", false),
            ("a.b", false),
        ])
    func names(name: String, valid: Bool) {
        #expect(MetricNames.isName(name, colons: false) == valid)
        #expect(MetricNames.isName("\(name):", colons: true) == valid || name.isEmpty)
        #expect(!MetricNames.isName("\(name):", colons: false))
    }

    @Test("a program with a wrong name, label or bucket stops at once")
    func stops() async {
        await #expect(processExitsWith: .failure) { _ = Registry().counter("without_its_ending", help: "") }
        await #expect(processExitsWith: .failure) { _ = Registry().gauge("a", help: "", labels: ["le": "1"]) }
        await #expect(processExitsWith: .failure) { _ = Registry().gauge("a", help: "", labels: ["b": "1", "b": "2"]) }
        await #expect(processExitsWith: .failure) { _ = Registry().histogram("a", help: "", buckets: [2, 1]) }
    }

    @Test("a name cannot be two types")
    func twoTypes() async {
        await #expect(processExitsWith: .failure) {
            let registry = Registry()
            _ = registry.gauge("a", help: "")
            _ = registry.histogram("a", help: "", buckets: [1])
        }
    }
}
