import ClusterModel
import FoundationEssentials
import Glibc
import HTTPClient
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent

/// `drain-agent run` and its signals.
@Suite(.serialized, .timeLimit(.minutes(2))) struct SidecarTests {
    @Test("a SIGTERM is not lost, from the first moment on")
    func earlySignals() async throws {
        try await TestCluster.with { _ in
        } _: { cluster in
            for _ in 0..<20 {
                try Task.checkCancellation()
                try await cluster.run(["--on-sigterm", "exit"]) { agent in
                    try await agent.masksSignals()
                    agent.child.send(SIGTERM)
                    #expect(await agent.exitCode() == 0)
                    #expect(agent.child.error.text.contains("ending without a drain"))
                }
            }
        }
    }

    @Test("SIGTERM drains: exit 0, one tree of spans, and the outcome in the termination log")
    func drains() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                for line in agent.child.error.lines {
                    #expect(throws: Never.self) { try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8)) }
                    #expect(line.hasPrefix("{\"ts\":\""))
                }
                #expect(try await agent.log("drain began")["trigger"] == .text("sigterm"))
                #expect(try await agent.log("ending")["exit_code"] == .integer(0))
            }
            #expect(cluster.podsOnNode.count == 2)
            let outcome = try JSONDecoder().decode(
                JSONValue.self, from: Data(try cluster.read(cluster.terminationLog).utf8))
            #expect(outcome["outcome"] == .text("completed"))
            #expect(outcome["left"] == .integer(0))
            let spans = try SpanFile(try cluster.read(cluster.spans))
            #expect(spans.isOneTree)
            #expect(spans.named("pod.evict").count == 3)
            #expect(spans.named("node.cordon").count == 1)
            #expect(!spans.named("eviction.attempt").isEmpty && !spans.named("pods.list").isEmpty)
            #expect(spans.named("node.drain").first?.attributes["drain.outcome"] == "completed")
        }
    }

    @Test("a second SIGTERM recomputes the deadline and cancels nothing")
    func twice() async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            try await cluster.run { agent in
                let address = try await agent.address()
                agent.child.send(SIGTERM)
                _ = try await agent.log("eviction is blocked")
                agent.child.send(SIGTERM)
                _ = try await agent.log("SIGTERM while draining")
                #expect(try await agent.status(address)["state"] == .text("draining"))
                cluster.change { $0.perform(.deleteBudget(namespace: "shop", name: "pay-budget")) }
                #expect(await agent.exitCode() == 0)
            }
        }
    }

    @Test("a pod that never goes: the outcome is told within the reserve, with whole spans")
    func reserve() async throws {
        try await TestCluster.with { model in
            model.addShop()
            model.addStuck()
        } _: { cluster in
            try await cluster.run(["--termination-grace", "8s"]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 4)
                #expect(try await agent.log("drain ended")["outcome"] == .text("timed_out"))
            }
            #expect(try cluster.read(cluster.terminationLog).contains("\"outcome\":\"timed_out\""))
            #expect(try cluster.read(cluster.terminationLog).contains("data/stuck-"))
            let spans = try SpanFile(try cluster.read(cluster.spans))
            #expect(spans.isOneTree)
            let stuck = spans.named("pod.evict").first { $0.attributes["k8s.pod.name"]?.hasPrefix("stuck-") == true }
            #expect(stuck?.isError == true)
        }
    }

    @Test("the grace that counts is that of our own pod's deletionTimestamp; the pod itself is left")
    func ownPod() async throws {
        try await TestCluster.with { model in
            model.addFrozen()
            var template = PodTemplate.quick
            template.stopAfter = .never
            model.addBarePod("ops", "agent", on: TestCluster.node, template)
        } _: { cluster in
            let environment = ["POD_NAME": "agent", "POD_NAMESPACE": "ops"]
            try await cluster.run(["--termination-grace", "1h"], environment: environment) { agent in
                let address = try await agent.address()
                let deletion = cluster.change { model in
                    model.perform(.deletePod(PodDeletion(namespace: "ops", name: "agent", gracePeriodSeconds: 600)))
                    return model.pods(on: TestCluster.node).compactMap(\.metadata.deletionTimestamp).first
                }
                agent.child.send(SIGTERM)
                _ = try await agent.log("deadline changed")
                _ = try await agent.log("eviction is blocked")
                let status = try await agent.status(address)
                let deadline = try #require(deletion) - .seconds(3)
                #expect(status["deadline"]?.string == deadline.rfc3339(.microseconds))
                #expect(status["excluded"]?.items.first?["reason"] == .text("self"))
                try await cluster.control(["cancel"]) { _, code in #expect(code == 0) }
                #expect(await agent.exitCode() == 5)
            }
        }
    }

    @Test("auto ends without a drain when nothing shows that the node is going")
    func autoWithoutProof() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--on-sigterm", "auto"]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                _ = try await agent.log("SIGTERM: no sign that the node is going, ending without a drain")
            }
            #expect(cluster.podsOnNode.count == 5)
            #expect(!cluster.isUnschedulable)
        }
    }

    @Test("auto drains a node that somebody has cordoned")
    func autoWithProof() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            cluster.change { $0.perform(.setUnschedulable(node: TestCluster.node, true)) }
            try await cluster.run(["--on-sigterm", "auto"]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                #expect(try await agent.log("SIGTERM: draining")["reason"]?.string?.contains("unschedulable") == true)
            }
            #expect(cluster.podsOnNode.count == 2)
        }
    }

    @Test("auto sees no proof in an API server that is away, and says why")
    func autoWithoutServer() async throws {
        try await TestCluster.with {
            $0.faults.add(Fault(.cut(afterEffect: false)))
        } _: { cluster in
            try await cluster.run(["--on-sigterm", "auto"]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                #expect(try await agent.log("cannot read the node")["level"] == .text("warning"))
            }
        }
    }

    @Test("with nobody behind standard output the drain goes on", arguments: [0, 1])
    func noStandardOutput(kind: Int) async throws {
        let output: ChildProgram.Output = kind == 0 ? .broken : .none
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--spans", "-"], output: output) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
            #expect(cluster.podsOnNode.count == 2)
        }
    }

    @Test("a missing standard output is /dev/null, and no socket of ours")
    func standardOutput() async throws {
        try await TestCluster.with { _ in
        } _: { cluster in
            try await cluster.run(["--spans", "-"], output: .none) { agent in
                _ = try await agent.address()
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(agent.child.pid)/fd/1")
                #expect(target == "/dev/null")
            }
        }
    }

    @Test("not ready while the API server is away, alive all the same; ready once it was reached")
    func readiness() async throws {
        try await TestCluster.with {
            $0.faults.add(Fault(.cut(afterEffect: false)))
        } _: { cluster in
            try await cluster.run { agent in
                let address = try await agent.address()
                _ = try await agent.log("not ready")
                let away = try await agent.ask("GET", "\(address)/readyz")
                #expect(away.status == 503)
                #expect(away.text.contains("API server"))
                #expect(try await agent.ask("GET", "\(address)/livez").status == 200)
                #expect(try await agent.scrape(address)["drain_state{state=\"idle\"}"] == 1)
                cluster.change { $0.perform(.clearFaults) }
                while try await agent.ask("GET", "\(address)/readyz").status != 200 {}
                cluster.change { $0.perform(.addFault(Fault(.unavailable))) }
                #expect(try await agent.ask("GET", "\(address)/readyz").status == 200)
            }
        }
    }

    @Test("a proxy that has no API server behind it is not the API server")
    func proxyWithoutServer() async throws {
        try await TestCluster.with {
            $0.faults.add(Fault(.unavailable))
        } _: { cluster in
            try await cluster.run { agent in
                let address = try await agent.address()
                #expect(try await agent.log("not ready")["err"]?.string?.contains("503") == true)
                #expect(try await agent.ask("GET", "\(address)/readyz").status == 503)
            }
        }
    }

    @Test("SIGHUP means nothing")
    func hangup() async throws {
        try await TestCluster.with { _ in
        } _: { cluster in
            try await cluster.run(["--on-sigterm", "exit"]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGHUP)
                _ = try await agent.log("SIGHUP is ignored")
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
        }
    }

    @Test("after a crash the next agent takes the socket over; beside a live one it may not")
    func socketTakenOver() async throws {
        try await TestCluster.with { _ in
        } _: { cluster in
            try await cluster.run { agent in
                _ = try await agent.address()
                agent.child.send(SIGKILL)
                #expect(await agent.child.end() == .killed(signal: SIGKILL))
            }
            #expect(FileManager.default.fileExists(atPath: cluster.socket))
            try await cluster.run { agent in
                _ = try await agent.address()
                try await cluster.control(["status"]) { _, code in #expect(code == 0) }
                try await cluster.run { second in
                    #expect(await second.exitCode() == 1)
                    #expect(second.child.error.text.contains(cluster.socket))
                }
                try await cluster.control(["status"]) { _, code in #expect(code == 0) }
            }
        }
    }

    @Test("under a DaemonSet, draining on SIGTERM is warned of")
    func daemonSetWarning() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            let name = try #require(cluster.podsOnNode.first { $0.hasPrefix("exporter") })
            let environment = ["POD_NAME": name, "POD_NAMESPACE": "kube-system"]
            try await cluster.run(environment: environment) { agent in
                let line = await agent.child.error.first(containing: "a DaemonSet owns our pod")
                #expect(line?.contains("kube-system/exporter") == true)
                #expect(line?.contains("--on-sigterm auto") == true)
            }
        }
    }

    @Test("what is in the way of serving is named, and ends the program with 1")
    func cannotServe() async throws {
        let other = try ScriptedServer { _ in }
        defer { other.stop() }
        try await TestCluster.with { _ in
        } _: { cluster in
            try await cluster.run(["--listen", "127.0.0.1:\(other.port)"]) { agent in
                #expect(await agent.exitCode() == 1)
                #expect(agent.child.error.text.contains("127.0.0.1:\(other.port)"))
            }
            try cluster.write("not a socket", to: cluster.socket)
            try await cluster.run { agent in
                #expect(await agent.exitCode() == 1)
                #expect(agent.child.error.text.contains(cluster.socket))
            }
        }
    }
}
