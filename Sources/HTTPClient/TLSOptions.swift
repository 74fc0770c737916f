/// Whom we trust and who we are.
public struct TLSOptions: Sendable, Equatable {
    /// The only certificate authorities that are trusted; `nil`: the system's.
    public var caPEM: [UInt8]?
    /// Our certificate, with its intermediates.
    public var clientCertificatePEM: [UInt8]?
    public var clientKeyPEM: [UInt8]?
    /// The name the server must prove, also sent as SNI, in place of the URL's host.
    public var serverName: String?
    /// Anybody may be the server.
    public var skipVerification: Bool

    public init(
        caPEM: [UInt8]? = nil, clientCertificatePEM: [UInt8]? = nil, clientKeyPEM: [UInt8]? = nil,
        serverName: String? = nil, skipVerification: Bool = false
    ) {
        self.caPEM = caPEM
        self.clientCertificatePEM = clientCertificatePEM
        self.clientKeyPEM = clientKeyPEM
        self.serverName = serverName
        self.skipVerification = skipVerification
    }
}
