internal import HTTPClient

extension ClusterAccess {
    private static let mount = "/var/run/secrets/kubernetes.io/serviceaccount"

    static func inCluster(
        environment: [String: String], files: FileReader
    ) throws(ClusterAccessError) -> ClusterAccess {
        let host = try variable("KUBERNETES_SERVICE_HOST", environment)
        let port = try variable("KUBERNETES_SERVICE_PORT", environment)
        let server = "https://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
        let token = try mounted("token", files)
        guard !token.isEmpty else {
            throw .emptyFile(path: "\(mount)/token", purpose: "the service account's token")
        }
        let namespace = files.exists("\(mount)/namespace") ? try mounted("namespace", files) : []
        let name = trimmed(namespace)
        return ClusterAccess(
            server: server, tls: TLSOptions(caPEM: try mounted("ca.crt", files)),
            proxy: ProxyRules(environment: environment).proxy(for: server),
            namespace: name.isEmpty ? "default" : name, credential: .tokenFile(path: "\(mount)/token"),
            origin: "in cluster")
    }

    private static func variable(
        _ name: String, _ environment: [String: String]
    ) throws(ClusterAccessError) -> String {
        guard let value = environment[name], !value.isEmpty else { throw .notInCluster(variable: name) }
        return value
    }

    private static func mounted(_ name: String, _ files: FileReader) throws(ClusterAccessError) -> [UInt8] {
        do { return try files.read("\(mount)/\(name)") } catch {
            throw .unreadableFile(
                path: "\(mount)/\(name)", purpose: "the pod's service account; is automountServiceAccountToken off?",
                reason: error)
        }
    }

    /// The text without white space around it.
    static func trimmed(_ bytes: [UInt8]) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) }
        let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? 0
        return String(decoding: bytes[..<end].drop(while: isSpace), as: UTF8.self)
    }
}
