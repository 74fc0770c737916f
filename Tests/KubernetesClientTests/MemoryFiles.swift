import KubernetesClient
import Locking

/// Files that only a test has.
final class MemoryFiles: Sendable {
    private let contents: Lock<[String: [UInt8]]>
    private let failures = Lock<[String: FileReader.Failure]>([:])

    init(_ contents: [String: String] = [:]) { self.contents = Lock(contents.mapValues { Array($0.utf8) }) }

    subscript(_ path: String) -> String? {
        get { contents.withLock { $0[path].map { String(decoding: $0, as: UTF8.self) } } }
        set { contents.withLock { $0[path] = newValue.map { Array($0.utf8) } } }
    }

    func fail(_ path: String, _ failure: FileReader.Failure) { failures.withLock { $0[path] = failure } }

    var reader: FileReader {
        FileReader(
            read: { [self] (path) throws(FileReader.Failure) in
                if let failure = failures.withLock({ $0[path] }) { throw failure }
                guard let bytes = contents.withLock({ $0[path] }) else { throw .missing }
                return bytes
            },
            exists: { [self] path in contents.withLock { $0[path] != nil } })
    }
}
