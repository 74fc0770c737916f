internal import FoundationEssentials

/// A certificate or key of a kubeconfig: a file's name or base64 data, at most one of them.
struct PEMSource {
    var path: String
    var entry: String
    var file: (field: String, name: String)
    var data: (field: String, text: String)

    var isEmpty: Bool { file.name.isEmpty && data.text.isEmpty }

    /// `nil`: neither is there.
    func bytes(_ files: FileReader) throws(ClusterAccessError) -> [UInt8]? {
        guard file.name.isEmpty || data.text.isEmpty else {
            throw .conflictingFields(path: path, entry: entry, fields: [file.field, data.field])
        }
        if !data.text.isEmpty {
            guard let bytes = Data(base64Encoded: data.text.filter { !$0.isWhitespace }), !bytes.isEmpty else {
                throw .invalidField(path: path, entry: entry, field: data.field, problem: "is not base64")
            }
            return Array(bytes)
        }
        guard !file.name.isEmpty else { return nil }
        let purpose = "\(file.field) of \(entry) in \(path)"
        let bytes: [UInt8]
        do { bytes = try files.read(file.name) } catch {
            throw .unreadableFile(path: file.name, purpose: purpose, reason: error)
        }
        guard !bytes.isEmpty else { throw .emptyFile(path: file.name, purpose: purpose) }
        return bytes
    }
}
