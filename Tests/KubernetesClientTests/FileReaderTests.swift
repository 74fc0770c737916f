import FoundationEssentials
import Glibc
import KubernetesClient
import Testing

@Suite("Files of this machine")
struct FileReaderTests {
    @Test("what must be a file is no pipe and no device, and none is waited for", .timeLimit(.minutes(1)))
    func regular() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "fifo-\(UUID())").path
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        for each in [path, "/dev/zero", "/"] {
            #expect(throws: FileReader.Failure.unreadable("not a regular file")) {
                try FileReader.readRegular(each, limit: 1 << 20)
            }
        }
    }

    @Test("a file is read whole, and a missing one is missing")
    func reading() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "f").path
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(try FileReader.local.read(path) == bytes)
        #expect(FileReader.local.exists(path))
        #expect(!FileReader.local.exists(path + "x"))
        #expect(throws: FileReader.Failure.missing) { try FileReader.local.read(path + "x") }
        #expect(throws: FileReader.Failure.missing) { try FileReader.local.read(path + "/x") }
        #expect(throws: FileReader.Failure.unreadable("Is a directory")) { try FileReader.local.read(directory.path) }
    }

    @Test("a file without an end is refused at the limit")
    func endless() {
        #expect(throws: FileReader.Failure.tooLarge(limit: 10 << 20)) { try FileReader.local.read("/dev/zero") }
        #expect(throws: FileReader.Failure.tooLarge(limit: 3)) { try FileReader.readRegular("/etc/passwd", limit: 3) }
    }
}
