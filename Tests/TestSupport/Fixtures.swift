import FoundationEssentials

/// The data files of Tests/Fixtures.
public enum Fixtures {
    /// The project's root, from where this file was compiled.
    public static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(3).joined(separator: "/")

    /// The bytes of Tests/Fixtures/`name`.
    public static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/Tests/Fixtures/\(name)")))
    }
}
