import Glibc
import Locking
import Testing

@testable import Telemetry

@Suite struct ConcurrencyTests {
    @Test("what many threads record at once is all there, and every snapshot on the way is consistent")
    func sums() async {
        let registry = Registry()
        let histogram = registry.histogram("d", help: "", buckets: [1, 2, 3])
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for round in 0..<2500 {
                        registry.counter("n_total", help: "", labels: ["w": "\(worker % 2)"]).increment(by: 0.5)
                        histogram.observe(Double(round % 5), exemplar: Exemplar(labels: ["w": "\(worker)"], value: 1))
                    }
                }
            }
            group.addTask {
                for _ in 0..<200 {
                    let buckets = registry.collect().first { $0.name == "d" }?.samples.map(\.value) ?? []
                    #expect(buckets[3] == buckets[5] && buckets[..<4].elementsEqual(buckets[..<4].sorted()))
                }
            }
        }
        #expect(
            registry.sampleLines().sorted() == [
                #"d_bucket{le="+Inf"} 10000"#, #"d_bucket{le="1.0"} 4000"#, #"d_bucket{le="2.0"} 6000"#,
                #"d_bucket{le="3.0"} 8000"#, "d_count 10000", "d_sum 20000", #"n_total{w="0"} 2500"#,
                #"n_total{w="1"} 2500"#,
            ])
    }

    @Test("an update is never seen half done")
    func updates() async {
        let registry = Registry()
        let (queued, gone) = (registry.gauge("queued", help: ""), registry.gauge("gone", help: ""))
        let finished = Lock(false)
        queued.set(1)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !finished.withLock({ $0 }) {
                    for moved in [1, 0] as [Double] {
                        registry.update {
                            queued.set(1 - moved)
                            // Gives a snapshot every chance to fall in between.
                            for _ in 0..<10 { sched_yield() }
                            gone.set(moved)
                        }
                    }
                    await Task.yield()
                }
            }
            group.addTask {
                for _ in 0..<1000 {
                    #expect(registry.collect().flatMap(\.samples).reduce(0) { $0 + $1.value } == 1)
                    await Task.yield()
                }
                finished.withLock { $0 = true }
            }
        }
        #expect((queued.value, gone.value) == (1, 0))
    }

    @Test("series may come and go while others collect")
    func churn() async {
        let registry = Registry()
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<3 {
                group.addTask {
                    for round in 0..<300 {
                        registry.gauge("g", help: "", labels: ["w": "\(worker)", "r": "\(round)"]).set(1)
                        registry.remove("g", labels: ["r": "\(round)", "w": "\(worker)"])
                    }
                }
            }
            group.addTask {
                for _ in 0..<300 { #expect((registry.collect().first?.samples.count ?? 0) <= 3) }
            }
        }
        #expect(registry.collect().isEmpty)
    }
}
