public import FoundationEssentials
internal import Subprocess

/// A self-signed certificate and its key, made by openssl for one test: it is its own authority.
public struct TestIdentity: Sendable {
    public let certificatePEM: [UInt8]
    public let keyPEM: [UInt8]
    /// Where the two are, for programs that want files. Removed by `remove()`.
    public let directory: URL

    public var certificatePath: String { directory.appending(path: "certificate.pem").path }
    public var keyPath: String { directory.appending(path: "key.pem").path }

    /// - Parameter names: subject alternative names, as `DNS:kubernetes.test` or `IP:127.0.0.1`.
    public init(commonName: String, names: [String], days: Int = 2) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "identity-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let key = directory.appending(path: "key.pem")
        let certificate = directory.appending(path: "certificate.pem")
        let result = try await run(
            .name("openssl"),
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                "\(days)",
                "-subj", "/CN=\(commonName)", "-addext", "subjectAltName=\(names.joined(separator: ","))",
                "-keyout", key.path, "-out", certificate.path,
            ],
            output: .discarded)
        guard result.terminationStatus.isSuccess else { throw OpenSSLFailed() }
        certificatePEM = Array(try Data(contentsOf: certificate))
        keyPEM = Array(try Data(contentsOf: key))
    }

    public func remove() throws { try FileManager.default.removeItem(at: directory) }

    public struct OpenSSLFailed: Error {}
}

extension TestIdentity {
    /// The key as it is when a passphrase protects it.
    public func encryptedKeyPEM(passphrase: String) async throws -> [UInt8] {
        let result = try await run(
            .name("openssl"),
            arguments: ["pkcs8", "-topk8", "-in", keyPath, "-passout", "pass:\(passphrase)"],
            output: .bytes(limit: 64 << 10))
        guard result.terminationStatus.isSuccess else { throw OpenSSLFailed() }
        return result.standardOutput
    }
}
