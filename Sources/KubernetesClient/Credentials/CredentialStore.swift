internal import FoundationEssentials
internal import HTTPClient
internal import Timestamps

/// Keeps the credential, and gets it anew when it may have rotated: files after a minute, plugins at their expiry, both
/// after a refusal.
actor CredentialStore {
    /// How long a file's content is trusted, as in client-go.
    static let fileLifetime = Duration.seconds(60)

    private let access: ClusterAccess
    private let files: FileReader
    private let time: TimeSource
    private var current: (credential: ResolvedCredential, expiry: Timestamp)?
    /// After a refusal an unreadable file is a fact to report, and the last known token no way out.
    private var isRefused = false
    private var running: Task<Result<ExecCredential.Status, CredentialError>, Never>?
    /// Requests that wait for it.
    private var waiting = 0
    /// One that nobody waits for any more, on its way to its end.
    private var stopping: Task<Result<ExecCredential.Status, CredentialError>, Never>?

    init(access: ClusterAccess, files: FileReader, time: TimeSource) {
        self.access = access
        self.files = files
        self.time = time
    }

    func credential() async -> Result<ResolvedCredential, CredentialError> {
        if let current, time.now() < current.expiry { return .success(current.credential) }
        let result: Result<(ResolvedCredential, Timestamp), CredentialError>
        if case .exec(let plugin) = access.credential {
            result = await ask(plugin)
        } else {
            result = Result { () throws(CredentialError) in try read() }
        }
        switch result {
        case .success(let (credential, expiry)):
            current = (credential, expiry)
            isRefused = false
            return .success(credential)
        case .failure(let error):
            guard let current, !isRefused, case .unreadableFile = error else { return .failure(error) }
            return .success(current.credential)
        }
    }

    /// Returns when no plugin runs any more.
    func close() async {
        running?.cancel()
        for task in [running, stopping] { _ = await task?.value }
    }

    /// The server refused `credential`; unless it was replaced meanwhile, it is not used again.
    func refused(_ credential: ResolvedCredential) {
        guard let current, current.credential == credential else { return }
        self.current = (credential, Timestamp(nanoseconds: .min))
        isRefused = true
    }

    private func read() throws(CredentialError) -> (ResolvedCredential, Timestamp) {
        var credential = ResolvedCredential()
        var expiry = Timestamp.distantFuture
        switch access.credential {
        case .none, .exec: break
        case .token(let token): credential = try .bearer(token, from: "the kubeconfig")
        case .tokenFile(let path, let fallback):
            credential = try .bearer(try token(path, fallback), from: path)
            expiry = time.now() + Self.fileLifetime
        case .basic(let username, let password):
            guard !username.contains(where: { $0 == ":" || $0.isNewline }) else {
                throw .unusablePassword(username: username)
            }
            credential.authorization = "Basic " + Data("\(username):\(password)".utf8).base64EncodedString()
        }
        if let files = access.certificateFiles {
            credential.certificate = .init(
                certificatePEM: try bytes(files.certificate), keyPEM: try bytes(files.key))
            expiry = time.now() + Self.fileLifetime
        }
        return (credential, expiry)
    }

    private func token(_ path: String, _ fallback: String?) throws(CredentialError) -> String {
        guard let fallback, !files.exists(path) else { return ClusterAccess.trimmed(try bytes(path)) }
        return fallback
    }

    private func bytes(_ path: String) throws(CredentialError) -> [UInt8] {
        do { return try files.read(path) } catch { throw .unreadableFile(path: path, reason: error) }
    }

    /// What `task` makes of it; `cancelled` as soon as our own task is. The last one to leave ends the plugin.
    private func wait(
        for task: Task<Result<ExecCredential.Status, CredentialError>, Never>
    ) async -> Result<ExecCredential.Status, CredentialError> {
        let (results, post) = AsyncStream.makeStream(of: Result<ExecCredential.Status, CredentialError>.self)
        Task {
            post.yield(await task.value)
            post.finish()
        }
        waiting += 1
        var iterator = results.makeAsyncIterator()
        let result = await iterator.next(isolation: self)
        waiting -= 1
        if result == nil, waiting == 0 {
            task.cancel()
            stopping = task
        }
        return result ?? .failure(.cancelled)
    }

    /// One run of the plugin serves everybody who waits.
    private func ask(_ plugin: ExecPlugin) async -> Result<(ResolvedCredential, Timestamp), CredentialError> {
        let task = running ?? Task { await plugin.run() }
        running = task
        let result = await wait(for: task)
        if running == task, waiting == 0 || result != .failure(.cancelled) { running = nil }
        return result.flatMap { status in
            Result { () throws(CredentialError) in
                var credential = ResolvedCredential()
                if let token = status.token, !token.isEmpty {
                    credential = try .bearer(token, from: "the credential plugin \(plugin.command)")
                }
                if let certificate = status.clientCertificateData, let key = status.clientKeyData, !key.isEmpty {
                    credential.certificate = .init(certificatePEM: Array(certificate.utf8), keyPEM: Array(key.utf8))
                }
                return (credential, status.expirationTimestamp ?? .distantFuture)
            }
        }
    }
}
