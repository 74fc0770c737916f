import ClusterModel
import FoundationEssentials
import Glibc
import HTTPClient
import TestSupport
import Testing

@testable import DrainAgent

/// What the sidecar shows while it drains and at its end.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ScrapingTests {
    @Test("scrapes never fail while it drains; the agent lingers until one has shown the outcome, and no longer")
    func continuously() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--linger", "10m"]) { agent in
                let address = try await agent.address()
                #expect(!(try await agent.scrape(address).hasEnded("completed")))
                agent.child.send(SIGTERM)
                var phases: Set<String> = []
                while true {
                    let scrape = try await agent.scrape(address)
                    let states = scrape.series("drain_state").filter { $0.value == 1 }
                    #expect(states.count == 1)
                    phases.formUnion(states.keys)
                    if scrape.hasEnded("completed") { break }
                }
                #expect(phases.contains("drain_state{state=\"completed\"}"))
                // The one that showed it may have begun a moment before the agent knew: the next one counts then.
                while case .success = await agent.tryScrape(address) {}
                #expect(await agent.exitCode() == 0)
            }
        }
    }

    @Test("before any drain it shows whether the node is cordoned: an earlier agent may have left it so")
    func cordonedBefore() async throws {
        try await TestCluster.with {
            $0.addShop()
            $0.perform(.setUnschedulable(node: TestCluster.node, true))
        } _: { cluster in
            try await cluster.run { agent in
                let address = try await agent.address()
                while try await agent.scrape(address)["drain_node_unschedulable"] != 1 {}
                #expect(try await agent.scrape(address)["drain_state{state=\"idle\"}"] == 1)
            }
        }
    }

    @Test("a SIGTERM after the outcome ends the linger")
    func sigtermEndsLinger() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--linger", "10m"]) { agent in
                let address = try await agent.address()
                _ = try await agent.scrape(address)
                try await cluster.control(["trigger"]) { _, code in #expect(code == 0) }
                _ = try await agent.log("waiting for a scrape that shows the outcome")
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
        }
    }

    @Test("with nobody who scrapes it ends at once")
    func noScraper() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--linger", "10m"]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                #expect(!agent.child.error.text.contains("waiting for a scrape"))
            }
        }
    }

    @Test("HEAD is no scrape: it is not counted, and who sends it is not waited for")
    func head() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--linger", "10m"]) { agent in
                let address = try await agent.address()
                for _ in 0..<5 { #expect(try await agent.ask("HEAD", "\(address)/metrics").status == 200) }
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                #expect(!agent.child.error.text.contains("waiting for a scrape"))
            }
            try await cluster.run { agent in
                let address = try await agent.address()
                var scrapes = 0.0
                repeat {
                    #expect(try await agent.ask("HEAD", "\(address)/metrics").status == 200)
                    let counted = try await agent.scrape(address).series("drain_scrapes_total").values.reduce(0, +)
                    #expect(counted <= scrapes)
                    scrapes += 1
                } while scrapes < 20
            }
        }
    }

    @Test("the linger ends with the grace that is left, scrape or not")
    func graceEndsLinger() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--linger", "10m", "--termination-grace", "9s"]) { agent in
                let address = try await agent.address()
                _ = try await agent.scrape(address)
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
        }
    }

    @Test("a linger of 0 waits for nobody")
    func noLinger() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--linger", "0"]) { agent in
                _ = try await agent.scrape(try await agent.address())
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                #expect(!agent.child.error.text.contains("waiting for a scrape"))
            }
        }
    }

    @Test("the counters agree with what happened")
    func counters() async throws {
        try await TestCluster.with { model in
            model.addShop()
            model.addFrozen()
        } _: { cluster in
            try await cluster.run(["--linger", "10m"]) { agent in
                let address = try await agent.address()
                agent.child.send(SIGTERM)
                while try await agent.scrape(address)["drain_pods{phase=\"gone\"}"] != 3 {}
                while try await agent.scrape(address)["drain_eviction_attempts_total{answer=\"budget\"}"] ?? 0 < 2 {}
                try await cluster.control(["cancel"]) { _, code in #expect(code == 0) }
                _ = try await agent.log("waiting for a scrape that shows the outcome")
                let scrape = try await agent.scrape(address)
                #expect(scrape.hasEnded("cancelled"))
                #expect(scrape["drain_pods{phase=\"gone\"}"] == 3)
                #expect(scrape["drain_pods{phase=\"blocked\"}"] == 1)
                #expect(scrape["drain_pods_excluded{reason=\"daemonset\"}"] == 1)
                #expect(scrape["drain_pods_excluded{reason=\"mirror\"}"] == 1)
                #expect(scrape["drain_pods_finished_total{result=\"evicted\"}"] == 3)
                #expect(scrape["drain_eviction_attempts_total{answer=\"accepted\"}"] == 3)
                #expect(scrape["drain_node_unschedulable"] == 1)
                #expect(scrape["drain_duration_seconds_count"] == 1)
                #expect(scrape["drain_pdb_wait_duration_seconds_count{outcome=\"abandoned\"}"] == 1)
                #expect(scrape.series("drain_pdb_blocked_pods").isEmpty)
                #expect(await agent.exitCode() == 5)
            }
        }
    }

    @Test("no token is ever seen: not in the log, the metrics, the spans, the status or an answer")
    func secrets() async throws {
        let secrets = ["kube-s3cr3t-token", "control-s3cr3t-token"]
        try await TestCluster.with(token: secrets[0]) {
            $0.addShop()
        } _: { cluster in
            let tokenFile = "\(cluster.directory)/token"
            try cluster.write(secrets[1], to: tokenFile)
            let arguments = ["--control-token-file", tokenFile, "--log-level", "debug", "--linger", "10m"]
            try await cluster.run(arguments) { agent in
                let address = try await agent.address()
                // Before the drain, so that the agent waits for the next one however soon the drain ends.
                var seen = try await agent.scrape(address).text
                seen += try await agent.ask("POST", "\(address)/drain", headers: [("Authorization", "Bearer x")]).text
                let authorization = (name: "Authorization", value: "Bearer \(secrets[1])")
                seen += try await agent.ask("POST", "\(address)/drain", headers: [authorization]).text
                _ = try await agent.log("waiting for a scrape that shows the outcome")
                for path in ["/drain", "/readyz", "/", "/metrics"] {
                    seen += try await agent.ask("GET", address + path).text
                }
                #expect(await agent.exitCode() == 0)
                #expect(agent.child.error.text.contains("\"level\":\"debug\""))
                seen += agent.child.error.text + agent.child.output.text
                seen += try cluster.read(cluster.spans) + cluster.read(cluster.terminationLog)
                #expect(seen.contains("eviction.attempt"))
                for secret in secrets { #expect(!seen.contains(secret)) }
            }
            #expect(cluster.podsOnNode.count == 2)
        }
    }
}

extension AgentProcess {
    fileprivate func tryScrape(_ address: String) async -> Result<HTTPResponse, any Error> {
        do { return .success(try await ask("GET", "\(address)/metrics")) } catch { return .failure(error) }
    }
}

extension Scrape {
    fileprivate func series(_ name: String) -> [String: Double] { all.filter { $0.key.hasPrefix(name + "{") } }
}
