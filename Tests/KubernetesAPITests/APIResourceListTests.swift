import FoundationEssentials
import KubernetesAPI
import TestSupport
import Testing

@Suite("Discovery")
struct APIResourceListTests {
    @Test("a real server wants its evictions as policy/v1")
    func real() throws {
        let body = try WireFixture.named("discover-core-v1").bodyBytes()
        let list = try JSONDecoder().decode(APIResourceList.self, from: Data(body))
        #expect(list.resources.map(\.name) == ["nodes", "pods", "pods/eviction"])
        #expect(list.evictionVersion == .v1)
    }

    @Test(
        "an entry decides by its group and version",
        arguments: [
            (#"{"name":"pods/eviction","group":"policy","version":"v1"}"#, .v1),
            (#"{"name":"pods/eviction","group":"policy","version":"v1beta1"}"#, .v1beta1),
            (#"{"name":"pods/eviction"}"#, .v1beta1),
            (#"{"name":"pods/eviction","version":"v1"}"#, .v1beta1),
            (#"{"name":"pods","group":"policy","version":"v1"}"#, nil),
        ] as [(String, PolicyVersion?)])
    func versions(entry: String, version: PolicyVersion?) throws {
        let json = #"{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"nodes"},\#(entry)]}"#
        #expect(try JSONDecoder().decode(APIResourceList.self, from: Data(json.utf8)).evictionVersion == version)
    }

    @Test("what is no resource list is refused", arguments: ["{}", #"{"resources":[{}]}"#, "[]"])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(APIResourceList.self, from: Data(json.utf8)) }
    }
}
