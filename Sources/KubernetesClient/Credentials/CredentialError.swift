/// Why no credential could be had just now. Never holds a secret.
enum CredentialError: Error, Sendable, Equatable {
    case unreadableFile(path: String, reason: FileReader.Failure)
    case unusableToken(origin: String)
    case unusablePassword(username: String)
    case pluginNotFound(command: String, installHint: String)
    case pluginNotStarted(command: String, reason: String)
    case pluginTimedOut(command: String, limit: Duration)
    /// `ending`: e.g. `exit code 1`.
    case pluginFailed(command: String, ending: String)
    /// What it printed is not a credential.
    case pluginMisunderstood(command: String, problem: String)
    /// Whoever asked needs it no longer.
    case cancelled
}

extension CredentialError: CustomStringConvertible {
    var description: String {
        switch self {
        case .unreadableFile(let path, let reason): "cannot read \(path): \(reason)"
        case .unusableToken(let origin): "the token of \(origin) is empty or not one word of ASCII"
        case .unusablePassword(let username): "the user name \(username) has a colon or a line end"
        case .pluginNotFound(let command, ""): "there is no credential plugin \(command) in PATH; install it"
        case .pluginNotFound(let command, let hint): "there is no credential plugin \(command) in PATH: \(hint)"
        case .pluginNotStarted(let command, let reason): "the credential plugin \(command) cannot be started: \(reason)"
        case .pluginTimedOut(let command, let limit):
            "the credential plugin \(command) was stopped after \(limit.components.seconds) s"
        case .pluginFailed(let command, let ending): "the credential plugin \(command) ended with \(ending)"
        case .pluginMisunderstood(let command, let problem): "the credential plugin \(command) printed \(problem)"
        case .cancelled: "the credential is no longer needed"
        }
    }
}
