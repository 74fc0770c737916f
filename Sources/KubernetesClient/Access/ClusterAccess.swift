public import HTTPClient

/// Where the API server is and how we prove who we are.
public struct ClusterAccess: Sendable {
    /// Its URL, without a slash at the end.
    public var server: String
    public var tls: TLSOptions
    /// The proxy's URL.
    public var proxy: String?
    /// The namespace of the context, or of our pod.
    public var namespace: String
    public var credential: Credential
    /// The files `tls` has its client certificate from: read again when they rotate.
    public var certificateFiles: CertificateFiles?
    public var impersonation: Impersonation?
    /// For logs, e.g. `context kind of /root/.kube/config, user admin`.
    public var origin: String

    public init(
        server: String, tls: TLSOptions = TLSOptions(), proxy: String? = nil, namespace: String = "default",
        credential: Credential = .none, certificateFiles: CertificateFiles? = nil,
        impersonation: Impersonation? = nil, origin: String = ""
    ) {
        self.server = server
        self.tls = tls
        self.proxy = proxy
        self.namespace = namespace
        self.credential = credential
        self.certificateFiles = certificateFiles
        self.impersonation = impersonation
        self.origin = origin
    }

    /// Reads what `source` names; `environment` says where the pod's API server and the proxies are.
    public static func load(
        _ source: AccessSource, environment: [String: String], files: FileReader = .local
    ) throws(ClusterAccessError) -> ClusterAccess {
        switch source {
        case .inCluster: try inCluster(environment: environment, files: files)
        case .kubeconfig(let paths, let context):
            try Kubeconfig.load(paths, files: files)
                .access(context: context, environment: environment, files: files)
        }
    }

    /// One line for logs, without secrets.
    public var summary: String {
        let hasCertificate = credential == .none && tls.clientCertificatePEM != nil
        let proof = hasCertificate ? "client certificate" : credential.summary
        var parts = ["\(publicServer) (\(origin.isEmpty ? "" : "\(origin), ")\(proof))"]
        if let impersonation { parts.append("as \(impersonation.user)") }
        if let proxy { parts.append("through \(Self.withoutUserInfo(proxy))") }
        if tls.skipVerification { parts.append("server certificate NOT verified") }
        return parts.joined(separator: ", ")
    }

    /// The server's URL for people.
    public var publicServer: String { Self.withoutUserInfo(server) }

    /// `https://user:secret@host` without what is before the `@`.
    static func withoutUserInfo(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        guard let at = authority.lastIndex(of: "@") else { return url }
        return String(url[..<scheme.upperBound] + url[url.index(after: at)...])
    }
}
