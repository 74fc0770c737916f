import FoundationEssentials
import KubernetesAPI
import TestSupport
import Testing

@Suite("Node")
struct NodeTests {
    @Test("a real node is read", arguments: [("node-get", false), ("cordon-patch", true)])
    func real(name: String, unschedulable: Bool) throws {
        let fixture = try WireFixture.named(name)
        let node = try JSONDecoder().decode(Node.self, from: Data(try fixture.bodyBytes()))
        #expect(node.metadata.name == "node-a")
        #expect(node.metadata.uid == fixture.body["metadata"]?["uid"]?.string)
        #expect(node.spec.unschedulable == unschedulable)
        #expect(node.status.conditions.first?.type == "Ready")
        #expect(try JSONDecoder().decode(Node.self, from: try JSONEncoder().encode(node)) == node)
    }

    @Test("taints are read, with or without a value")
    func taints() throws {
        let json =
            #"{"metadata":{"name":"a"},"spec":{"taints":[{"key":"k","value":"v","effect":"NoExecute"},{"key":"l","effect":"NoSchedule"}]}}"#
        let node = try JSONDecoder().decode(Node.self, from: Data(json.utf8))
        #expect(node.spec.taints == [Taint(key: "k", effect: "NoExecute"), Taint(key: "l")])
    }

    @Test("its boot and its volumes are read, and go round")
    func status() throws {
        let json =
            #"{"metadata":{"name":"a"},"status":{"nodeInfo":{"bootID":"b-1"},"volumesAttached":[{"name":"v","devicePath":""}]}}"#
        let node = try JSONDecoder().decode(Node.self, from: Data(json.utf8))
        #expect(node.status == NodeStatus(bootID: "b-1", volumesAttached: [AttachedVolume(name: "v")]))
        #expect(try JSONDecoder().decode(Node.self, from: try JSONEncoder().encode(node)) == node)
    }

    @Test("what is no node is refused", arguments: ["{}", "[]", #"{"metadata":{},"spec":{"unschedulable":"yes"}}"#])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Node.self, from: Data(json.utf8)) }
    }
}
