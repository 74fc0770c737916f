import HTTPClient
import KubernetesClient
import Testing

@Suite("Access from a kubeconfig")
struct ClusterAccessTests {
    private func load(
        cluster: String = "server: https://api:6443", user: String = "token: t0p-s3cret", namespace: String = "",
        environment: [String: String] = [:], files extra: [String: String] = [:]
    ) throws -> ClusterAccess {
        let text = """
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u, namespace: "\(namespace)"}}]
            clusters: [{name: c, cluster: {\(cluster)}}]
            users: [{name: u, user: {\(user)}}]
            """
        let files = MemoryFiles(extra.merging(["/k/config": text]) { $1 })
        return try ClusterAccess.load(
            .kubeconfig(paths: ["/k/config"], context: nil), environment: environment, files: files.reader)
    }

    @Test("a token and authorities as data")
    func data() throws {
        let access = try load(
            cluster: "server: \"https://api:6443/\", certificate-authority-data: \"Q0\\nE=\", tls-server-name: k8s",
            namespace: "ops")
        #expect(access.server == "https://api:6443")
        #expect(access.tls == TLSOptions(caPEM: Array("CA".utf8), serverName: "k8s"))
        #expect(access.credential == .token("t0p-s3cret"))
        #expect(access.namespace == "ops")
        #expect(access.proxy == nil)
        #expect(access.summary == "https://api:6443 (context x of /k/config, user u, token)")
    }

