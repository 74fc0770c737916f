/// Turns one kubeconfig file into values; paths in it are relative to its directory.
struct KubeconfigReader {
    let path: String

    func read(_ bytes: [UInt8]) throws(ClusterAccessError) -> Kubeconfig {
        let root: YAMLNode?
        do { root = try YAMLParser.parse(bytes) } catch {
            throw .malformedKubeconfig(path: path, line: error.line, column: error.column, problem: error.problem)
        }
        var config = Kubeconfig(paths: [path])
        guard let root, !root.isNull else { return config }
        guard case .mapping = root.content else { throw malformed(root, "a kubeconfig is a mapping") }
        config.currentContext = try text(root, "current-context")
        for (name, body) in try named(root, "contexts", "context") {
            config.contexts[name] = Kubeconfig.Context(
                path: path, cluster: try text(body, "cluster"), user: try text(body, "user"),
                namespace: try text(body, "namespace"))
        }
        for (name, body) in try named(root, "clusters", "cluster") { config.clusters[name] = try cluster(name, body) }
        for (name, body) in try named(root, "users", "user") { config.users[name] = try user(name, body) }
        return config
    }

    private func cluster(_ name: String, _ body: YAMLNode) throws(ClusterAccessError) -> Kubeconfig.Cluster {
        Kubeconfig.Cluster(
            path: path, name: name, server: try text(body, "server"), serverName: try text(body, "tls-server-name"),
            proxyURL: try text(body, "proxy-url"), skipVerification: try flag(body, "insecure-skip-tls-verify"),
            authorityFile: try file(body, "certificate-authority"),
            authorityData: try text(body, "certificate-authority-data"), pluginConfig: try pluginConfig(body))
    }

    private func user(_ name: String, _ body: YAMLNode) throws(ClusterAccessError) -> Kubeconfig.User {
        var extra: [String: [String]] = [:]
        for entry in try entries(body, "as-user-extra") { extra[entry.key] = try texts(entry.value, entry.key) }
        return Kubeconfig.User(
            path: path, name: name, certificateFile: try file(body, "client-certificate"),
            certificateData: try text(body, "client-certificate-data"), keyFile: try file(body, "client-key"),
            keyData: try text(body, "client-key-data"), token: try text(body, "token"),
            tokenFile: try file(body, "tokenFile"), username: try text(body, "username"),
            password: try text(body, "password"), impersonate: try text(body, "as"),
            impersonateUID: try text(body, "as-uid"), impersonateGroups: try texts(body["as-groups"], "as-groups"),
            impersonateExtra: extra,
            authProvider: try body["auth-provider"].map { (provider) throws(ClusterAccessError) in
                try text(provider, "name")
            },
            exec: try body["exec"].map { (exec) throws(ClusterAccessError) in try self.exec(exec) })
    }

    private func exec(_ body: YAMLNode) throws(ClusterAccessError) -> Kubeconfig.Exec {
        var environment: [String: String] = [:]
        for variable in try items(body["env"], "env") {
            environment[try text(variable, "name")] = try text(variable, "value")
        }
        let command = try text(body, "command")
        return Kubeconfig.Exec(
            apiVersion: try text(body, "apiVersion"), command: command.contains("/") ? absolute(command) : command,
            arguments: try texts(body["args"], "args"), environment: environment,
            installHint: try text(body, "installHint"), provideClusterInfo: try flag(body, "provideClusterInfo"),
            interactiveMode: try text(body, "interactiveMode"))
    }

    /// The cluster's extension that is meant for credential plugins.
    private func pluginConfig(_ cluster: YAMLNode) throws(ClusterAccessError) -> [UInt8]? {
        for (name, body) in try named(cluster, "extensions", "extension")
        where name == "client.authentication.k8s.io/exec" {
            var json: [UInt8] = []
            body.appendJSON(to: &json)
            return json
        }
        return nil
    }
}

// MARK: - Fields

extension KubeconfigReader {
    /// `list: [{name: …, body: {…}}]`
    private func named(
        _ node: YAMLNode, _ list: String, _ body: String
    ) throws(ClusterAccessError) -> [(name: String, body: YAMLNode)] {
        var names: Set<String> = []
        var found: [(name: String, body: YAMLNode)] = []
        for item in try items(node[list], list) {
            let name = try text(item, "name")
            guard names.insert(name).inserted else { throw malformed(item, "\(list) has \"\(name)\" twice") }
            let nothing = YAMLNode(content: .mapping([]), line: item.line, column: item.column)
            found.append((name, item[body] ?? nothing))
        }
        return found
    }

    /// Absent is empty.
    private func text(_ node: YAMLNode, _ key: String) throws(ClusterAccessError) -> String {
        guard case .mapping = node.content else { throw malformed(node, "a mapping with \(key) was expected") }
        guard let value = node[key] else { return "" }
        guard case .scalar(let text, _) = value.content else { throw malformed(value, "\(key) must be text") }
        return text
    }

    private func flag(_ node: YAMLNode, _ key: String) throws(ClusterAccessError) -> Bool {
        guard let value = node[key] else { return false }
        guard let flag = value.boolean else { throw malformed(value, "\(key) must be true or false") }
        return flag
    }

    private func items(_ node: YAMLNode?, _ name: String) throws(ClusterAccessError) -> [YAMLNode] {
        guard let node, !node.isNull else { return [] }
        guard case .sequence(let items) = node.content else { throw malformed(node, "\(name) must be a list") }
        return items
    }

    private func texts(_ node: YAMLNode?, _ name: String) throws(ClusterAccessError) -> [String] {
        try items(node, name).map { (item) throws(ClusterAccessError) in
            guard case .scalar(let text, _) = item.content else {
                throw malformed(item, "\(name) must be a list of texts")
            }
            return text
        }
    }

    private func entries(_ node: YAMLNode, _ key: String) throws(ClusterAccessError) -> [YAMLNode.Entry] {
        guard let value = node[key] else { return [] }
        guard case .mapping(let entries) = value.content else { throw malformed(value, "\(key) must be a mapping") }
        return entries
    }

    private func file(_ node: YAMLNode, _ key: String) throws(ClusterAccessError) -> String {
        let name = try text(node, key)
        return name.isEmpty ? "" : absolute(name)
    }

    private func absolute(_ name: String) -> String {
        guard !name.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return name }
        return String(path[...slash]) + name
    }

    private func malformed(_ node: YAMLNode, _ problem: String) -> ClusterAccessError {
        .malformedKubeconfig(path: path, line: node.line, column: node.column, problem: problem)
    }
}
