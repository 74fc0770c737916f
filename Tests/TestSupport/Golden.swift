import FoundationEssentials

/// The files of Tests/Golden: output as it should be, to be read by people too.
public enum Golden {
    /// What Tests/Golden/`name` holds. With `DRAIN_AGENT_RENEW_GOLDEN` set it is first replaced by `actual`: then
    /// `git diff` shows what has changed.
    public static func text(_ name: String, renewedFrom actual: [UInt8]) throws -> String {
        let url = URL(fileURLWithPath: "\(Fixtures.root)/Tests/Golden/\(name)")
        if ProcessInfo.processInfo.environment["DRAIN_AGENT_RENEW_GOLDEN"] != nil { try Data(actual).write(to: url) }
        return String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
}
