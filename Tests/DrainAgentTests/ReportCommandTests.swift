import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import DrainAgent

@Suite(.serialized, .timeLimit(.minutes(2))) struct ReportCommandTests {
    @Test("a drain's file, read by the report: exit 0 although the drain was not completed, in every format")
    func formats() async throws {
        try await TestCluster.with { model in
            model.addFrozen()
        } _: { cluster in
            let drain = [
                "drain", TestCluster.node, "--kubeconfig", cluster.kubeconfig, "--spans", cluster.spans, "--force",
            ]
            try await AgentProcess.with(drain, in: cluster.directory) { agent in
                #expect(await agent.child.output.first(containing: "is blocked by budget shop/pay-budget") != nil)
                agent.child.send(SIGINT)
                #expect(await agent.exitCode() == 5)
            }
            for (format, words) in [
                ("text", ["node/node-a drain cancelled", "budget shop/pay-budget", "Timeline"]),
                ("html", ["<!DOCTYPE html>", "budget shop/pay-budget", "<svg"]),
                ("json", ["\"outcome\":\"cancelled\"", "\"blockers\":[{\"name\":\"budget shop/pay-budget\""]),
            ] {
                try await AgentProcess.with(["report", "-o", format, cluster.spans], in: cluster.directory) { command in
                    #expect(await command.exitCode() == 0)
                    for word in words { #expect(command.child.output.text.contains(word), "\(format): \(word)") }
                    #expect(!command.child.output.text.contains("\u{1B}"))
                }
            }
        }
    }

    @Test("a file that cannot be read is named, with exit code 1; those that can are told all the same")
    func unreadable() async throws {
        try await TestCluster.with { _ in
        } _: { cluster in
            try cluster.write("{\"resourceSpans\":[]}\n", to: cluster.spans)
            let files = ["/nonexistent/a.jsonl", cluster.directory, cluster.spans]
            try await AgentProcess.with(["report"] + files, in: cluster.directory) { command in
                #expect(await command.exitCode() == 1)
                #expect(command.child.error.text.contains("/nonexistent/a.jsonl: No such file"))
                #expect(command.child.error.text.contains("\(cluster.directory): Is a directory"))
                #expect(command.child.output.text.contains(cluster.spans))
            }
        }
    }

    @Test("standard input is a file, too; without one it is wrong usage")
    func usage() async throws {
        try await TestCluster.with { _ in
        } _: { cluster in
            try await AgentProcess.with(["report", "-"], in: cluster.directory) { command in
                #expect(await command.exitCode() == 0)
                #expect(command.child.output.text.contains("no drain's spans are in standard input"))
            }
            for arguments in [["report"], ["report", "-o", "xml", "-"], ["drain", "n", "--textfile", "/tmp/x"]] {
                try await AgentProcess.with(arguments, in: cluster.directory) { command in
                    #expect(await command.exitCode() == 64)
                }
            }
        }
    }
}
