import Testing

@testable import Telemetry

@Suite struct LabelsTests {
    @Test("labels keep the order they are given in")
    func order() {
        let labels: Labels = ["b": "2", "a": "1"]
        #expect(labels.pairs.map(\.name) == ["b", "a"])
        #expect(labels["a"] == "1")
        #expect(labels["c"] == nil)
    }

    @Test("equal labels have equal hashes")
    func hashing() {
        #expect(Set([["a": "1"], ["a": "1"], ["a": "2"]] as [Labels]).count == 2)
        #expect(["a": "1", "b": "2"] as Labels != ["b": "2", "a": "1"])
    }

    @Test(
        "order means nothing to a series",
        arguments: [
            (["a": "1", "b": "2"], ["b": "2", "a": "1"], true), ([:], [:], true), (["a": "1"], ["a": "2"], false),
            (["a": "1"], ["b": "1"], false), (["a": "1"], ["a": "1", "b": "2"], false),
        ] as [(Labels, Labels, Bool)])
    func sameSeries(a: Labels, b: Labels, same: Bool) {
        #expect(a.sameSeries(as: b) == same)
        #expect(b.sameSeries(as: a) == same)
    }
}
