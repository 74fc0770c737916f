internal import Glibc

/// Where files come from; a test passes its own.
public struct FileReader: Sendable {
    public enum Failure: Error, Sendable, Equatable {
        case missing
        /// The system's word for it.
        case unreadable(String)
        /// In bytes.
        case tooLarge(limit: Int)
    }

    /// No configuration file, token or certificate is nearly as large.
    public static let limit = 10 << 20

    public var read: @Sendable (_ path: String) throws(Failure) -> [UInt8]
    public var exists: @Sendable (_ path: String) -> Bool

    public init(
        read: @escaping @Sendable (_ path: String) throws(Failure) -> [UInt8],
        exists: @escaping @Sendable (_ path: String) -> Bool
    ) {
        self.read = read
        self.exists = exists
    }

    /// The files of this machine.
    public static let local = FileReader(
        read: { (path) throws(Failure) in try readLocal(path, flags: O_RDONLY | O_CLOEXEC, limit: limit) },
        exists: { access($0, F_OK) == 0 })

    /// A file of this machine that is one: no pipe to wait at, no device without an end.
    public static func readRegular(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        try readLocal(path, flags: O_RDONLY | O_CLOEXEC | O_NONBLOCK, limit: limit, isRegular: true)
    }

    private static func readLocal(
        _ path: String, flags: Int32, limit: Int, isRegular: Bool = false
    ) throws(Failure) -> [UInt8] {
        let file = open(path, flags)
        guard file >= 0 else { throw failure(errno) }
        defer { close(file) }
        if isRegular {
            var facts = stat()
            guard fstat(file, &facts) == 0 else { throw failure(errno) }
            guard facts.st_mode & S_IFMT == S_IFREG else { throw .unreadable("not a regular file") }
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(errno) }
            bytes += chunk[..<count]
            guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
        }
    }

    private static func failure(_ code: Int32) -> Failure {
        code == ENOENT || code == ENOTDIR ? .missing : .unreadable(String(cString: strerror(code)))
    }
}

extension FileReader.Failure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing: "there is no such file"
        case .unreadable(let reason): reason
        case .tooLarge(let limit): "it is larger than \(limit >> 10) KiB"
        }
    }
}
