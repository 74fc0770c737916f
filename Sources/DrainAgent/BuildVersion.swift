import CAgent
import DrainTelemetry

/// Which drain-agent this is.
enum BuildVersion {
    static let version = "0.1.0"
    static let revision = String(cString: drain_agent_revision())
    static let userAgent = "drain-agent/\(version)"

    #if swift(>=6.4)
        static let swift = "6.4 or later"
    #elseif swift(>=6.3)
        static let swift = "6.3"
    #else
        static let swift = "6.2"
    #endif

    static let info = BuildInfo(version: version, revision: revision, swiftVersion: swift)
}
