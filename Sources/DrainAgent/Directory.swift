import FoundationEssentials
import Glibc

/// Directories of ours.
enum Directory {
    /// Which directory could not be made, and why.
    struct Failure: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    /// Makes it, and those it lies in, where they are missing.
    static func make(_ path: String) throws(Failure) {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            let reason = ((error as? CocoaError)?.underlying as? POSIXError)?.code
            let text = reason.map { String(cString: strerror($0.rawValue)) } ?? "\(error)"
            throw Failure(description: "cannot make the directory \"\(path)\": \(text)")
        }
    }
}
