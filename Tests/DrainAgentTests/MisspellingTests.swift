import ArgumentParser
import Testing

@testable import DrainAgent

@Suite struct MisspellingTests {
    @Test(
        "a command that there is not is told the one that was meant, or all",
        arguments: [
            ("drian worker-3", "There is no command 'drian'. Did you mean 'drain'?"), ("satus", "'status'?"),
            ("pln", "'plan'?"), ("triger --wait", "'trigger'?"), ("cancle", "'cancel'?"),
            ("frobnicate", "There are run, drain, plan, report, demo, trigger, prestop, cancel, status."),
        ])
    func command(line: String, text: String) throws {
        let said = try #require(message(line))
        #expect(said.hasSuffix(text))
    }

    @Test(
        "who chooses nodes by labels as with kubectl is told what there is instead",
        arguments: [
            "drain --selector a=b", "drain --selector=a=b", "drain -l a=b", "drain -l=a=b", "plan --timeout 5m -l a=b",
        ])
    func selector(line: String) throws {
        let said = try #require(message(line))
        #expect(said.contains("kubectl get nodes") && said.contains("--pod-selector"))
    }

    @Test("the old name of a flag leads to the new one, in the plugin, too")
    func oldName() {
        for message in [message("drain n --delete-local-data"), message("n --delete-local-data=true", isPlugin: true)] {
            #expect(message?.contains("--delete-emptydir-data") == true)
        }
    }

    @Test(
        "everything else is the parser's own matter",
        arguments: ["drain n --forse", "drain", "--versoin", "", "help drain", "drain n -- -l", "status -l a"])
    func others(line: String) { #expect(message(line) == nil) }

    private func message(_ line: String, isPlugin: Bool = false) -> String? {
        Misspelling.error(in: line.split(separator: " ").map(String.init), isPlugin: isPlugin)?.message
    }
}
