/// What the kubeconfig files say, merged.
struct Kubeconfig: Sendable, Equatable {
    /// The files that were there.
    var paths: [String] = []
    var currentContext = ""
    var contexts: [String: Context] = [:]
    var clusters: [String: Cluster] = [:]
    var users: [String: User] = [:]

    struct Context: Sendable, Equatable {
        /// The file it comes from.
        var path: String
        var cluster: String
        var user: String
        var namespace: String
    }

    struct Cluster: Sendable, Equatable {
        var path: String
        var name: String
        var server: String
        var serverName: String
        var proxyURL: String
        var skipVerification: Bool
        var authorityFile: String
        var authorityData: String
        /// What goes to plugins that are told about the cluster, as JSON.
        var pluginConfig: [UInt8]?
    }

    struct User: Sendable, Equatable {
        var path: String
        var name: String
        var certificateFile: String
        var certificateData: String
        var keyFile: String
        var keyData: String
        var token: String
        var tokenFile: String
        var username: String
        var password: String
        var impersonate: String
        var impersonateUID: String
        var impersonateGroups: [String]
        var impersonateExtra: [String: [String]]
        var authProvider: String?
        var exec: Exec?
    }

    struct Exec: Sendable, Equatable {
        var apiVersion: String
        var command: String
        var arguments: [String]
        var environment: [String: String]
        var installHint: String
        var provideClusterInfo: Bool
        var interactiveMode: String
    }

    /// Reads the files that exist and merges them: the first one to name a thing decides about all of it.
    static func load(_ paths: [String], files: FileReader) throws(ClusterAccessError) -> Kubeconfig {
        var merged = Kubeconfig()
        for path in paths {
            let bytes: [UInt8]
            do { bytes = try files.read(path) } catch {
                guard error == .missing else {
                    throw .unreadableFile(path: path, purpose: "kubeconfig", reason: error)
                }
                continue
            }
            merged.add(try KubeconfigReader(path: path).read(bytes))
        }
        guard !merged.paths.isEmpty else { throw .noKubeconfig(paths: paths) }
        return merged
    }

    private mutating func add(_ other: Kubeconfig) {
        paths += other.paths
        if currentContext.isEmpty { currentContext = other.currentContext }
        contexts.merge(other.contexts) { first, _ in first }
        clusters.merge(other.clusters) { first, _ in first }
        users.merge(other.users) { first, _ in first }
    }
}
