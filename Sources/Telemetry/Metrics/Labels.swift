/// Label pairs in the order they are written in.
///
/// Names must be valid for Prometheus, which the registry checks: they are the program's own. Values are any text.
public struct Labels: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    public var pairs: [(name: String, value: String)]

    public init(_ pairs: [(String, String)]) { self.pairs = pairs.map { (name: $0.0, value: $0.1) } }

    public init(dictionaryLiteral elements: (String, String)...) { self.init(elements) }

    /// The value of the label `name`.
    public subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    public static func == (a: Labels, b: Labels) -> Bool { a.pairs.elementsEqual(b.pairs, by: ==) }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(pairs.count)
        for (name, value) in pairs {
            hasher.combine(name)
            hasher.combine(value)
        }
    }

    /// Whether both name the same series: to Prometheus the order of labels means nothing.
    func sameSeries(as other: Labels) -> Bool {
        guard pairs.count == other.pairs.count else { return false }
        return self == other || pairs.allSatisfy { other[$0.name] == $0.value }
    }

    func appending(_ name: String, _ value: String) -> Labels {
        var longer = self
        longer.pairs.append((name: name, value: value))
        return longer
    }
}
