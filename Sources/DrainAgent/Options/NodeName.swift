import ArgumentParser

/// A node's name, checked before it becomes part of a path.
struct NodeName: ExpressibleByArgument, Sendable {
    var value: String

    /// RFC 1123 subdomain, as Kubernetes has it. `node/NAME` is how kubectl prints it, and fine.
    init?(argument: String) {
        let name = argument.hasPrefix("node/") ? String(argument.dropFirst(5)) : argument
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isValid = labels.allSatisfy { label in
            label.first != "-" && label.last != "-" && !label.isEmpty
                && label.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
        }
        guard isValid, name.utf8.count <= 253 else { return nil }
        value = name
    }
}
