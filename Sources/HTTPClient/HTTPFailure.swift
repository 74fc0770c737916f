/// Why no whole response came.
public struct HTTPFailure: Error, Sendable, Equatable {
    public enum Kind: Sendable, Hashable, CaseIterable {
        case nameResolution
        /// Also a proxy that would not connect us.
        case connect
        /// The peer's certificate was refused, or is for another host.
        case certificate
        case tls
        /// Connecting, or waiting for the first byte, took too long.
        case timeout
        /// The response began and then fell silent.
        case idle
        /// Cut: by a reset, an empty reply or a body shorter than announced.
        case reset
        /// Not HTTP, badly encoded, or larger than the limits; also a request that cannot be sent.
        case malformed
        /// Our own certificate, key or authorities are unusable.
        case credential
        case cancelled
        /// The client was shut down.
        case closed
    }

    public var kind: Kind
    /// For people; holds no secret.
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension HTTPFailure {
    static let cancelled = HTTPFailure(.cancelled, "the request was cancelled")
    static let closed = HTTPFailure(.closed, "the HTTP client is shut down")
}
