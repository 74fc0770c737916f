import Telemetry

@testable import DrainAgent
@testable import KubernetesClient

/// YAML, and what else says who we are: kubeconfigs, credential plugins, proxies.
enum YAMLChecks {
    /// Our YAML is libyaml's, too.
    static func yamlText(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let value = value(&input, depth: 0)
        let written = YAMLText.render(value)
        do {
            guard let read = try YAMLParser.parse(Array(written.utf8)) else {
                return require(false, "nothing is read from \(written)")
            }
            require(agree(read, value), "\(written) is read as something else than \(value)")
        } catch { require(false, "\(written) cannot be read: \(error)") }
    }

    private static func value(_ input: inout FuzzInput, depth: Int) -> JSONValue {
        let kind = depth > 6 ? 0 : input.byte() % 8
        switch kind {
        case 1: return .bool(input.byte() % 2 == 0)
        case 2: return .null
        case 3: return .int(Int64(input.line()) ?? -7)
        case 4: return .double(Double(input.line()) ?? 0.25)
        case 5: return .array((0..<input.byte() % 4).map { _ in value(&input, depth: depth + 1) })
        case 6:
            var names: Set<String> = []
            var members: [(String, JSONValue)] = []
            for _ in 0..<input.byte() % 4 {
                let name = input.line()
                if names.insert(name).inserted { members.append((name, value(&input, depth: depth + 1))) }
            }
            return .object(members)
        default: return .string(input.line())
        }
    }

    private static func agree(_ node: YAMLNode, _ value: JSONValue) -> Bool {
        switch (node.content, value) {
        case (.scalar(let text, let isPlain), .string(let wanted)):
            return text == wanted && (!isPlain || !(node.isNull || node.boolean != nil || Double(text) != nil))
        case (.scalar, .bool(let wanted)): return node.boolean == wanted
        case (.scalar, .null): return node.isNull
        case (.scalar(let text, _), .int(let wanted)): return Int64(text) == wanted
        case (.scalar(let text, _), .double(let wanted)): return Double(text) == wanted || !wanted.isFinite
        case (.sequence(let nodes), .array(let values)):
            return nodes.count == values.count && zip(nodes, values).allSatisfy { agree($0, $1) }
        case (.mapping(let entries), .object(let members)):
            return entries.count == members.count
                && zip(entries, members).allSatisfy { $0.key == $1.0 && agree($0.value, $1.1) }
        default: return false
        }
    }

    static func kubeconfig(_ bytes: [UInt8]) {
        if let node = (try? YAMLParser.parse(bytes)) ?? nil { rendered(node) }
        let files = FileReader(
            read: { (path) throws(FileReader.Failure) in
                guard path.hasPrefix("/home/") else { throw .missing }
                return path == "/home/.kube/config" ? bytes : Array("-----BEGIN".utf8)
            }, exists: { _ in true })
        let environment = ["HTTPS_PROXY": "proxy.example:3128", "NO_PROXY": "10.0.0.0/8"]
        let paths = ["/home/.kube/config"]
        let secrets = secrets(of: bytes, files)
        var said: [String] = []
        do {
            let access = try ClusterAccess.load(
                .kubeconfig(paths: paths, context: nil), environment: environment, files: files)
            require(!access.server.hasSuffix("/"), "a server's URL ends without a slash")
            said = [access.summary, "\(access.credential)"]
            for header in access.impersonation?.headers ?? [] {
                require(header.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(header.name) is a header's name")
            }
        } catch { said = ["\(error)"] }
        for secret in secrets {
            require(!said.contains { Array($0.utf8).count(of: Array(secret.utf8)) > 0 }, "a secret is said: \(said)")
        }
    }

    /// Those that stand nowhere else in the file.
    private static func secrets(of bytes: [UInt8], _ files: FileReader) -> [String] {
        guard let config = try? Kubeconfig.load(["/home/.kube/config"], files: files) else { return [] }
        return config.users.values.flatMap { [$0.token, $0.password, $0.keyData] }.filter { secret in
            secret.utf8.count >= 8 && bytes.count(of: Array(secret.utf8)) == 1
        }
    }

    /// JSON is YAML: what a plugin is handed reads the same again.
    private static func rendered(_ node: YAMLNode) {
        var json: [UInt8] = []
        node.appendJSON(to: &json)
        guard json.count < 1 << 16 else { return }
        do {
            guard let again = try YAMLParser.parse(json) else {
                return require(false, "nothing is read from \(json.text)")
            }
            var twice: [UInt8] = []
            again.appendJSON(to: &twice)
            require(twice == json, "\(json.text) is read as \(twice.text)")
        } catch { require(false, "\(json.text) cannot be read: \(error)") }
        require(ObjectChecks.decoded(json, AnyJSON.self) != nil, "\(json.text) is no JSON")
    }

    private struct AnyJSON: Decodable { init(from decoder: any Decoder) throws {} }

    /// What a credential plugin prints.
    static func plugin(_ bytes: [UInt8]) {
        let plugin = ExecPlugin(command: "aws-iam", apiVersion: "client.authentication.k8s.io/v1")
        do {
            let status = try plugin.credential(bytes)
            require(!(status.token ?? status.clientKeyData ?? "").isEmpty, "a credential is something")
        } catch {
            let said = "\(error)"
            let ours = "ExecCredential client.authentication.k8s.io/v1 clientCertificateData clientKeyData"
            for word in bytes.text.split(whereSeparator: { "\" \n\t{}:,".contains($0) })
            where word.utf8.count >= 16 && !ours.contains(word) {
                require(!said.contains(word), "what it printed is said: \(said)")
            }
        }
    }

    /// NO_PROXY, HTTPS_PROXY, URL: a line each.
    static func proxy(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let rules = ProxyRules(environment: [
            "NO_PROXY": input.line(), "HTTPS_PROXY": input.line(), "HTTP_PROXY": "http://proxy:1",
        ])
        let url = input.line()
        if let proxy = rules.proxy(for: url) { require(proxy.contains("://"), "\(proxy) is a URL") }
        require(rules.proxy(for: "https://127.0.0.1:6443") == nil, "this machine needs no proxy")
        require(rules.proxy(for: "https://[::1]:6443") == nil, "this machine needs no proxy")
    }
}
