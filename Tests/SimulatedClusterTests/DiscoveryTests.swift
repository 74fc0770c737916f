import ClusterModel
import Testing

@testable import SimulatedCluster

@Suite("Discovery")
struct DiscoveryTests {
    @Test("every resource is found under its group and version", arguments: ResourceKind.allCases)
    func resources(_ resource: ResourceKind) throws {
        let list = try #require(Discovery.resources(of: resource.groupVersion))
        let entry = try #require(
            list["resources"]?.elements.first { $0["name"]?.string == resource.rawValue })
        #expect(entry["kind"] == .string(resource.kind))
        #expect(entry["namespaced"] == .bool(resource.isNamespaced))
        let path = resource.group.isEmpty ? ["api", "v1"] : ["apis", resource.group, "v1"]
        #expect(ResourcePath(path + [resource.rawValue])?.resource == resource)
        #expect(resource.group.isEmpty || Discovery.group(resource.group) != nil)
    }

    @Test("evictions are offered as policy/v1")
    func evictions() throws {
        let core = try #require(Discovery.resources(of: "v1"))
        let eviction = core["resources"]?.elements.first { $0["name"] == "pods/eviction" }
        #expect(eviction?["group"] == "policy")
        #expect(eviction?["version"] == "v1")
    }

    @Test("what is not served is not found", arguments: ["v2", "apps/v1beta1", "", "none/v1"])
    func unknown(_ groupVersion: String) {
        #expect(Discovery.resources(of: groupVersion) == nil)
    }
}
