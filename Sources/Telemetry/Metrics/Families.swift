/// The families of a registry with their series, in the order of their registration.
struct Families {
    private struct Family {
        let head: FamilyHead
        var series: [Series] = []
    }

    private struct Series {
        let labels: Labels
        let instrument: any Instrument
    }

    private var families: [Family] = []
    private var indices: [String: Int] = [:]

    /// The instrument of these labels, made if it is not there yet.
    mutating func register<Recorder: Instrument>(
        _ name: String, _ help: String, _ type: MetricType, _ labels: Labels, make: () -> Recorder
    ) -> Recorder {
        let index = family(name, help, type)
        if let known = families[index].series.first(where: { $0.labels.sameSeries(as: labels) }) {
            guard let instrument = known.instrument as? Recorder else { preconditionFailure("\(name) is no \(type)") }
            return instrument
        }
        MetricNames.check(labels, of: name)
        let instrument = make()
        families[index].series.append(Series(labels: labels, instrument: instrument))
        return instrument
    }

    mutating func remove(_ name: String, _ labels: Labels) {
        guard let index = indices[name] else { return }
        families[index].series.removeAll { $0.labels.sameSeries(as: labels) }
    }

    func snapshot() -> [MetricFamily] {
        families.compactMap { family in
            guard !family.series.isEmpty else { return nil }
            var samples: [Sample] = []
            samples.reserveCapacity(family.series.count)
            for series in family.series { series.instrument.append(to: &samples) }
            return MetricFamily(head: family.head, samples: samples)
        }
    }

    private mutating func family(_ name: String, _ help: String, _ type: MetricType) -> Int {
        if let index = indices[name] {
            let known = families[index].head.type
            precondition(known == type, "\(name) is a \(known), not a \(type)")
            return index
        }
        MetricNames.check(name, type)
        families.append(Family(head: FamilyHead(name, help, type)))
        indices[name] = families.count - 1
        return families.count - 1
    }
}
