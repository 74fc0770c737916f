import ClusterModel
import FoundationEssentials
import TestSupport
import Testing

@testable import DrainAgent

/// `drain-agent drain` at a terminal of its own.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TerminalTests {
    private static let terminal = ["TERM": "xterm-256color", "LANG": "C.UTF-8"]

    private func drain(
        _ cluster: TestCluster, _ arguments: [String] = [], columns: UInt16 = 100, rows: UInt16 = 30,
        environment: [String: String] = terminal, _ body: (AgentProcess) async throws -> Void
    ) async throws {
        let fixed = ["drain", TestCluster.node, "--kubeconfig", cluster.kubeconfig, "--pdb-retry-interval", "100ms"]
        try await AgentProcess.with(
            fixed + arguments, in: cluster.directory, environment: environment,
            output: .terminal(columns: columns, rows: rows), body)
    }

    private func screen(_ agent: AgentProcess) -> Screen { Screen(agent.child.output.text + "\n") }

    @Test("the live view names who blocks, is gone at the end, and leaves the terminal as it was")
    func live() async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            try await drain(cluster) { agent in
                // At first it is only waited for; the verdict comes a moment later.
                #expect(await agent.child.output.first(containing: "can never allow") != nil)
                #expect(await agent.child.output.first(containing: "1 of 1 healthy") != nil)
                #expect(screen(agent).count("shop/pay-budget\u{20}can never allow") > 0)
                cluster.change { $0.perform(.deleteBudget(namespace: "shop", name: "pay-budget")) }
                #expect(await agent.exitCode() == 0)
                let screen = screen(agent)
                #expect(screen.surprises.isEmpty)
                #expect(screen.count(" of 1 gone") == 0)
                #expect(screen.lines.last?.hasPrefix("node/node-a drained in ") == true)
                #expect(screen.lines.contains { $0.hasSuffix("is gone") && $0.contains("● pod shop/pay-") })
            }
        }
    }

    @Test(
        "whoever does not want it, or cannot show it, gets lines and nothing else",
        arguments: [
            (["--no-progress"], [:]), ([], ["NO_COLOR": "1"]), ([], ["TERM": "dumb"]),
            (["--progress=false"], [:]),
        ] as [([String], [String: String])])
    func lines(arguments: [String], environment: [String: String]) async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            let environment = Self.terminal.merging(environment) { $1 }
            try await drain(cluster, arguments, environment: environment) { agent in
                #expect(await agent.exitCode() == 0)
                #expect(!agent.child.output.text.contains("\u{1B}"))
                #expect(agent.child.output.lines.first == "node/node-a cordoned\r")
            }
        }
    }

    @Test("--progress brings the live view in spite of NO_COLOR, without colours")
    func withoutColors() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            let environment = Self.terminal.merging(["NO_COLOR": "1"]) { $1 }
            try await drain(cluster, ["--progress"], environment: environment) { agent in
                #expect(await agent.exitCode() == 0)
                let text = agent.child.output.text
                #expect(text.contains(" gone") && text.contains("\u{1B}[J"))
                let commands = text.split(separator: "\u{1B}").dropFirst().map { $0.drop { !$0.isLetter }.first }
                #expect(!commands.contains("m"))
            }
        }
    }

    @Test("Ctrl-C at the keyboard cancels it, and the terminal is as it was")
    func interrupted() async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            try await drain(cluster) { agent in
                #expect(await agent.child.output.first(containing: "can never allow") != nil)
                agent.child.type("\u{3}")
                #expect(await agent.exitCode() == 5)
                let screen = screen(agent)
                #expect(screen.surprises.isEmpty)
                #expect(screen.lines.contains { $0.contains("cancelling: nothing more is evicted") })
                #expect(screen.lines.last?.contains("is left cordoned") == true)
                #expect(screen.count(" of 1 gone") == 0)
            }
        }
    }

    @Test("a terminal of any size is drawn on", arguments: [(1, 1), (1, 24), (80, 1), (80, 2), (7, 4), (500, 200)])
    func sizes(columns: UInt16, rows: UInt16) async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            try await drain(cluster, columns: columns, rows: rows) { agent in
                #expect(await agent.child.output.first(containing: "is blocked by") != nil)
                agent.child.resize(columns: 60, rows: 20)
                cluster.change { $0.perform(.deleteBudget(namespace: "shop", name: "pay-budget")) }
                #expect(await agent.exitCode() == 0)
                #expect(agent.child.output.text.contains("node/node-a drained in"))
            }
        }
    }

    @Test("what a webhook says commands no terminal")
    func hostile() async throws {
        try await TestCluster.with {
            $0.addShop()
            let attack = "\u{1B}]0;owned\u{7}\u{1B}[2J\u{1B}[?25l\r\n\u{9B}31m"
            $0.perform(
                .addFault(
                    Fault(
                        .refuse(.webhookDenial("evil", attack)),
                        on: .requests(AccessAttributes("create", .pods, subresource: "eviction")), times: 6)))
        } _: { cluster in
            try await drain(cluster) { agent in
                _ = await agent.exitCode()
                let screen = screen(agent)
                #expect(screen.surprises.isEmpty, "\(screen.surprises)")
                #expect(screen.lines.contains { $0.contains("owned") })
            }
        }
    }

    @Test("-o json is the drain's document and nothing else, -o name kubectl's lines; all else goes to stderr")
    func outputs() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.drain(["-o", "json"]) { agent, code in
                #expect(code == 0)
                let document = try JSONDecoder().decode(JSONValue.self, from: Data(agent.child.output.text.utf8))
                #expect(document["outcome"] == .text("completed"))
                #expect(agent.child.error.text.contains("node/node-a drained in"))
            }
        }
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.drain(["-o", "name"]) { agent, code in
                #expect(code == 0)
                let lines = agent.child.output.lines
                #expect(lines.first == "node/node-a cordoned")
                #expect(lines.last == "node/node-a drained")
                #expect(lines.dropFirst().dropLast().allSatisfy { $0.hasPrefix("pod/") && $0.hasSuffix(" evicted") })
                #expect(lines.count == 5)
            }
        }
    }
}
