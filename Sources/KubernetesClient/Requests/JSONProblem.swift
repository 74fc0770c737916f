/// What a JSON decoder could not do, in a line.
enum JSONProblem {
    static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .typeMismatch(let type, let context): return place(context) + "not a \(type)"
        case .valueNotFound(let type, let context): return place(context) + "null instead of a \(type)"
        case .keyNotFound(let key, let context): return place(context) + "no \(key.stringValue)"
        case .dataCorrupted(let context): return place(context) + context.debugDescription
        @unknown default: return "not what was expected"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        guard !context.codingPath.isEmpty else { return "" }
        return context.codingPath.map(\.stringValue).joined(separator: ".") + ": "
    }
}
