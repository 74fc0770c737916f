/// What Prometheus and OpenMetrics demand of names. Names are written in the program, so a wrong one stops it at once.
enum MetricNames {
    static func check(_ name: String, _ type: MetricType) {
        precondition(isName(name, colons: true), "not a metric name: \(name)")
        switch type {
        case .counter: precondition(name.hasSuffix("_total"), "a counter ends in _total: \(name)")
        case .info: precondition(name.hasSuffix("_info"), "an info ends in _info: \(name)")
        case .gauge, .histogram:
            let taken = ["_total", "_info", "_created", "_bucket", "_sum", "_count"]
            precondition(!taken.contains { name.hasSuffix($0) }, "an ending with a meaning of its own: \(name)")
        }
    }

    static func check(_ labels: Labels, of name: String) {
        for (index, (label, _)) in labels.pairs.enumerated() {
            precondition(isName(label, colons: false) && !label.hasPrefix("__"), "not a label name: \(label)")
            precondition(label != "le", "le belongs to the buckets: \(name)")
            precondition(!labels.pairs[..<index].contains { $0.name == label }, "twice a label of \(name): \(label)")
        }
    }

    static func check(_ bounds: [Double], of name: String) {
        precondition(bounds.allSatisfy(\.isFinite), "+Inf comes by itself: \(name)")
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds ascend: \(name)")
    }

    static func isName(_ text: String, colons: Bool) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x61...0x7a, 0x41...0x5a, 0x30...0x39, UInt8(ascii: "_"): true
            case UInt8(ascii: ":"): colons
            default: false
            }
        }
    }
}
