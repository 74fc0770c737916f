/// A label selector as `kubectl -l` writes it: `app=web,tier!=db,env in (a,b),!legacy,generation>3`.
public struct LabelSelector: Sendable, Equatable {
    public enum Requirement: Sendable, Equatable {
        case isIn(key: String, values: Set<String>)
        case notIn(key: String, values: Set<String>)
        case exists(key: String)
        case absent(key: String)
        case greater(key: String, than: Int64)
        case less(key: String, than: Int64)
    }

    /// What is wrong with the text, for people.
    public struct Malformed: Error, Equatable, CustomStringConvertible {
        public var description: String
    }

    public var requirements: [Requirement]

    /// No requirement: selects everything.
    public init(_ requirements: [Requirement] = []) { self.requirements = requirements }

    /// Reads what `kubectl` reads, and refuses what it refuses.
    public init(parsing text: String) throws(Malformed) {
        var parser = LabelSelectorParser(text)
        requirements = try parser.requirements()
    }

    /// As Kubernetes has it: a label that is absent satisfies `!=` and `notin`, and no comparison.
    public func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .isIn(let key, let values): labels[key].map(values.contains) ?? false
            case .notIn(let key, let values): labels[key].map { !values.contains($0) } ?? true
            case .exists(let key): labels[key] != nil
            case .absent(let key): labels[key] == nil
            case .greater(let key, let bound): labels[key].flatMap { Int64($0) }.map { $0 > bound } ?? false
            case .less(let key, let bound): labels[key].flatMap { Int64($0) }.map { $0 < bound } ?? false
            }
        }
    }
}
