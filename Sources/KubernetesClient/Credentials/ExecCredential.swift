internal import FoundationEssentials
internal import HTTPClient
internal import Timestamps

/// What a credential plugin is told and what it prints (client.authentication.k8s.io).
struct ExecCredential: Decodable, Equatable {
    static let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    struct Status: Decodable, Equatable {
        var token: String?
        var clientCertificateData: String?
        var clientKeyData: String?
        /// Absent: good until it is refused.
        var expirationTimestamp: Timestamp?
    }

    var apiVersion: String
    var kind: String
    var status: Status?

    /// `KUBERNETES_EXEC_INFO`; `cluster` is JSON.
    static func info(apiVersion: String, cluster: [UInt8]?) -> String {
        let spec = cluster.map { #""cluster":\#(String(decoding: $0, as: UTF8.self)),"# } ?? ""
        return
            #"{"apiVersion":\#(YAMLNode.quoted(apiVersion)),"kind":"ExecCredential","spec":{\#(spec)"interactive":false}}"#
    }

    static func cluster(_ cluster: Kubeconfig.Cluster, server: String, tls: TLSOptions) -> [UInt8] {
        var fields = ["\"server\":" + YAMLNode.quoted(server)]
        if let name = tls.serverName { fields.append("\"tls-server-name\":" + YAMLNode.quoted(name)) }
        if tls.skipVerification { fields.append("\"insecure-skip-tls-verify\":true") }
        if let authority = tls.caPEM {
            fields.append("\"certificate-authority-data\":\"\(Data(authority).base64EncodedString())\"")
        }
        if !cluster.proxyURL.isEmpty { fields.append("\"proxy-url\":" + YAMLNode.quoted(cluster.proxyURL)) }
        if let config = cluster.pluginConfig { fields.append("\"config\":" + String(decoding: config, as: UTF8.self)) }
        return Array("{\(fields.joined(separator: ","))}".utf8)
    }
}
