/// A volume that is attached, or being attached, to a node.
public struct VolumeAttachment: Decodable, Sendable, Equatable {
    public var metadata: ObjectMeta
    public var nodeName: String
    /// `nil`: an inline volume.
    public var persistentVolumeName: String?

    private enum CodingKeys: String, CodingKey { case metadata, spec }
    private struct Spec: Decodable {
        struct Source: Decodable { var persistentVolumeName: String? }
        var nodeName: String
        var source: Source?
    }

    public init(metadata: ObjectMeta, nodeName: String, persistentVolumeName: String? = nil) {
        self.metadata = metadata
        self.nodeName = nodeName
        self.persistentVolumeName = persistentVolumeName
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try object.decode(ObjectMeta.self, forKey: .metadata)
        let spec = try object.decode(Spec.self, forKey: .spec)
        nodeName = spec.nodeName
        persistentVolumeName = spec.source?.persistentVolumeName
    }
}
