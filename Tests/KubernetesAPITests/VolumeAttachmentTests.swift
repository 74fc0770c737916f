import FoundationEssentials
import KubernetesAPI
import Testing

@Suite("Volume attachment")
struct VolumeAttachmentTests {
    @Test(
        "its node and volume are read",
        arguments: [
            (#"{"persistentVolumeName":"pv-1"}"#, "pv-1"), (#"{"inlineVolumeSpec":{}}"#, nil),
        ] as [(String, String?)])
    func reading(source: String, volume: String?) throws {
        let json =
            #"{"metadata":{"name":"csi-1"},"spec":{"attacher":"a","nodeName":"node-a","source":\#(source)},"status":{}}"#
        #expect(
            try JSONDecoder().decode(VolumeAttachment.self, from: Data(json.utf8))
                == VolumeAttachment(
                    metadata: ObjectMeta(name: "csi-1"), nodeName: "node-a", persistentVolumeName: volume))
    }

    @Test("one of no node is refused", arguments: ["{}", #"{"metadata":{},"spec":{"source":{}}}"#])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(VolumeAttachment.self, from: Data(json.utf8)) }
    }
}
