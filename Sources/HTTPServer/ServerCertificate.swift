import CMicroHTTPD

/// A certificate with the chain above it and its key, read and found to belong together.
public final class ServerCertificate: Sendable {
    /// Why a TLS server cannot use what it was given; holds nothing of the key.
    public enum Unusable: Error, Equatable, Sendable {
        case certificate(String)
        case key(String)
        /// Each is good, and the key is not the certificate's.
        case mismatch
    }

    /// Longer chains are none.
    private static let longestChain: UInt32 = 16

    /// From when to when the server's own certificate is valid, in seconds since the epoch.
    public let begins: Int64
    public let expires: Int64
    // Written here only, until `deinit`.
    nonisolated(unsafe) let chain: UnsafeMutablePointer<gnutls_pcert_st>
    let chainLength: UInt32
    nonisolated(unsafe) let key: gnutls_privkey_t

    /// Both as PEM, the key without a passphrase.
    public init(certificatePEM: [UInt8], keyPEM: [UInt8]) throws(Unusable) {
        let (chain, length) = try Self.readChain(certificatePEM)
        do throws(Unusable) {
            key = try Self.readKey(keyPEM)
        } catch {
            Self.free(chain, length)
            throw error
        }
        self.chain = chain
        chainLength = length
        (begins, expires) = Self.validity(chain)
        // From here on `deinit` frees them.
        try Self.check(certificatePEM, keyPEM)
    }

    deinit {
        Self.free(chain, chainLength)
        gnutls_privkey_deinit(key)
    }

    private static func readChain(
        _ pem: [UInt8]
    ) throws(Unusable) -> (UnsafeMutablePointer<gnutls_pcert_st>, UInt32) {
        let chain = UnsafeMutablePointer<gnutls_pcert_st>.allocate(capacity: Int(longestChain))
        var length = longestChain
        let result = withDatum(pem) { gnutls_pcert_list_import_x509_raw(chain, &length, $0, GNUTLS_X509_FMT_PEM, 0) }
        guard result >= 0, length > 0 else {
            chain.deallocate()
            throw .certificate(words(result))
        }
        return (chain, length)
    }

    private static func free(_ chain: UnsafeMutablePointer<gnutls_pcert_st>, _ length: UInt32) {
        for index in 0..<Int(length) { gnutls_pcert_deinit(chain + index) }
        chain.deallocate()
    }

    private static func readKey(_ pem: [UInt8]) throws(Unusable) -> gnutls_privkey_t {
        var key: gnutls_privkey_t?
        guard gnutls_privkey_init(&key) >= 0, let key else { throw .key(words(GNUTLS_E_MEMORY_ERROR)) }
        let result = withDatum(pem) { gnutls_privkey_import_x509_raw(key, $0, GNUTLS_X509_FMT_PEM, nil, 0) }
        guard result >= 0 else {
            gnutls_privkey_deinit(key)
            throw .key(result == GNUTLS_E_DECRYPTION_FAILED ? "it needs a passphrase" : words(result))
        }
        return key
    }

    private static func validity(_ certificate: UnsafeMutablePointer<gnutls_pcert_st>) -> (Int64, Int64) {
        var parsed: gnutls_x509_crt_t?
        guard gnutls_pcert_export_x509(certificate, &parsed) >= 0, let parsed else { return (0, 0) }
        defer { gnutls_x509_crt_deinit(parsed) }
        return (
            Int64(gnutls_x509_crt_get_activation_time(parsed)), Int64(gnutls_x509_crt_get_expiration_time(parsed))
        )
    }

    /// Only credentials compare the two.
    private static func check(_ certificatePEM: [UInt8], _ keyPEM: [UInt8]) throws(Unusable) {
        var credentials: gnutls_certificate_credentials_t?
        guard gnutls_certificate_allocate_credentials(&credentials) >= 0, let credentials else {
            throw .certificate(words(GNUTLS_E_MEMORY_ERROR))
        }
        defer { gnutls_certificate_free_credentials(credentials) }
        let result = withDatum(certificatePEM) { certificate in
            withDatum(keyPEM) { gnutls_certificate_set_x509_key_mem(credentials, certificate, $0, GNUTLS_X509_FMT_PEM) }
        }
        guard result < 0 else { return }
        throw result == GNUTLS_E_CERTIFICATE_KEY_MISMATCH ? .mismatch : .certificate(words(result))
    }

    private static func withDatum(_ bytes: [UInt8], _ call: (UnsafePointer<gnutls_datum_t>) -> Int32) -> Int32 {
        bytes.withUnsafeBufferPointer { buffer in
            // Read only, whatever its type says.
            var datum = gnutls_datum_t(
                data: UnsafeMutablePointer(mutating: buffer.baseAddress), size: UInt32(buffer.count))
            return call(&datum)
        }
    }

    private static func words(_ code: Int32) -> String {
        guard let text = gnutls_strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
