import Testing

@testable import DrainAgent

@Suite struct KubectlSpellingTests {
    @Test(
        "kubectl's spellings become ours, and everything else stays",
        arguments: [
            (["drain", "n", "--force=true"], ["drain", "n", "--force"]),
            (["drain", "n", "--force=false"], ["drain", "n", "--no-force"]),
            (["--ignore-daemonsets=false", "n"], ["--no-ignore-daemonsets", "n"]),
            (["--delete-emptydir-data=true"], ["--delete-emptydir-data"]),
            (["--disable-eviction=true", "--follow-arrivals=false"], ["--disable-eviction", "--no-follow-arrivals"]),
            (["drain", "n", "--dry-run"], ["drain", "n", "--dry-run=client"]),
            (["drain", "--dry-run", "n"], ["drain", "--dry-run=client", "n"]),
            (["drain", "--dry-run", "server", "n"], ["drain", "--dry-run", "server", "n"]),
            (["drain", "--dry-run=none", "n"], ["drain", "--dry-run=none", "n"]),
            (["drain", "--dry-run", "--force"], ["drain", "--dry-run=client", "--force"]),
            (["--force=True", "--force=FALSE"], ["--force", "--no-force"]),
            (["run", "--http-prestop=true"], ["run", "--http-prestop"]),
            (["trigger", "--wait=false", "--timeout", "5s"], ["trigger", "--timeout", "5s"]),
            (["cancel", "--uncordon=true"], ["cancel", "--uncordon"]), (["--force=yes"], ["--force=yes"]),
            (["--drain-id=true", "--force="], ["--drain-id=true", "--force="]),
            (["--forceful=true", "--timeout=5s"], ["--forceful=true", "--timeout=5s"]),
            (["--", "--force=true", "--dry-run"], ["--", "--force=true", "--dry-run"]),
            ([], []),
        ] as [([String], [String])])
    func translates(arguments: [String], expected: [String]) {
        #expect(KubectlSpelling.translate(arguments) == expected)
    }
}
