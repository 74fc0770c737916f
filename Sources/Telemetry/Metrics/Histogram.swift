import Locking

/// How observations spread over buckets.
public final class Histogram: Sendable {
    private struct Bucket {
        var count = 0
        /// The last one that fell here.
        var exemplar: Exemplar?
    }

    private struct State {
        /// One a bound and one beyond the last; each counts only its own.
        var buckets: [Bucket]
        var sum = 0.0
    }

    /// Upper bounds without `+Inf`, ascending.
    let bounds: [Double]
    private let bucketHeads: [SampleHead]
    private let sumHead: SampleHead
    private let countHead: SampleHead
    private let state: Lock<State>

    init(_ name: String, _ labels: Labels, bounds: [Double]) {
        self.bounds = bounds
        bucketHeads = (bounds + [.infinity]).map { bound in
            SampleHead("\(name)_bucket", labels.appending("le", Exposition.bound(bound)))
        }
        sumHead = SampleHead("\(name)_sum", labels)
        countHead = SampleHead("\(name)_count", labels)
        state = Lock(State(buckets: Array(repeating: Bucket(), count: bounds.count + 1)))
    }

    /// Counts `value`; a non-finite one is a mistake of the program, and in release builds ignored.
    public func observe(_ value: Double, exemplar: Exemplar? = nil) {
        guard value.isFinite else { return assertionFailure("\(sumHead.name) cannot take \(value)") }
        let exemplar = exemplar.flatMap { $0.isWithinLimit ? $0 : nil }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.sum += value
            state.buckets[index].count += 1
            if let exemplar { state.buckets[index].exemplar = exemplar }
        }
    }
}

extension Histogram: Instrument {
    func append(to samples: inout [Sample]) {
        state.withLock { state in
            var count = 0
            for (head, bucket) in zip(bucketHeads, state.buckets) {
                count += bucket.count
                samples.append(Sample(head: head, value: Double(count), exemplar: bucket.exemplar))
            }
            samples.append(Sample(head: sumHead, value: state.sum, exemplar: nil))
            samples.append(Sample(head: countHead, value: Double(count), exemplar: nil))
        }
    }
}
