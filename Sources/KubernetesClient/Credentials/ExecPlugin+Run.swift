internal import FoundationEssentials
internal import Glibc
internal import Synchronization

extension ExecPlugin {
    /// How long a plugin may take.
    static let limit = Duration.seconds(60)

    private final class Cancellation: Sendable {
        let isCancelled = Atomic(false)
    }

    /// What the plugin prints, read. It is stopped when our task is cancelled.
    ///
    /// - Parameter complaints: where it is told what a plugin that failed has to say; our own standard error.
    func run(
        limit: Duration = Self.limit, complaints: Int32 = 2
    ) async -> Result<ExecCredential.Status, CredentialError> {
        let cancellation = Cancellation()
        return await withTaskCancellationHandler {
            await OwnThread.run {
                Result { () throws(CredentialError) in
                    guard let path = executable else {
                        throw .pluginNotFound(command: command, installHint: Self.printable(installHint))
                    }
                    return try credential(try output(of: path, limit, cancellation, complaints))
                }
            }
        } onCancel: {
            cancellation.isCancelled.store(true, ordering: .relaxed)
        }
    }

    private func output(
        of path: String, _ limit: Duration, _ cancellation: Cancellation, _ complaints: Int32
    ) throws(CredentialError) -> [UInt8] {
        let output: ChildProcess.Output
        do {
            output = try ChildProcess.run(
                path, arguments, environment: environment, limit: limit,
                isWanted: { !cancellation.isCancelled.load(ordering: .relaxed) })
        } catch {
            switch error {
            case .cancelled: throw .cancelled
            case .notStarted(let reason): throw .pluginNotStarted(command: command, reason: reason)
            case .timedOut: throw .pluginTimedOut(command: command, limit: limit)
            case .tooMuchOutput(let limit):
                throw .pluginMisunderstood(command: command, problem: "more than \(limit) bytes")
            }
        }
        guard output.status == 0 else {
            tell(Self.printable(String(decoding: output.standardError.suffix(1024), as: UTF8.self)), complaints)
            let signal = output.status & 0x7F
            throw .pluginFailed(
                command: command, ending: signal == 0 ? "exit code \(output.status >> 8)" : "signal \(signal)")
        }
        return output.standardOutput
    }

    /// To who runs us and nobody else, as kubectl does it: an error is also served and logged, and a secret may be in
    /// this. Where nobody reads it is lost.
    private func tell(_ complaint: String, _ descriptor: Int32) {
        var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard !complaint.isEmpty, poll(&polled, 1, 0) > 0 else { return }
        let line = Array("drain-agent: the credential plugin \(command) says: \(complaint)\n".utf8)
        _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Never quotes what the plugin printed: a secret may be in it.
    func credential(_ bytes: [UInt8]) throws(CredentialError) -> ExecCredential.Status {
        guard let printed = try? JSONDecoder().decode(ExecCredential.self, from: Data(bytes)) else {
            throw .pluginMisunderstood(command: command, problem: "no ExecCredential")
        }
        guard printed.kind == "ExecCredential", printed.apiVersion == apiVersion else {
            throw .pluginMisunderstood(
                command: command, problem: "something else than an ExecCredential of \(apiVersion)")
        }
        guard let status = printed.status else {
            throw .pluginMisunderstood(command: command, problem: "an ExecCredential without status")
        }
        let hasToken = status.token.map { !$0.isEmpty } ?? false
        let hasCertificate = status.clientCertificateData.map { !$0.isEmpty } ?? false
        let hasKey = status.clientKeyData.map { !$0.isEmpty } ?? false
        guard hasCertificate == hasKey else {
            throw .pluginMisunderstood(command: command, problem: "only one of clientCertificateData and clientKeyData")
        }
        guard hasToken || hasCertificate else {
            throw .pluginMisunderstood(command: command, problem: "neither a token nor a client certificate")
        }
        return status
    }

    /// The command itself where it is a path, else its first match in the plugin's `PATH`.
    private var executable: String? {
        if command.contains("/") { return access(command, F_OK) == 0 ? command : nil }
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        return folders.lazy.map { "\($0)/\(command)" }.first { access($0, X_OK) == 0 }
    }

    /// On one line, without control characters.
    private static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        var line = ""
        line.unicodeScalars.append(contentsOf: scalars)
        return line.split(separator: " ").joined(separator: " ")
    }
}
