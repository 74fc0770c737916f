import Testing

@testable import Telemetry

@Suite struct HistogramTests {
    @Test("buckets are cumulative, a bound belongs to its bucket, and +Inf is the count")
    func buckets() {
        let registry = Registry()
        let histogram = registry.histogram("d_seconds", help: "", buckets: [0.5, 1, 2.5, 1e6])
        for value in [0.5, 0.50001, 1, 2, 3e6, 7] { histogram.observe(value) }
        #expect(
            registry.sampleLines() == [
                #"d_seconds_bucket{le="0.5"} 1"#, #"d_seconds_bucket{le="1.0"} 3"#, #"d_seconds_bucket{le="2.5"} 4"#,
                #"d_seconds_bucket{le="1e+06"} 5"#, #"d_seconds_bucket{le="+Inf"} 6"#, "d_seconds_sum 3000011.00001",
                "d_seconds_count 6",
            ])
    }

    @Test("the bucket's le comes after the labels of the series")
    func labels() {
        let registry = Registry()
        registry.histogram("d", help: "", buckets: [], labels: ["outcome": "allowed"]).observe(-1)
        #expect(
            registry.sampleLines() == [
                #"d_bucket{outcome="allowed",le="+Inf"} 1"#, #"d_sum{outcome="allowed"} -1"#,
                #"d_count{outcome="allowed"} 1"#,
            ])
    }

    @Test("each bucket keeps the exemplar of its last observation")
    func exemplars() throws {
        let registry = Registry()
        let histogram = registry.histogram("d", help: "", buckets: [1, 2])
        histogram.observe(0.5, exemplar: Exemplar(labels: ["n": "1"], value: 0.5))
        histogram.observe(0.75, exemplar: Exemplar(labels: ["n": "2"], value: 0.75))
        histogram.observe(9, exemplar: Exemplar(labels: ["n": "3"], value: 9))
        histogram.observe(0.25)
        let samples = try #require(registry.collect().first).samples
        #expect(samples.map { $0.exemplar?.labels["n"] } == ["2", nil, "3", nil, nil])
        #expect(samples.map(\.value) == [3, 3, 4, 10.5, 4])
    }

    @Test("other buckets under the same name stop the program")
    func otherBuckets() async {
        await #expect(processExitsWith: .failure) {
            let registry = Registry()
            _ = registry.histogram("a", help: "", buckets: [1])
            _ = registry.histogram("a", help: "", buckets: [1, 2])
        }
    }

    #if DEBUG
        @Test("what makes no sense stops a debug build")
        func nonsense() async {
            await #expect(processExitsWith: .failure) { Registry().counter("a_total", help: "").increment(by: -1) }
            await #expect(processExitsWith: .failure) { Registry().counter("a_total", help: "").increment(by: .nan) }
            await #expect(processExitsWith: .failure) { Registry().histogram("a", help: "", buckets: []).observe(.nan) }
        }
    #else
        @Test("what makes no sense is ignored")
        func nonsense() {
            let registry = Registry()
            for amount in [-1, .nan, .infinity] { registry.counter("a_total", help: "").increment(by: amount) }
            registry.histogram("a", help: "", buckets: []).observe(.nan)
            #expect(registry.collect().flatMap(\.samples).allSatisfy { $0.value == 0 })
        }
    #endif
}
