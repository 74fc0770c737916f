import FoundationEssentials
internal import Subprocess

/// The real kubectl, for those who serve it.
public struct Kubectl: Sendable {
    /// Where it is in the search path; `nil`: nowhere.
    public static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/kubectl" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    public struct Outcome: Sendable {
        public var succeeded: Bool
        public var output: String
        public var complaints: String

        /// Each line's words.
        public var rows: [[String]] {
            output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        }
    }

    private let directory: URL

    /// - Parameter kubeconfig: its text.
    public init(kubeconfig: String) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "kubectl-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data(kubeconfig.utf8).write(to: directory.appending(path: "config"))
    }

    /// Runs `kubectl` with these arguments, for a minute at most.
    public func callAsFunction(_ arguments: String...) async throws -> Outcome {
        let result = try await run(
            .name("timeout"), arguments: Arguments(["60", Self.path ?? "kubectl"] + arguments),
            environment: .inherit.updating([
                "KUBECONFIG": directory.appending(path: "config").path, "HOME": directory.path,
            ]), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return Outcome(
            succeeded: result.terminationStatus.isSuccess, output: result.standardOutput,
            complaints: result.standardError)
    }

    public func remove() throws { try FileManager.default.removeItem(at: directory) }
}
