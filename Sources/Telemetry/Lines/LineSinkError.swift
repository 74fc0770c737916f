import Glibc

/// Why lines do not reach their file; the numbers are errno's.
public enum LineSinkError: Error, Equatable, CustomStringConvertible {
    case cannotOpen(path: String, errno: Int32)
    /// Lines are being lost: the disk is full, the reader is gone.
    case cannotWrite(errno: Int32)
    /// No thread or no descriptor for it could be had: every line is lost.
    case cannotStart(errno: Int32)

    public var description: String {
        switch self {
        case .cannotOpen(let path, let number): "cannot open \(path): \(Self.text(number))"
        case .cannotWrite(let number): "cannot write: \(Self.text(number))"
        case .cannotStart(let number): "cannot start writing: \(Self.text(number))"
        }
    }

    private static func text(_ number: Int32) -> String { String(cString: strerror(number)) }
}
