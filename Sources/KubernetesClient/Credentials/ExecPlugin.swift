/// A program that prints a credential (client.authentication.k8s.io), ready to be run.
public struct ExecPlugin: Sendable, Equatable {
    /// A path, or a name to be looked up in `PATH`.
    public var command: String
    public var arguments: [String]
    /// All of it: ours, the plugin's own, `KUBERNETES_EXEC_INFO`. Holds secrets.
    public var environment: [String: String]
    /// `client.authentication.k8s.io/v1` or `…/v1beta1`.
    public var apiVersion: String
    /// What the kubeconfig says to somebody who lacks the program.
    public var installHint: String

    public init(
        command: String, arguments: [String] = [], environment: [String: String] = [:], apiVersion: String,
        installHint: String = ""
    ) {
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.apiVersion = apiVersion
        self.installHint = installHint
    }
}

extension ExecPlugin: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "credential plugin \(command)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["command": command]) }
}
