internal import FoundationEssentials
internal import HTTPClient

extension Kubeconfig {
    /// The access that a context (else the current one) describes.
    func access(
        context wanted: String?, environment: [String: String], files: FileReader
    ) throws(ClusterAccessError) -> ClusterAccess {
        let name = wanted ?? currentContext
        guard !name.isEmpty else { throw .noCurrentContext(paths: paths, contexts: contexts.keys.sorted()) }
        guard let context = contexts[name] else {
            throw .unknownContext(name, paths: paths, contexts: contexts.keys.sorted())
        }
        guard let cluster = clusters[context.cluster] else {
            throw .danglingReference(path: context.path, context: name, kind: "cluster", name: context.cluster)
        }
        guard let user = users[context.user] else {
            throw .danglingReference(path: context.path, context: name, kind: "user", name: context.user)
        }
        var tls = try cluster.tls(files)
        tls.clientCertificatePEM = try user.certificate(files)
        tls.clientKeyPEM = try user.key(files)
        let server = try cluster.url(hasTLS: tls != TLSOptions())
        return ClusterAccess(
            server: server, tls: tls,
            proxy: try cluster.proxy() ?? ProxyRules(environment: environment).proxy(for: server),
            namespace: context.namespace.isEmpty ? "default" : context.namespace,
            credential: try user.credential(cluster, server: server, tls: tls, environment: environment, files: files),
            certificateFiles: user.certificateFiles, impersonation: try user.impersonation(),
            origin: "context \(name) of \(context.path), user \(context.user)")
    }
}

extension Kubeconfig.Cluster {
    var entry: String { "cluster \"\(name)\"" }

    func tls(_ files: FileReader) throws(ClusterAccessError) -> TLSOptions {
        let fields = ("certificate-authority", "certificate-authority-data")
        let authority = try PEMSource(
            path: path, entry: entry, file: (fields.0, authorityFile), data: (fields.1, authorityData)
        )
        .bytes(files)
        if skipVerification, authority != nil {
            throw .conflictingFields(
                path: path, entry: entry,
                fields: ["insecure-skip-tls-verify", authorityFile.isEmpty ? fields.1 : fields.0])
        }
        return TLSOptions(
            caPEM: authority, serverName: serverName.isEmpty ? nil : serverName, skipVerification: skipVerification)
    }

    /// A server without a scheme is https where anything is said about TLS, as kubectl has it.
    func url(hasTLS: Bool) throws(ClusterAccessError) -> String {
        guard !server.isEmpty else { throw .missingField(path: path, entry: entry, field: "server") }
        var url = server.contains("://") ? server : (hasTLS ? "https://" : "http://") + server
        while url.hasSuffix("/") { url.removeLast() }
        let parts = URLComponents(string: url)
        guard let parts, ["http", "https"].contains(parts.scheme?.lowercased()), !(parts.host ?? "").isEmpty,
            parts.query == nil, parts.fragment == nil
        else {
            throw .invalidField(path: path, entry: entry, field: "server", problem: "is not an http or https URL")
        }
        return url
    }

    func proxy() throws(ClusterAccessError) -> String? {
        guard !proxyURL.isEmpty else { return nil }
        let parts = URLComponents(string: proxyURL)
        guard let parts, ["http", "https", "socks5", "socks5h"].contains(parts.scheme), !(parts.host ?? "").isEmpty
        else {
            throw .invalidField(
                path: path, entry: entry, field: "proxy-url", problem: "is not an http, https or socks5 URL")
        }
        return proxyURL
    }
}
