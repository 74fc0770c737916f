import ClusterModel
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import DrainAgent

/// The sidecar behind HTTPS, and the commands that talk to it there.
@Suite("TLS", .serialized, .timeLimit(.minutes(2))) struct TLSTests {
    private func withAgent(
        _ body: (TestCluster, AgentProcess, _ url: String, _ identity: TestIdentity) async throws -> Void
    ) async throws {
        let identity = try await TestIdentity(commonName: "agent", names: ["IP:127.0.0.1"])
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            try cluster.write("s3cret\n", to: "\(cluster.directory)/token")
            let arguments = [
                "--tls-cert", identity.certificatePath, "--tls-key", identity.keyPath,
                "--control-token-file", "\(cluster.directory)/token", "--on-sigterm", "exit",
            ]
            try await cluster.run(arguments) { agent in
                let url = try await agent.address().replacing("http://", with: "https://")
                try await body(cluster, agent, url, identity)
            }
        }
        try identity.remove()
    }

    /// One of the commands, at the URL.
    private func tell(
        _ command: [String], _ cluster: TestCluster,
        _ check: (_ code: Int32?, _ output: String, _ error: String) -> Void
    ) async throws {
        try await AgentProcess.with(command, in: cluster.directory) { process in
            let code = await process.exitCode()
            check(code, process.child.output.text, process.child.error.text)
        }
    }

    @Test("status, trigger, cancel: over HTTPS with the authority and the token, and not without")
    func commands() async throws {
        try await withAgent { cluster, agent, url, identity in
            let trusting = ["--url", url, "--ca", identity.certificatePath]
            let known = trusting + ["--token-file", "\(cluster.directory)/token"]
            try await tell(["status", "-o", "json"] + trusting, cluster) { code, output, _ in
                #expect(code == 0)
                #expect(output.contains("\"state\":\"idle\""))
            }
            try await tell(["status", "--url", url], cluster) { code, _, error in
                #expect(code == 1)
                #expect(error.contains("certificate"), "\(error)")
            }
            try await tell(["status", "--url", "\(url)/", "--insecure-skip-tls-verify"], cluster) { code, _, _ in
                #expect(code == 0)
            }
            try await tell(["trigger"] + trusting, cluster) { code, _, error in
                #expect(code == 1)
                #expect(error.contains("bearer token"))
            }
            try await tell(["trigger"] + known, cluster) { code, output, _ in
                #expect(code == 0)
                #expect(output.contains("drain_id"))
            }
            _ = try await agent.log("eviction is blocked")
            try await tell(["cancel"] + known, cluster) { code, _, _ in #expect(code == 0) }
            #expect(await agent.exitCode() == 5)
        }
    }

    @Test("without a reader of TLS there is no answer, and the token goes nowhere but into requests")
    func secrets() async throws {
        try await withAgent { cluster, agent, url, identity in
            let plain = url.replacing("https://", with: "http://")
            await #expect(throws: (any Error).self) { try await agent.ask("GET", "\(plain)/livez") }
            try await tell(["cancel", "--url", plain, "--token-file", "\(cluster.directory)/token"], cluster) {
                code, output, error in
                #expect(code == 1)
                #expect(!(output + error).contains("s3cret"))
            }
            try await cluster.control(["status"]) { _, code in #expect(code == 0, "the Unix socket stays plain") }
            agent.child.send(SIGTERM)
            #expect(await agent.exitCode() == 0)
            #expect(!(agent.child.error.text + agent.child.output.text).contains("s3cret"))
        }
    }

    @Test("a file that is not there, or is none, is named, and nothing is served")
    func badFiles() async throws {
        let identity = try await TestIdentity(commonName: "agent", names: ["IP:127.0.0.1"])
        let other = try await TestIdentity(commonName: "other", names: ["IP:127.0.0.1"])
        try await TestCluster.with { _ in
        } _: { cluster in
            for (certificate, key, words) in [
                ("/nowhere/tls.crt", identity.keyPath, ["--tls-cert", "/nowhere/tls.crt", "no such file"]),
                (identity.certificatePath, "/nowhere/tls.key", ["--tls-key", "/nowhere/tls.key"]),
                (identity.keyPath, identity.keyPath, ["--tls-cert", identity.keyPath, "PEM"]),
                (identity.certificatePath, other.keyPath, ["--tls-key", other.keyPath, "not the key"]),
            ] {
                try await cluster.run(["--tls-cert", certificate, "--tls-key", key]) { agent in
                    #expect(await agent.exitCode() == 1)
                    #expect(agent.child.error.lines.count == 1)
                    for word in words { #expect(agent.child.error.text.contains(word), "\(agent.child.error.text)") }
                }
            }
        }
        try identity.remove()
        try other.remove()
    }

    @Test("a terminal's drain serves HTTPS, too")
    func drain() async throws {
        let identity = try await TestIdentity(commonName: "agent", names: ["IP:127.0.0.1"])
        try await TestCluster.with {
            $0.addStuck()
        } _: { cluster in
            let arguments = [
                "drain", TestCluster.node, "--kubeconfig", cluster.kubeconfig, "--listen", "127.0.0.1:0",
                "--tls-cert", identity.certificatePath, "--tls-key", identity.keyPath, "--log-format", "json",
            ]
            try await AgentProcess.with(arguments, in: cluster.directory) { agent in
                _ = try await agent.log("pod is terminating")
                let url = try await agent.address().replacing("http://", with: "https://")
                try await tell(["status", "--url", url, "--ca", identity.certificatePath], cluster) { code, output, _ in
                    #expect(code == 0)
                    #expect(output.hasPrefix("node/node-a draining"))
                }
                agent.child.send(SIGINT)
                #expect(await agent.exitCode() == 5)
            }
        }
        try identity.remove()
    }
}
