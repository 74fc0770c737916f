import Locking

/// A number that only grows.
public final class Counter: Sendable {
    private struct State {
        var value = 0.0
        var exemplar: Exemplar?
    }

    private let head: SampleHead
    private let state = Lock(State())

    init(_ name: String, _ labels: Labels) { head = SampleHead(name, labels) }

    /// Adds `amount`; a negative or non-finite one is a mistake of the program, and in release builds ignored.
    public func increment(by amount: Double = 1, exemplar: Exemplar? = nil) {
        guard amount >= 0, amount.isFinite else { return assertionFailure("\(head.name) cannot grow by \(amount)") }
        let exemplar = exemplar.flatMap { $0.isWithinLimit ? $0 : nil }
        state.withLock { state in
            state.value += amount
            if let exemplar { state.exemplar = exemplar }
        }
    }

    public var value: Double { state.withLock { $0.value } }
}

extension Counter: Instrument {
    func append(to samples: inout [Sample]) {
        let (value, exemplar) = state.withLock { ($0.value, $0.exemplar) }
        samples.append(Sample(head: head, value: value, exemplar: exemplar))
    }
}
