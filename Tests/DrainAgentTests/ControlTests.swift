import ClusterModel
import FoundationEssentials
import Glibc
import HTTPClient
import TestSupport
import Testing

@testable import DrainAgent

/// Who may command the sidecar, and how: over TCP and through the Unix socket.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ControlTests {
    private static let authorization = (name: "Authorization", value: "Bearer s3cret")

    /// A sidecar that accepts the token, on a node that cannot be emptied.
    private func withFrozen(
        _ arguments: [String] = [], _ body: (TestCluster, AgentProcess, String) async throws -> Void
    ) async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            let tokenFile = "\(cluster.directory)/token"
            try cluster.write("s3cret\n", to: tokenFile)
            try await cluster.run(["--control-token-file", tokenFile] + arguments) { agent in
                try await body(cluster, agent, try await agent.address())
            }
        }
    }

    private func thaw(_ cluster: TestCluster) {
        cluster.change { $0.perform(.deleteBudget(namespace: "shop", name: "pay-budget")) }
    }

    @Test("over TCP nothing changes without a token file: 403, and how it would be allowed")
    func withoutTokenFile() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run { agent in
                let address = try await agent.address()
                for (method, path) in [("POST", "/drain"), ("DELETE", "/drain"), ("POST", "/prestop")] {
                    let response = try await agent.ask(method, address + path, headers: [Self.authorization])
                    #expect(response.status == 403)
                    #expect(response.text.contains("--control-token-file"))
                }
                #expect(try await agent.status(address)["state"] == .text("idle"))
            }
            #expect(!cluster.isUnschedulable)
        }
    }

    @Test("with the token a drain begins once: 202, the same again 200, another one 409; DELETE cancels it")
    func withToken() async throws {
        try await withFrozen { cluster, agent, address in
            let url = "\(address)/drain"
            let refused = try await agent.ask("POST", url, headers: [("Authorization", "Bearer wrong")])
            #expect(refused.status == 401)
            #expect(refused.headers["WWW-Authenticate"] == "Bearer")
            #expect(try await agent.ask("POST", url).status == 401)
            let browser = [Self.authorization, ("Origin", "http://evil.example")]
            #expect(try await agent.ask("POST", url, headers: browser).status == 403)
            #expect(try await agent.ask("DELETE", url, headers: [Self.authorization]).status == 409)

            let begun = try await agent.ask("POST", url, headers: [Self.authorization], body: "{\"drain_id\":\"d-1\"}")
            #expect(begun.status == 202)
            #expect(begun.text.contains("\"drain_id\":\"d-1\""))
            #expect(try await agent.ask("POST", url, headers: [Self.authorization], body: "{}").status == 200)
            let other = try await agent.ask("POST", url, headers: [Self.authorization], body: "{\"timeout\":\"9s\"}")
            #expect(other.status == 409)
            #expect(other.text.contains("d-1"))

            _ = try await agent.log("eviction is blocked")
            #expect(try await agent.ask("DELETE", url, headers: [Self.authorization]).status == 202)
            #expect(await agent.exitCode() == 5)
            #expect(cluster.isUnschedulable)
        }
    }

    @Test(
        "bad input is 400 and named, an unknown route 404, a wrong method 405",
        arguments: [
            ("POST", "/drain", "{\"timeout\":9}", 400, "timeout"), ("POST", "/drain", "{\"speed\":1}", 400, "speed"),
            ("POST", "/drain", "what", 400, "JSON"), ("POST", "/drain?wait=maybe", "", 400, "wait"),
            ("DELETE", "/drain?uncordon=x", "", 400, "uncordon"), ("DELETE", "/drain", "", 409, "no drain"),
            ("GET", "/nothing", "", 404, ""), ("PUT", "/drain", "", 405, ""), ("GET", "/prestop", "", 405, ""),
            ("GET", "/", "", 200, "node-a"), ("GET", "/livez", "", 200, "ok"),
        ])
    func answers(method: String, path: String, body: String, status: Int, word: String) async throws {
        try await withFrozen { cluster, agent, address in
            let response = try await agent.ask(
                method, address + path, headers: [Self.authorization], body: body.isEmpty ? nil : body)
            #expect(response.status == status)
            #expect(response.text.contains(word), "\(response.text)")
            if status == 405 { #expect(response.headers["Allow"]?.isEmpty == false) }
            #expect(try await agent.status(address)["state"] == .text("idle"))
            #expect(!cluster.isUnschedulable)
        }
    }

    @Test("the drain joins its caller's trace")
    func traceparent() async throws {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run { agent in
                _ = try await agent.address()
                let response = try await agent.ask(
                    "POST", "http://agent/drain", headers: [("traceparent", "00-\(trace)-00f067aa0ba902b7-01")],
                    socket: cluster.socket)
                #expect(response.status == 202)
                #expect(await agent.exitCode() == 0)
                #expect(try await agent.log("drain ended")["trace_id"] == .text(trace))
            }
            let spans = try SpanFile(try cluster.read(cluster.spans))
            #expect(spans.isOneTree)
            #expect(spans.spans.allSatisfy { $0.trace == trace })
            #expect(spans.named("node.drain").first?.parent == "00f067aa0ba902b7")
        }
    }

    @Test("trigger --wait ends with the outcome's code")
    func triggerAndWait() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run { agent in
                _ = try await agent.address()
                try await cluster.control(["trigger", "--wait"]) { command, code in
                    #expect(code == 0, "\(command.child.error.text)")
                    #expect(command.child.output.text.contains("\"outcome\":\"completed\""))
                }
                #expect(await agent.exitCode() == 0)
                #expect(try await agent.log("drain began")["trigger"] == .text("http"))
            }
        }
        try await withFrozen { cluster, agent, _ in
            try await cluster.control(["trigger", "--wait", "--timeout", "1s"]) { _, code in #expect(code == 4) }
            #expect(await agent.exitCode() == 4)
        }
    }

    @Test("trigger alone returns at once, status tells, and a different trigger is refused")
    func triggerAndStatus() async throws {
        try await withFrozen { cluster, agent, _ in
            try await cluster.control(["status", "-o", "json"]) { command, code in
                #expect(code == 0)
                #expect(command.child.output.text.contains("\"state\":\"idle\""))
            }
            try await cluster.control(["status"]) { command, code in
                #expect(code == 0)
                #expect(command.child.output.lines.first == "node/node-a idle")
                #expect(command.child.output.text.contains("drain-agent trigger"))
            }
            try await cluster.control(["trigger"]) { command, code in
                #expect(code == 0)
                #expect(command.child.output.text.contains("drain_id"))
            }
            _ = try await agent.log("eviction is blocked")
            try await cluster.control(["status"]) { command, code in
                #expect(code == 0)
                let lines = command.child.output.lines
                #expect(lines.first?.hasPrefix("node/node-a draining  0 of 1 gone") == true)
                #expect(lines.contains { $0.contains("budget shop/pay-budget") })
                #expect(
                    lines.last?.hasPrefix("shop") == true && lines.last?.hasSuffix("budget shop/pay-budget") == true)
            }
            try await cluster.control(["status", "--output=json"]) { command, code in
                #expect(code == 0)
                let status = try JSONDecoder().decode(JSONValue.self, from: Data(command.child.output.text.utf8))
                #expect(status["state"] == .text("draining"))
                #expect(status["blockers"]?.items.first?["pdb"] == .text("shop/pay-budget"))
            }
            try await cluster.control(["trigger", "--timeout", "9s"]) { command, code in
                #expect(code == 1)
                #expect(command.child.error.text.contains("asked for differently"))
            }
        }
    }

    @Test("status --watch follows the drain to its end, and exits as it does")
    func watch() async throws {
        try await withFrozen { cluster, agent, _ in
            try await AgentProcess.with(["status", "-w", "--control-socket", cluster.socket], in: cluster.directory) {
                watch in
                #expect(await watch.child.output.first(containing: "node/node-a idle") != nil)
                try await cluster.control(["trigger"]) { _, code in #expect(code == 0) }
                #expect(await watch.child.output.first(containing: "is blocked by budget shop/pay-budget") != nil)
                thaw(cluster)
                #expect(await watch.exitCode() == 0)
                #expect(watch.child.output.lines.contains { $0.hasPrefix("pod shop/pay-") && $0.hasSuffix("is gone") })
                #expect(watch.child.output.text.contains("node/node-a drained  1 of 1 gone"))
            }
            #expect(await agent.exitCode() == 0)
        }
    }

    @Test(
        "whoever waits may stop waiting: the drain goes on",
        arguments: [["trigger", "--wait"], ["status", "--watch"]])
    func stopsWaiting(arguments: [String]) async throws {
        try await withFrozen { cluster, agent, _ in
            try await AgentProcess.with(arguments + ["--control-socket", cluster.socket], in: cluster.directory) {
                waiting in
                if arguments[0] == "status" { try await cluster.control(["trigger"]) { _, code in #expect(code == 0) } }
                _ = try await agent.log("eviction is blocked")
                try await waiting.masksSignals()
                waiting.child.send(SIGINT)
                #expect(await waiting.exitCode() == 130)
                #expect(!waiting.child.error.text.contains("has ended"))
                #expect(waiting.child.error.text.contains("goes on") == (arguments[0] == "trigger"))
            }
            thaw(cluster)
            #expect(await agent.exitCode() == 0)
        }
    }

    @Test("status --watch of an agent that is killed says so", .timeLimit(.minutes(2)))
    func killed() async throws {
        try await withFrozen { cluster, agent, _ in
            try await AgentProcess.with(["status", "-w", "--control-socket", cluster.socket], in: cluster.directory) {
                watch in
                #expect(await watch.child.output.first(containing: "node/node-a idle") != nil)
                try await cluster.control(["trigger"]) { _, code in #expect(code == 0) }
                #expect(await watch.child.output.first(containing: "is blocked by budget shop/pay-budget") != nil)
                agent.child.send(SIGKILL)
                #expect(await watch.child.output.first(containing: "the agent is away") != nil)
                watch.child.send(SIGINT)
                #expect(await watch.exitCode() == 130)
            }
        }
    }

    @Test("status --watch that comes when as many follow as may says so, and is let in later")
    func busy() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond("503 Service Unavailable", body: "{}")
        }
        try await TestCluster.with { _ in
        } _: { cluster in
            try await AgentProcess.with(["status", "-w", "--url", server.url], in: cluster.directory) { watch in
                #expect(await watch.child.output.first(containing: "as many clients follow the agent") != nil)
                while server.acceptedCount < 3 { await Task.yield() }
                watch.child.send(SIGINT)
                #expect(await watch.exitCode() == 130)
            }
        }
        server.stop()
    }

    @Test("cancel --uncordon makes the node schedulable again")
    func cancelAndUncordon() async throws {
        try await withFrozen { cluster, agent, _ in
            try await cluster.control(["cancel"]) { command, code in
                #expect(code == 1)
                #expect(command.child.error.text.contains("no drain is under way"))
            }
            try await cluster.control(["trigger"]) { _, code in #expect(code == 0) }
            _ = try await agent.log("eviction is blocked")
            #expect(cluster.isUnschedulable)
            try await cluster.control(["cancel", "--uncordon"]) { _, code in #expect(code == 0) }
            #expect(await agent.exitCode() == 5)
            #expect(!cluster.isUnschedulable)
        }
    }

    @Test("a node that somebody else had cordoned stays so, whatever cancel says")
    func foreignCordon() async throws {
        try await withFrozen { cluster, agent, _ in
            cluster.change { $0.perform(.setUnschedulable(node: TestCluster.node, true)) }
            try await cluster.control(["trigger"]) { _, code in #expect(code == 0) }
            _ = try await agent.log("eviction is blocked")
            try await cluster.control(["cancel", "--uncordon"]) { _, code in #expect(code == 0) }
            #expect(await agent.exitCode() == 5)
            #expect(cluster.isUnschedulable)
        }
    }

    @Test("prestop starts the drain and holds the hook until its end")
    func prestop() async throws {
        try await withFrozen { cluster, agent, address in
            try await AgentProcess.with(["prestop", "--control-socket", cluster.socket], in: cluster.directory) {
                hook in
                _ = try await agent.log("eviction is blocked")
                #expect(try await agent.status(address)["trigger"] == .text("prestop"))
                #expect(hook.child.output.lines.isEmpty)
                thaw(cluster)
                #expect(await hook.exitCode() == 0)
                #expect(hook.child.output.text.contains("\"outcome\":\"completed\""))
            }
            #expect(await agent.exitCode() == 0)
        }
    }

    @Test("the grace counts from the preStop hook, without any signal")
    func prestopHasGrace() async throws {
        try await withFrozen(["--termination-grace", "4s"]) { cluster, agent, _ in
            try await AgentProcess.with(["prestop", "--control-socket", cluster.socket], in: cluster.directory) {
                hook in
                #expect(await hook.exitCode() == 4)
            }
            #expect(await agent.exitCode() == 4)
        }
    }

    @Test("prestop joins whatever drain runs, or has run")
    func prestopJoins() async throws {
        try await withFrozen(["--linger", "10m"]) { cluster, agent, address in
            _ = try await agent.scrape(address)
            try await cluster.control(["trigger", "--timeout", "1h"]) { _, code in #expect(code == 0) }
            try await AgentProcess.with(["prestop", "--control-socket", cluster.socket], in: cluster.directory) {
                hook in
                try await cluster.control(["cancel"]) { _, code in #expect(code == 0) }
                #expect(await hook.exitCode() == 5)
            }
            _ = try await agent.log("waiting for a scrape that shows the outcome")
            #expect(try await agent.scrape(address).hasEnded("cancelled"))
            #expect(await agent.exitCode() == 5)
        }
    }

    @Test("the kubelet's GET /prestop works where it was asked for, with the token")
    func httpPrestop() async throws {
        try await withFrozen(["--http-prestop", "--timeout", "1s"]) { _, agent, address in
            #expect(try await agent.ask("GET", "\(address)/prestop").status == 401)
            let held = try await agent.ask("GET", "\(address)/prestop", headers: [Self.authorization])
            #expect(held.status == 200)
            #expect(held.text.contains("\"outcome\":\"timed_out\""))
            #expect(await agent.exitCode() == 4)
        }
    }

    @Test("SIGTERM while somebody holds a preStop hook ends in the grace that is left, and the hook is answered")
    func sigtermDuringPrestop() async throws {
        try await withFrozen(["--termination-grace", "4s"]) { cluster, agent, _ in
            try await AgentProcess.with(["prestop", "--control-socket", cluster.socket], in: cluster.directory) {
                hook in
                _ = try await agent.log("eviction is blocked")
                agent.child.send(SIGTERM)
                #expect(await hook.exitCode() == 4)
            }
            #expect(await agent.exitCode() == 4)
        }
    }

    @Test(
        "without an agent the commands say so, and where they looked",
        arguments: ["trigger", "prestop", "cancel", "status"])
    func nobody(command: String) async throws {
        try await TestCluster.with { _ in
        } _: { cluster in
            try await cluster.control([command]) { command, code in
                #expect(code == 1)
                #expect(command.child.error.lines.count == 1)
                #expect(command.child.error.text.contains(cluster.socket))
            }
        }
    }
}
