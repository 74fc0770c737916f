import Testing

@testable import DrainAgent

@Suite struct DirectoryTests {
    @Test(
        "a directory that cannot be made is named, with the reason",
        arguments: [
            ("", "No such file or directory"), ("/dev/null/x", "Not a directory"),
            ("/proc/nope", "No such file or directory"),
        ])
    func refused(path: String, reason: String) {
        #expect(throws: Directory.Failure(description: "cannot make the directory \"\(path)\": \(reason)")) {
            try Directory.make(path)
        }
    }
}