    @Test("certificates of files, beside the kubeconfig")
    func certificateFiles() throws {
        let access = try load(
            cluster: "server: https://api, certificate-authority: ca.pem",
            user: "client-certificate: u.pem, client-key: u.key",
            files: ["/k/ca.pem": "CA", "/k/u.pem": "CERT", "/k/u.key": "KEY"])
        #expect(
            access.tls
                == TLSOptions(
                    caPEM: Array("CA".utf8), clientCertificatePEM: Array("CERT".utf8),
                    clientKeyPEM: Array("KEY".utf8)))
        #expect(access.certificateFiles == CertificateFiles(certificate: "/k/u.pem", key: "/k/u.key"))
        #expect(access.credential == .none)
        #expect(access.namespace == "default")
        #expect(access.summary == "https://api (context x of /k/config, user u, client certificate)")
    }

    @Test(
        "every kind of credential",
        arguments: [
            ("", .none), ("token: abc", .token("abc")),
            ("tokenFile: tok", .tokenFile(path: "/k/tok")),
            ("token: abc, tokenFile: none", .tokenFile(path: "/k/none", fallback: "abc")),
            ("username: a, password: b", .basic(username: "a", password: "b")),
        ] as [(String, Credential)])
    func credentials(user: String, credential: Credential) throws {
        #expect(try load(user: user, files: ["/k/tok": "x"]).credential == credential)
    }

    @Test(
        "a server without a scheme is https where anything is said about TLS",
        arguments: [
            ("server: \"api:8080\"", "http://api:8080"),
            ("server: \"api:6443\", insecure-skip-tls-verify: true", "https://api:6443"),
            ("server: https://api/k8s/clusters/c-1/", "https://api/k8s/clusters/c-1"),
            ("server: \"https://[fd00::1]:6443\"", "https://[fd00::1]:6443"), ("server: HTTPS://api", "HTTPS://api"),
        ])
    func servers(cluster: String, server: String) throws {
        #expect(try load(cluster: cluster).server == server)
    }

    @Test("the kubeconfig's proxy goes before the environment's, and is used even for loopback")
    func proxies() throws {
        let environment = ["HTTPS_PROXY": "http://env:1"]
        #expect(try load(environment: environment).proxy == "http://env:1")
        let own = "server: \"https://127.0.0.1:6443\", proxy-url: \"socks5://user:s3cret@own:2\""
        let access = try load(cluster: own, environment: environment)
        #expect(access.proxy == "socks5://user:s3cret@own:2")
        #expect(access.summary.hasSuffix("through socks5://own:2"))
    }

    @Test("acting as somebody else")
    func impersonation() throws {
        let access = try load(user: "token: a, as: jane, as-uid: '7', as-groups: [dev], as-user-extra: {k: [v, w]}")
        #expect(
            access.impersonation == Impersonation(user: "jane", uid: "7", groups: ["dev"], extra: ["k": ["v", "w"]]))
        #expect(access.summary.hasSuffix("as jane"))
    }

    @Test("a plugin is told of itself, and of its cluster if it wants")
    func plugin() throws {
        let user = """
            exec: {apiVersion: client.authentication.k8s.io/v1, command: ./p, args: [a], env: [{name: A, value: own}], \
            provideClusterInfo: true, interactiveMode: Never, installHint: get it}
            """
        let cluster = """
            server: https://api, certificate-authority-data: Q0E=, tls-server-name: n, proxy-url: "http://p", \
            extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: "q\\"q"}}]
            """
        let access = try load(cluster: cluster, user: user, environment: ["A": "outer", "B": "b"])
        guard case .exec(let plugin) = access.credential else {
            Issue.record("no plugin: \(access.credential)")
            return
        }
        #expect(plugin.command == "/k/./p")
        #expect(plugin.arguments == ["a"])
        #expect(plugin.installHint == "get it")
        var environment = plugin.environment
        #expect(
            environment.removeValue(forKey: "KUBERNETES_EXEC_INFO") == """
                {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"cluster":\
                {"server":"https://api","tls-server-name":"n","certificate-authority-data":"Q0E=",\
                "proxy-url":"http://p","config":{"audience":"q\\"q"}},"interactive":false}}
                """)
        #expect(environment == ["A": "own", "B": "b"])
        #expect(access.summary.contains(", credential plugin /k/./p)"))
    }

    @Test("a plugin that does not want to know its cluster is not told")
    func discreetPlugin() throws {
        let access = try load(user: "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: p}")
        guard case .exec(let plugin) = access.credential else {
            Issue.record("no plugin: \(access.credential)")
            return
        }
        #expect(
            plugin.environment["KUBERNETES_EXEC_INFO"]
                == #"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","spec":{"interactive":false}}"#
        )
    }

    @Test(
        "what cannot be is refused, with what to do about it",
        arguments: [
            ("", "", "/k/config: cluster \"c\" needs server; add it"),
            ("server: ftp://api", "", "/k/config: server of cluster \"c\" is not an http or https URL"),
            ("server: https://", "", "/k/config: server of cluster \"c\" is not an http or https URL"),
            ("server: \"https://a?b\"", "", "/k/config: server of cluster \"c\" is not an http or https URL"),
            (
                "server: https://a, proxy-url: \"ftp://p\"", "",
                "/k/config: proxy-url of cluster \"c\" is not an http, https or socks5 URL"
            ),
            (
                "server: https://a, certificate-authority: none.pem", "",
                "cannot read /k/none.pem (certificate-authority of cluster \"c\" in /k/config): there is no such file"
            ),
            (
                "server: https://a, certificate-authority: empty", "",
                "/k/empty (certificate-authority of cluster \"c\" in /k/config) is empty"
            ),
            (
                "server: https://a, certificate-authority-data: \"%%\"", "",
                "/k/config: certificate-authority-data of cluster \"c\" is not base64"
            ),
            (
                "server: https://a, certificate-authority-data: Q0E=, certificate-authority: x", "",
                "/k/config: cluster \"c\" has both certificate-authority and certificate-authority-data; remove one"
            ),
            (
                "server: https://a, certificate-authority-data: Q0E=, insecure-skip-tls-verify: true", "",
                "/k/config: cluster \"c\" has both insecure-skip-tls-verify and certificate-authority-data; remove one"
            ),
            (
                "server: https://a", "client-certificate-data: Q0E=",
                "/k/config: user \"u\" needs client-key or client-key-data; add it"
            ),
            (
                "server: https://a", "client-key-data: Q0E=",
                "/k/config: user \"u\" needs client-certificate or client-certificate-data; add it"
            ),
            (
                "server: https://a", "client-key-data: \"%s3cret\", client-certificate-data: Q0E=",
                "/k/config: client-key-data of user \"u\" is not base64"
            ),
            (
                "server: https://a", "token: s3cret, username: a, password: s3cret",
                "/k/config: user \"u\" has both token and username and password; remove one"
            ),
            (
                "server: https://a", "tokenFile: none",
                "cannot read /k/none (tokenFile of user \"u\" in /k/config): there is no such file"
            ),
            ("server: https://a", "tokenFile: empty", "/k/empty (tokenFile of user \"u\" in /k/config) is empty"),
            (
                "server: https://a", "as-groups: [a]",
                "/k/config: user \"u\" needs as (it has as-uid, as-groups or as-user-extra); add it"
            ),
            (
                "server: https://a", "auth-provider: {name: gcp, config: {access-token: s3cret}}",
                "/k/config: user \"u\" uses auth-provider \"gcp\", which Kubernetes 1.26 removed; use an exec plugin"
            ),
            (
                "server: https://a", "exec: {apiVersion: client.authentication.k8s.io/v1}",
                "/k/config: user \"u\" needs exec.command; add it"
            ),
            ("server: https://a", "exec: {command: p}", "/k/config: user \"u\" needs exec.apiVersion; add it"),
            (
                "server: https://a", "exec: {command: p, apiVersion: v1}",
                "/k/config: exec.apiVersion of user \"u\" is none of client.authentication.k8s.io/v1, client.authentication.k8s.io/v1beta1: v1"
            ),
            (
                "server: https://a",
                "exec: {command: p, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Maybe}",
                "/k/config: exec.interactiveMode of user \"u\" is none of Never, IfAvailable, Always"
            ),
            (
                "server: https://a",
                "exec: {command: p, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}",
                "/k/config: the credential plugin p of user \"u\" has interactiveMode Always, and nobody can answer it here; use IfAvailable or Never, or another credential"
            ),
            (
                "server: https://a",
                "exec: {command: p, apiVersion: client.authentication.k8s.io/v1, env: [{value: s3cret}]}",
                "/k/config: user \"u\" needs exec.env[].name; add it"
            ),
        ])
    func refusals(cluster: String, user: String, description: String) {
        #expect {
            try load(cluster: cluster, user: user, files: ["/k/empty": ""])
        } throws: { error in
            "\(error)" == description && !"\(error)".contains("s3cret")
        }
    }

    @Test(
        "a context that leads nowhere is named",
        arguments: [
            ("contexts: [{name: b}, {name: a}]", nil, "/k/config: no current-context; choose one with --context: a, b"),
            ("a: 1", nil, "/k/config: no current-context; choose one with --context: (none)"),
            (
                "current-context: z\ncontexts: [{name: a}]", nil,
                "/k/config: there is no context \"z\"; choose one with --context: a"
            ),
            (
                "current-context: a\ncontexts: [{name: a}]", "y",
                "/k/config: there is no context \"y\"; choose one with --context: a"
            ),
            ("current-context: a\ncontexts: [{name: a}]", nil, "/k/config: context \"a\" names no cluster; add one"),
            (
                "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]", nil,
                "/k/config: context \"a\" names cluster \"c\", which no kubeconfig defines; add it or correct the name"
            ),
            (
                "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c}]", nil,
                "/k/config: context \"a\" names no user; add one"
            ),
        ] as [(String, String?, String)])
    func contexts(text: String, context: String?, description: String) {
        #expect {
            try ClusterAccess.load(
                .kubeconfig(paths: ["/k/config"], context: context), environment: [:],
                files: MemoryFiles(["/k/config": text]).reader)
        } throws: { error in
            "\(error)" == description
        }
    }

    @Test("no description of an access has its secrets")
    func secrets() throws {
        let plugin =
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: p, env: [{name: A, value: t0p-s3cret}]}"
        for user in ["token: t0p-s3cret", "username: a, password: t0p-s3cret", plugin] {
            let access = try load(user: user)
            var dumped = ""
            dump(access.credential, to: &dumped)
            for text in ["\(access.credential)", String(reflecting: access.credential), dumped, access.summary] {
                #expect(!text.contains("s3cret"))
            }
        }
    }

    @Test("the password of a server's URL stays out of the log")
    func userInfo() throws {
        let access = try load(cluster: "server: \"https://a:s3cret@api:6443/x@y\"")
        #expect(access.summary.hasPrefix("https://api:6443/x@y ("))
    }
}
