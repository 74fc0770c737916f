internal import HTTPClient

extension Kubeconfig.User {
    var entry: String { "user \"\(name)\"" }

    private var certificateSource: PEMSource {
        PEMSource(
            path: path, entry: entry, file: ("client-certificate", certificateFile),
            data: ("client-certificate-data", certificateData))
    }

    private var keySource: PEMSource {
        PEMSource(path: path, entry: entry, file: ("client-key", keyFile), data: ("client-key-data", keyData))
    }

    func certificate(_ files: FileReader) throws(ClusterAccessError) -> [UInt8]? {
        if certificateSource.isEmpty, !keySource.isEmpty {
            throw missing("client-certificate or client-certificate-data")
        }
        return try certificateSource.bytes(files)
    }

    func key(_ files: FileReader) throws(ClusterAccessError) -> [UInt8]? {
        if keySource.isEmpty, !certificateSource.isEmpty { throw missing("client-key or client-key-data") }
        return try keySource.bytes(files)
    }

    /// Where both are files, something else may renew them.
    var certificateFiles: CertificateFiles? {
        guard !certificateFile.isEmpty, !keyFile.isEmpty else { return nil }
        return CertificateFiles(certificate: certificateFile, key: keyFile)
    }

    func impersonation() throws(ClusterAccessError) -> Impersonation? {
        guard !impersonate.isEmpty else {
            guard impersonateUID.isEmpty, impersonateGroups.isEmpty, impersonateExtra.isEmpty else {
                throw missing("as (it has as-uid, as-groups or as-user-extra)")
            }
            return nil
        }
        return Impersonation(
            user: impersonate, uid: impersonateUID, groups: impersonateGroups, extra: impersonateExtra)
    }

    /// A token goes before a plugin, as in kubectl.
    func credential(
        _ cluster: Kubeconfig.Cluster, server: String, tls: TLSOptions, environment: [String: String], files: FileReader
    ) throws(ClusterAccessError) -> Credential {
        if let authProvider { throw .authProvider(path: path, entry: entry, provider: authProvider) }
        let hasPassword = !username.isEmpty || !password.isEmpty
        let hasToken = !token.isEmpty || !tokenFile.isEmpty
        if hasPassword, hasToken {
            throw .conflictingFields(
                path: path, entry: entry, fields: [token.isEmpty ? "tokenFile" : "token", "username and password"])
        }
        if !tokenFile.isEmpty {
            if token.isEmpty { try check(tokenFile, files) }
            return .tokenFile(path: tokenFile, fallback: token.isEmpty ? nil : token)
        }
        if hasToken { return .token(token) }
        if hasPassword { return .basic(username: username, password: password) }
        guard let exec else { return .none }
        return .exec(try plugin(exec, cluster, server: server, tls: tls, environment: environment))
    }

    private func check(_ tokenFile: String, _ files: FileReader) throws(ClusterAccessError) {
        let purpose = "tokenFile of \(entry) in \(path)"
        let bytes: [UInt8]
        do { bytes = try files.read(tokenFile) } catch {
            throw .unreadableFile(path: tokenFile, purpose: purpose, reason: error)
        }
        guard !bytes.isEmpty else { throw .emptyFile(path: tokenFile, purpose: purpose) }
    }

    private func plugin(
        _ exec: Kubeconfig.Exec, _ cluster: Kubeconfig.Cluster, server: String, tls: TLSOptions,
        environment: [String: String]
    ) throws(ClusterAccessError) -> ExecPlugin {
        guard !exec.command.isEmpty else { throw missing("exec.command") }
        guard !exec.apiVersion.isEmpty else { throw missing("exec.apiVersion") }
        guard ExecCredential.versions.contains(exec.apiVersion) else {
            throw .invalidField(
                path: path, entry: entry, field: "exec.apiVersion",
                problem: "is none of \(ExecCredential.versions.joined(separator: ", ")): \(exec.apiVersion)")
        }
        guard exec.environment[""] == nil else { throw missing("exec.env[].name") }
        switch exec.interactiveMode {
        case "", "Never", "IfAvailable": break
        case "Always": throw .interactivePlugin(path: path, entry: entry, command: exec.command)
        default:
            throw .invalidField(
                path: path, entry: entry, field: "exec.interactiveMode",
                problem: "is none of Never, IfAvailable, Always")
        }
        let info = ExecCredential.info(
            apiVersion: exec.apiVersion,
            cluster: exec.provideClusterInfo ? ExecCredential.cluster(cluster, server: server, tls: tls) : nil)
        return ExecPlugin(
            command: exec.command, arguments: exec.arguments,
            environment: environment.merging(exec.environment) { _, own in own }
                .merging(["KUBERNETES_EXEC_INFO": info]) { _, own in own },
            apiVersion: exec.apiVersion, installHint: exec.installHint)
    }

    private func missing(_ field: String) -> ClusterAccessError {
        .missingField(path: path, entry: entry, field: field)
    }
}
