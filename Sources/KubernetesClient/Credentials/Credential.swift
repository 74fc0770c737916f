/// What proves who we are, beside a client certificate. Its descriptions hold no secret.
public enum Credential: Sendable, Equatable {
    case none
    case token(String)
    /// A token that something else renews; `fallback` while the file cannot be read.
    case tokenFile(path: String, fallback: String? = nil)
    case basic(username: String, password: String)
    /// A program that prints one.
    case exec(ExecPlugin)

    /// Its kind, for logs.
    public var summary: String {
        switch self {
        case .none: "no credential"
        case .token: "token"
        case .tokenFile(let path, _): "token of \(path)"
        case .basic(let username, _): "password of \(username)"
        case .exec(let plugin): "credential plugin \(plugin.command)"
        }
    }
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { summary }
    public var debugDescription: String { summary }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
