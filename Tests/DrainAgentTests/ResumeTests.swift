import ClusterModel
import DrainEngine
import FoundationEssentials
import Glibc
import HTTPClient
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent

/// What an agent that starts makes of what was there before it.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ResumeTests {
    private static let frozenShop: @Sendable (inout ClusterModel) -> Void = { model in
        model.addShop()
        model.addFrozen()
    }

    /// Drains until the frozen pod blocks it, and is killed.
    private static func interrupted(_ cluster: TestCluster, body: String? = nil) async throws -> String {
        var id = ""
        try await cluster.run { agent in
            _ = try await agent.address()
            let response = try await agent.ask(
                "POST", "http://localhost/drain", body: body, socket: cluster.socket)
            #expect(response.status == 202)
            id = try #require(try await agent.log("drain began")["drain_id"]?.string)
            _ = try await agent.log("eviction is blocked")
            agent.child.send(SIGKILL)
            #expect(await agent.child.end() == .killed(signal: SIGKILL))
        }
        return id
    }

    @Test("kill -9 in mid-drain: the next agent goes on with the same drain, of itself")
    func resumes() async throws {
        try await TestCluster.with(Self.frozenShop) { cluster in
            let id = try await Self.interrupted(cluster, body: #"{"timeout":"1h"}"#)
            let before = try #require(cluster.record)
            #expect(before.id == id && before.cordoned && before.outcome == nil && before.agent.hasPrefix("host/"))
            #expect(before.trigger == .http && before.options == #"{"timeout":"1h"}"#)
            try await cluster.run { agent in
                let address = try await agent.address()
                #expect(try await agent.log("resuming the drain")["drain_id"] == .text(id))
                _ = try await agent.log("eviction is blocked")
                let status = try await agent.status(address)
                #expect(status["deadline"]?.string == before.deadline?.rfc3339(.microseconds))
                // The same one again, and a different one.
                let same = try await agent.ask(
                    "POST", "http://localhost/drain", body: #"{"drain_id":"\#(id)"}"#, socket: cluster.socket)
                #expect(same.status == 200)
                let other = try await agent.ask(
                    "POST", "http://localhost/drain", body: #"{"drain_id":"other"}"#, socket: cluster.socket)
                #expect(other.status == 409)
                agent.child.send(SIGTERM)
                _ = try await agent.log("SIGTERM while draining")
                cluster.change { $0.perform(.deleteBudget(namespace: "shop", name: "pay-budget")) }
                #expect(await agent.exitCode() == 0)
                #expect(try await agent.log("drain ended")["drain_id"] == .text(id))
            }
            let after = try #require(cluster.record)
            #expect(after.id == id && after.outcome == .completed && after.cordoned)
            #expect(after.started == before.started && after.total == before.total)
        }
    }

    @Test("what has ended is not begun again")
    func ended() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
            #expect(cluster.record?.outcome == .completed)
            try await cluster.run(["--on-sigterm", "exit"]) { agent in
                let address = try await agent.address()
                while try await agent.ask("GET", "\(address)/readyz").status != 200 {}
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                #expect(!agent.child.error.text.contains("resuming"))
            }
        }
    }

    @Test("a node that was rebooted does not drain itself again, and stays cordoned without the flag")
    func rebooted() async throws {
        try await TestCluster.with(Self.frozenShop) { cluster in
            _ = try await Self.interrupted(cluster)
            cluster.change { $0.perform(.reboot(node: TestCluster.node)) }
            try await cluster.run(["--on-sigterm", "exit"]) { agent in
                let line = try await agent.log("an earlier drain was interrupted, and is not resumed")
                #expect(line["reason"] == .text("interrupted: the node was rebooted"))
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
            #expect(cluster.isUnschedulable)
            let record = try #require(cluster.record)
            #expect(record.outcome == .cancelled && record.reason == "interrupted: the node was rebooted")
            #expect(record.cordoned)
        }
    }

    @Test("a deadline that has passed meanwhile: not resumed, and recorded so")
    func late() async throws {
        try await TestCluster.with(Self.frozenShop) { cluster in
            _ = try await Self.interrupted(cluster)
            cluster.change { model in
                guard var record = model.record else { return }
                record.deadline = record.started + .milliseconds(1)
                let patch = NodePatch(annotations: [DrainRecord.annotation: record.text])
                _ = model.exchange(.patchNode(TestCluster.node, patch), at: model.now)
            }
            try await cluster.run(["--on-sigterm", "exit"]) { agent in
                let line = try await agent.log("an earlier drain was interrupted, and is not resumed")
                #expect(line["reason"] == .text("interrupted: its deadline has passed"))
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
            #expect(cluster.record?.outcome == .cancelled)
        }
    }

    @Test(
        "--uncordon-after-boot: schedulable once the node is ready, the mark gone, and the turn over then, not before")
    func afterBoot() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--max-parallel-drains", "1"]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
            #expect(cluster.slots == ["kube-system/drain-agent-0": TestCluster.node])
            cluster.change { model in
                model.perform(.reboot(node: TestCluster.node))
                model.perform(
                    .setNodeCondition(node: TestCluster.node, Condition(type: "Ready", status: "False")))
            }
            let arguments = ["--max-parallel-drains", "1", "--uncordon-after-boot", "--on-sigterm", "exit"]
            try await cluster.run(arguments) { agent in
                let address = try await agent.address()
                while try await agent.ask("GET", "\(address)/readyz").status != 200 {}
                #expect(cluster.isUnschedulable)
                #expect(cluster.slots == ["kube-system/drain-agent-0": TestCluster.node])
                cluster.change {
                    $0.perform(.setNodeCondition(node: TestCluster.node, Condition(type: "Ready", status: "True")))
                }
                _ = try await agent.log("the node is back from its reboot: schedulable again")
                #expect(!cluster.isUnschedulable)
                _ = try await agent.log("the node is back: its turn is over")
                #expect(cluster.slots == ["kube-system/drain-agent-0": ""])
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
            #expect(cluster.record?.cordoned == false)
        }
    }

    @Test("a drain that is asked for while the reboot is waited for comes first")
    func precedence() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
            cluster.change { model in
                model.perform(.reboot(node: TestCluster.node))
                model.perform(
                    .setNodeCondition(node: TestCluster.node, Condition(type: "Ready", status: "False")))
            }
            try await cluster.run(["--uncordon-after-boot"]) { agent in
                let address = try await agent.address()
                while try await agent.ask("GET", "\(address)/readyz").status != 200 {}
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
            #expect(cluster.isUnschedulable)
            #expect(cluster.record?.outcome == .completed)
        }
    }

    @Test("what is made of a record", arguments: Case.all)
    func judged(_ example: Case) {
        var node = Node(metadata: ObjectMeta(name: "n"))
        node.status.bootID = example.boot
        let inheritance = Inheritance(example.record, on: node, agent: "pod/1", at: Timestamp(seconds: 100))
        let word =
            switch inheritance.drain {
            case .none: "none"
            case .resume: "resume"
            case .interrupted(_, let reason): reason
            }
        #expect(word == example.drain && inheritance.awaitsUncordon == example.uncordons)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var record: DrainRecord?
        var boot = "b"
        var drain: String
        var uncordons = false
        var testDescription: String { "\(drain) \(boot) \(uncordons)" }

        private static func record(_ change: (inout DrainRecord) -> Void = { _ in }) -> DrainRecord {
            var record = DrainRecord(
                agent: "pod/1", id: "d", trigger: .http, started: Timestamp(seconds: 1), bootID: "b", cordoned: true)
            change(&record)
            return record
        }

        static let all: [Case] = [
            Case(record: nil, drain: "none"),
            Case(record: record(), drain: "resume"),
            Case(record: record { $0.deadline = Timestamp(seconds: 101) }, drain: "resume"),
            Case(
                record: record { $0.deadline = Timestamp(seconds: 100) }, drain: "interrupted: its deadline has passed"),
            Case(record: record { $0.agent = "pod/2" }, drain: "none"),
            Case(record: record { $0.outcome = .timedOut }, drain: "none"),
            Case(record: record { $0.outcome = .completed }, boot: "c", drain: "none", uncordons: true),
            Case(
                record: record { $0.agent = "pod/2" }, boot: "c", drain: "interrupted: the node was rebooted",
                uncordons: true),
            Case(record: record { $0.cordoned = false }, boot: "c", drain: "interrupted: the node was rebooted"),
            Case(
                record: record(), boot: "",
                drain: "interrupted: the node tells no boot id, and may have been rebooted"),
            Case(
                record: record { $0.bootID = "" },
                drain: "interrupted: the node tells no boot id, and may have been rebooted"),
        ]
    }
}

extension ClusterModel {
    fileprivate var record: DrainRecord? {
        var copy = self
        guard case .success(_, .node(let node)) = copy.exchange(.readNode(TestCluster.node), at: now).answer else {
            return nil
        }
        do { return try DrainRecord(on: node) } catch { return nil }
    }
}

extension TestCluster {
    /// What the node carries of the drain.
    fileprivate var record: DrainRecord? { change { $0.record } }

    /// Who has which turn.
    fileprivate var slots: [String: String] {
        change { model in
            guard
                case .success(_, .leases(let leases)) = model.exchange(
                    .listLeases(namespace: "kube-system"), at: model.now
                )
                .answer
            else { return [:] }
            return Dictionary(
                uniqueKeysWithValues: leases.map {
                    ("\($0.metadata.namespace)/\($0.metadata.name)", $0.spec.holderIdentity)
                })
        }
    }
}
