/// A selector as an object has it: `{"matchLabels": {…}, "matchExpressions": [{"key", "operator", "values"}]}`.
extension LabelSelector: Decodable {
    private enum CodingKeys: String, CodingKey { case matchLabels, matchExpressions }

    private struct Expression: Decodable {
        var key: String
        var `operator`: String
        var values: Set<String>?
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        let labels = try object.decodeIfPresent([String: String].self, forKey: .matchLabels) ?? [:]
        let expressions = try object.decodeIfPresent([Expression].self, forKey: .matchExpressions) ?? []
        self.init(
            labels.sorted { $0.key < $1.key }.map { .isIn(key: $0.key, values: [$0.value]) }
                + (try expressions.map { expression in
                    switch expression.operator {
                    case "In": return .isIn(key: expression.key, values: expression.values ?? [])
                    case "NotIn": return .notIn(key: expression.key, values: expression.values ?? [])
                    case "Exists": return .exists(key: expression.key)
                    case "DoesNotExist": return .absent(key: expression.key)
                    case let other:
                        throw DecodingError.dataCorruptedError(
                            forKey: .matchExpressions, in: object, debugDescription: "unknown operator \(other)")
                    }
                }))
    }
}

extension LabelSelector: CustomStringConvertible {
    /// As `kubectl -l` and the query parameter `labelSelector` write it.
    public var description: String {
        requirements.map { requirement in
            switch requirement {
            case .isIn(let key, let values) where values.count == 1: "\(key)=\(values.first ?? "")"
            case .isIn(let key, let values): "\(key) in (\(values.sorted().joined(separator: ",")))"
            // `key notin ()` is nothing that a server reads.
            case .notIn(let key, let values) where values.count == 1: "\(key)!=\(values.first ?? "")"
            case .notIn(let key, let values): "\(key) notin (\(values.sorted().joined(separator: ",")))"
            case .exists(let key): key
            case .absent(let key): "!\(key)"
            case .greater(let key, let bound): "\(key)>\(bound)"
            case .less(let key, let bound): "\(key)<\(bound)"
            }
        }.joined(separator: ",")
    }
}
