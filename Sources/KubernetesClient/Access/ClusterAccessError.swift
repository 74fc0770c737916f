/// Why we cannot know where the API server is or who we are. Never holds a secret.
public enum ClusterAccessError: Error, Sendable, Equatable {
    case notInCluster(variable: String)
    /// None of these files exists; none: there is not even a place to look.
    case noKubeconfig(paths: [String])
    /// `purpose`: what it is for, e.g. `certificate-authority of cluster "a" in /root/.kube/config`.
    case unreadableFile(path: String, purpose: String, reason: FileReader.Failure)
    case emptyFile(path: String, purpose: String)
    case malformedKubeconfig(path: String, line: Int, column: Int, problem: String)
    case noCurrentContext(paths: [String], contexts: [String])
    case unknownContext(String, paths: [String], contexts: [String])
    /// The context names no such thing (`kind`: cluster or user); an empty name: it names none.
    case danglingReference(path: String, context: String, kind: String, name: String)
    /// `entry`: e.g. `user "admin"`.
    case missingField(path: String, entry: String, field: String)
    case invalidField(path: String, entry: String, field: String, problem: String)
    case conflictingFields(path: String, entry: String, fields: [String])
    /// A built-in credential provider, which Kubernetes removed in 1.26.
    case authProvider(path: String, entry: String, provider: String)
    /// A plugin that insists on asking a person.
    case interactivePlugin(path: String, entry: String, command: String)
}

extension ClusterAccessError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notInCluster(let variable):
            "\(variable) is not set: this is not a pod; name a kubeconfig with --kubeconfig or KUBECONFIG"
        case .noKubeconfig(let paths) where paths.isEmpty:
            "no kubeconfig: neither KUBECONFIG nor HOME is set; name one with --kubeconfig"
        case .noKubeconfig(let paths):
            "no kubeconfig: \(Self.list(paths)) does not exist; name one with --kubeconfig or KUBECONFIG"
        case .unreadableFile(let path, let purpose, let reason): "cannot read \(path) (\(purpose)): \(reason)"
        case .emptyFile(let path, let purpose): "\(path) (\(purpose)) is empty"
        case .malformedKubeconfig(let path, let line, let column, let problem):
            "\(path):\(line):\(column): \(problem)"
        case .noCurrentContext(let paths, let contexts):
            "\(Self.list(paths)): no current-context; choose one with --context: \(Self.list(contexts))"
        case .unknownContext(let name, let paths, let contexts):
            "\(Self.list(paths)): there is no context \"\(name)\"; choose one with --context: \(Self.list(contexts))"
        case .danglingReference(let path, let context, let kind, ""):
            "\(path): context \"\(context)\" names no \(kind); add one"
        case .danglingReference(let path, let context, let kind, let name):
            "\(path): context \"\(context)\" names \(kind) \"\(name)\", which no kubeconfig defines; "
                + "add it or correct the name"
        case .missingField(let path, let entry, let field): "\(path): \(entry) needs \(field); add it"
        case .invalidField(let path, let entry, let field, let problem): "\(path): \(field) of \(entry) \(problem)"
        case .conflictingFields(let path, let entry, let fields):
            "\(path): \(entry) has both \(fields.joined(separator: " and ")); remove one"
        case .authProvider(let path, let entry, let provider):
            "\(path): \(entry) uses auth-provider \"\(provider)\", which Kubernetes 1.26 removed; use an exec plugin"
        case .interactivePlugin(let path, let entry, let command):
            "\(path): the credential plugin \(command) of \(entry) has interactiveMode Always, and nobody can answer it "
                + "here; use IfAvailable or Never, or another credential"
        }
    }

    private static func list(_ names: [String]) -> String { names.isEmpty ? "(none)" : names.joined(separator: ", ") }
}
