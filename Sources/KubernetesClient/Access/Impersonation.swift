/// Whom to act as (`as` in a kubeconfig).
public struct Impersonation: Sendable, Equatable {
    public var user: String
    public var uid: String
    public var groups: [String]
    public var extra: [String: [String]]

    public init(user: String, uid: String = "", groups: [String] = [], extra: [String: [String]] = [:]) {
        self.user = user
        self.uid = uid
        self.groups = groups
        self.extra = extra
    }

    /// `Impersonate-User` and its kin.
    var headers: [(name: String, value: String)] {
        var headers = [(name: "Impersonate-User", value: user)]
        if !uid.isEmpty { headers.append((name: "Impersonate-Uid", value: uid)) }
        headers += groups.map { (name: "Impersonate-Group", value: $0) }
        for (key, values) in extra.sorted(by: { $0.key < $1.key }) {
            headers += values.map { (name: "Impersonate-Extra-\(Self.escape(key))", value: $0) }
        }
        return headers
    }

    /// A header's name has no room for `/` and the like: Kubernetes reads them percent-encoded.
    private static func escape(_ key: String) -> String {
        var escaped = ""
        for byte in key.utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.isASCII,
                scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-._".unicodeScalars.contains(scalar)
            {
                escaped.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return escaped
    }
}
