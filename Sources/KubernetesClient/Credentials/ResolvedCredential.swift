/// A credential ready for a request. Its descriptions hold no secret.
struct ResolvedCredential: Sendable, Equatable {
    /// The `Authorization` header.
    var authorization: String?
    var certificate: ClientCertificate?

    struct ClientCertificate: Sendable, Equatable {
        var certificatePEM: [UInt8]
        var keyPEM: [UInt8]
    }

    static func bearer(_ token: String, from origin: String) throws(CredentialError) -> ResolvedCredential {
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .unusableToken(origin: origin)
        }
        return ResolvedCredential(authorization: "Bearer \(token)")
    }
}

extension ResolvedCredential: CustomStringConvertible, CustomReflectable {
    var description: String { "credential" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
