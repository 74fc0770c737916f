import FoundationEssentials
import KubernetesAPI
import Testing

@Suite("List envelope")
struct ListEnvelopeTests {
    @Test(
        "a list says its version and whether there is more",
        arguments: [
            (#"{"metadata":{"resourceVersion":"7"},"items":[]}"#, ListEnvelope(resourceVersion: "7")),
            (
                #"{"metadata":{"resourceVersion":"7","continue":"t","remainingItemCount":2}}"#,
                ListEnvelope(resourceVersion: "7", next: "t")
            ),
            (#"{"metadata":{"resourceVersion":"7","continue":""}}"#, ListEnvelope(resourceVersion: "7")),
        ])
    func reads(json: String, envelope: ListEnvelope) throws {
        #expect(try JSONDecoder().decode(ListEnvelope.self, from: Data(json.utf8)) == envelope)
    }

    @Test(
        "a list without its version is refused",
        arguments: ["{}", #"{"metadata":{}}"#, #"{"metadata":{"resourceVersion":7}}"#])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(ListEnvelope.self, from: Data(json.utf8)) }
    }
}
