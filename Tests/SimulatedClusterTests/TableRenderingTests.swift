import KubernetesAPI
import Testing
import Timestamps

@testable import ClusterModel
@testable import SimulatedCluster

@Suite("Tables")
struct TableRenderingTests {
    private static let start = Timestamp(seconds: 1_800_000_000)

    /// A cluster with one of everything.
    private func model() -> ClusterModel {
        var model = ClusterModel(seed: 1, at: Self.start, timing: .instant)
        model.addNode("node-a")
        model.addDeployment("demo", "web", replicas: 1)
        model.addStatefulSet("demo", "db", replicas: 1, PodTemplate.withVolume)
        model.addReplicationController("demo", "old", replicas: 1)
        model.addDaemonSet("demo", "agent")
        model.addJob("demo", "backup")
        model.addBudget("demo", "web", .maxUnavailable(.percent(50)), selecting: ["app": "web"])
        _ = model.handle(
            .createEvent(EventRecord(metadata: ObjectMeta(name: "e", namespace: "demo"), reason: "Drained")),
            at: model.now)
        _ = model.handle(.createLease(Lease(metadata: ObjectMeta(name: "l", namespace: "demo"))), at: model.now)
        return model
    }

    private func table(_ resource: ResourceKind, _ model: ClusterModel) -> JSON {
        TableRendering(resource: resource, now: Self.start).table(model.objects(ListQuery(resource)), metadata: [:])
    }

    @Test("every row has a cell for every column", arguments: ResourceKind.allCases)
    func cells(_ resource: ResourceKind) throws {
        let table = table(resource, model())
        let rows = try #require(table["rows"]?.elements)
        #expect(!rows.isEmpty)
        for row in rows { #expect(row["cells"]?.elements.count == table["columnDefinitions"]?.elements.count) }
        #expect(rows.allSatisfy { $0["object"]?["kind"] == "PartialObjectMetadata" })
    }

    @Test(
        "ages are written as kubectl writes them",
        arguments: [
            (0, "0s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (600, "10m"), (10_799, "179m"), (10_800, "3h"),
            (172_800, "2d"), (-5, "0s"),
        ])
    func ages(_ seconds: Int, _ expected: String) {
        let metadata = ObjectMeta(name: "x", creationTimestamp: Self.start)
        #expect(TableRendering.age(of: metadata, at: Self.start + .seconds(seconds)) == expected)
    }

    @Test("a pod's status is the word kubectl has for it")
    func statuses() throws {
        var model = model()
        func status(_ name: String) -> JSON? {
            table(.pods, model)["rows"]?.elements.first { $0["cells"]?.elements[0].string?.hasPrefix(name) == true }?[
                "cells"]?.elements[2]
        }
        #expect(status("web") == "Running")
        #expect(status("backup") == "Completed")
        model.perform(.deletePod(PodDeletion(namespace: "demo", name: "db-0")))
        #expect(status("db") == "Terminating")
        let web = try #require(model.objects(ListQuery(.pods)).map(\.metadata.name).first { $0.hasPrefix("web") })
        model.perform(.finish(namespace: "demo", pod: web, phase: "Failed"))
        #expect(status(web) == "Error")
    }

    @Test("whole objects come along when they are asked for")
    func wholeObjects() {
        let rendering = TableRendering(resource: .pods, included: .object, now: Self.start)
        let table = rendering.table(model().objects(ListQuery(.pods)), metadata: [:])
        #expect(table["rows"]?.elements.first?["object"]?["kind"] == "Pod")
    }
}

extension PodTemplate {
    /// With a volume that is attached to the pod's node.
    static var withVolume: PodTemplate {
        var template = PodTemplate()
        template.hasVolume = true
        return template
    }
}
