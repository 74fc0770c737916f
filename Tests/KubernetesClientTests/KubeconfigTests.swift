import Testing

@testable import KubernetesClient

@Suite("Kubeconfig files")
struct KubeconfigTests {
    private static func config(context: String, cluster: String, user: String, token: String, current: String) -> String
    {
        """
        apiVersion: v1
        kind: Config
        current-context: \(current)
        contexts:
        - name: \(context)
          context: {cluster: \(cluster), user: \(user), namespace: \(token)}
        clusters:
        - name: \(cluster)
          cluster: {server: "https://\(token)"}
        users:
        - name: \(user)
          user: {token: \(token)}
        """
    }

    @Test("of several files the first to name a thing decides about all of it")
    func merging() throws {
        let files = MemoryFiles([
            "/a": Self.config(context: "x", cluster: "c", user: "u", token: "first", current: ""),
            "/b": Self.config(context: "y", cluster: "c", user: "v", token: "second", current: "y"),
            "/c": Self.config(context: "x", cluster: "d", user: "u", token: "third", current: "x"),
        ])
        let merged = try Kubeconfig.load(["/missing", "/a", "/b", "/c"], files: files.reader)
        #expect(merged.paths == ["/a", "/b", "/c"])
        #expect(merged.currentContext == "y")
        #expect(merged.contexts.mapValues(\.namespace) == ["x": "first", "y": "second"])
        #expect(merged.clusters.mapValues(\.server) == ["c": "https://first", "d": "https://third"])
        #expect(merged.users.mapValues(\.token) == ["u": "first", "v": "second"])
    }

    @Test("relative names are relative to the file that has them")
    func relativeNames() throws {
        let text = """
            clusters: [{name: c, cluster: {certificate-authority: ca.pem}}]
            users:
            - {name: u, user: {client-certificate: sub/u.pem, client-key: /abs/u.key, tokenFile: ../token}}
            - {name: path, user: {exec: {command: ./plugin}}}
            - {name: name, user: {exec: {command: plugin}}}
            """
        let files = MemoryFiles(["/etc/kube/config": text, "config": text])
        let config = try Kubeconfig.load(["/etc/kube/config"], files: files.reader)
        #expect(config.clusters["c"]?.authorityFile == "/etc/kube/ca.pem")
        #expect(config.users["u"]?.certificateFile == "/etc/kube/sub/u.pem")
        #expect(config.users["u"]?.keyFile == "/abs/u.key")
        #expect(config.users["u"]?.tokenFile == "/etc/kube/../token")
        #expect(config.users["path"]?.exec?.command == "/etc/kube/./plugin")
        #expect(config.users["name"]?.exec?.command == "plugin")
        #expect(try Kubeconfig.load(["config"], files: files.reader).clusters["c"]?.authorityFile == "ca.pem")
    }

    @Test("JSON is YAML")
    func json() throws {
        let text =
            "{\n\t\"current-context\": \"x\",\n\t\"contexts\": [{\"name\": \"x\", \"context\": {\"cluster\": \"c\"}}]\n}"
        let config = try Kubeconfig.load(["/a"], files: MemoryFiles(["/a": text]).reader)
        #expect(config.currentContext == "x")
        #expect(config.contexts["x"]?.cluster == "c")
    }

    @Test("everything of a plugin is read")
    func plugin() throws {
        let text = """
            clusters:
            - name: c
              cluster:
                extensions:
                - {name: other, extension: 1}
                - {name: client.authentication.k8s.io/exec, extension: {audience: "x", n: 1}}
            users:
            - name: u
              user:
                exec:
                  apiVersion: client.authentication.k8s.io/v1
                  command: plugin
                  args: [get, 7]
                  env: [{name: A, value: "1"}, {name: B, value: }]
                  installHint: |
                    brew install plugin
                  provideClusterInfo: true
                  interactiveMode: IfAvailable
            """
        let config = try Kubeconfig.load(["/a"], files: MemoryFiles(["/a": text]).reader)
        #expect(
            config.users["u"]?.exec
                == Kubeconfig.Exec(
                    apiVersion: "client.authentication.k8s.io/v1", command: "plugin", arguments: ["get", "7"],
                    environment: ["A": "1", "B": ""], installHint: "brew install plugin\n", provideClusterInfo: true,
                    interactiveMode: "IfAvailable"))
        let config2 = try #require(config.clusters["c"]?.pluginConfig)
        #expect(String(decoding: config2, as: UTF8.self) == #"{"audience":"x","n":1}"#)
    }

    @Test("an empty file is a kubeconfig that says nothing", arguments: ["", "# nothing\n", "---\n", "null\n", "{}"])
    func empty(text: String) throws {
        let config = try Kubeconfig.load(["/a"], files: MemoryFiles(["/a": text]).reader)
        #expect(config == Kubeconfig(paths: ["/a"]))
    }

    @Test(
        "a mistake is named with file, line and column",
        arguments: [
            ("- a\n", "/a:1:1: a kubeconfig is a mapping"),
            ("a: 1\na: 2\n", "/a:2:1: the key \"a\" is here twice"),
            ("current-context: [a]\n", "/a:1:18: current-context must be text"),
            ("contexts: {}\n", "/a:1:11: contexts must be a list"),
            ("contexts:\n- x\n", "/a:2:3: a mapping with name was expected"),
            ("contexts:\n- {name: a, context: 5}\n", "/a:2:22: a mapping with cluster was expected"),
            ("users:\n- name: a\n- name: a\n", "/a:3:3: users has \"a\" twice"),
            ("users:\n- name: a\n  user:\n    token: {a: b}\n", "/a:4:12: token must be text"),
            ("users:\n- name: a\n  user:\n    as-groups: ops\n", "/a:4:16: as-groups must be a list"),
            ("users:\n- name: a\n  user:\n    as-groups: [[ops]]\n", "/a:4:17: as-groups must be a list of texts"),
            ("users:\n- name: a\n  user:\n    as-user-extra: [a]\n", "/a:4:20: as-user-extra must be a mapping"),
            ("users:\n- name: a\n  user:\n    exec: {env: {A: 1}}\n", "/a:4:17: env must be a list"),
            (
                "clusters:\n- name: a\n  cluster:\n    insecure-skip-tls-verify: 'true'\n",
                "/a:4:31: insecure-skip-tls-verify must be true or false"
            ),
        ])
    func mistakes(text: String, description: String) {
        #expect {
            try Kubeconfig.load(["/a"], files: MemoryFiles(["/a": text]).reader)
        } throws: { error in
            "\(error)" == description
        }
    }

    @Test("no file at all is an error that lists them")
    func none() {
        #expect(throws: ClusterAccessError.noKubeconfig(paths: ["/a", "/b"])) {
            try Kubeconfig.load(["/a", "/b"], files: MemoryFiles().reader)
        }
    }

    @Test(
        "a file that is there and cannot be read is an error",
        arguments: [FileReader.Failure.unreadable("Permission denied"), .tooLarge(limit: FileReader.limit)])
    func unreadable(failure: FileReader.Failure) {
        let files = MemoryFiles(["/a": "", "/b": ""])
        files.fail("/b", failure)
        #expect(throws: ClusterAccessError.unreadableFile(path: "/b", purpose: "kubeconfig", reason: failure)) {
            try Kubeconfig.load(["/a", "/b"], files: files.reader)
        }
    }
}
