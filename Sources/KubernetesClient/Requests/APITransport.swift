internal import HTTPClient
internal import KubernetesAPI
internal import Timestamps

/// Requests with everything that proves who we are; a refused credential is renewed and tried once more.
struct APITransport: Sendable {
    let http: HTTPClient
    let time: TimeSource
    private let access: ClusterAccess
    private let userAgent: String
    private let credentials: CredentialStore

    /// Bookmarks break the silence of a watch each minute.
    static let watchSilence = Duration.seconds(90)
    /// A page of a list: 100 pods at 64 KiB/s take half a minute.
    private static let pageLimits = ResponseLimits(minimumRate: 32, total: .seconds(600))

    init(access: ClusterAccess, http: HTTPClient, userAgent: String, time: TimeSource, files: FileReader) {
        self.access = access
        self.http = http
        self.userAgent = userAgent
        self.time = time
        credentials = CredentialStore(access: access, files: files, time: time)
    }

    func shutdown() async {
        await http.shutdown()
        await credentials.close()
    }

    /// The whole response, whatever its status.
    func send(_ wire: WireRequest, traceparent: String?) async -> Result<HTTPResponse, TransportFailure> {
        await authorized({ $0.status }) { credential in
            await http.send(httpRequest(wire, traceparent, credential))
        }
    }

    /// A page of a list as it comes.
    func open(_ wire: WireRequest, traceparent: String?) async -> Result<HTTPStream, TransportFailure> {
        await authorized({ $0.status }) { credential in
            await http.stream(httpRequest(wire, traceparent, credential), within: Self.pageLimits)
        }
    }

    /// The response as it comes, on a connection of its own, with room for silence. A server that does not end it after
    /// `timeout` has it ended a minute later.
    func openWatch(
        _ wire: WireRequest, timeout: Duration, traceparent: String?
    ) async -> Result<HTTPStream, TransportFailure> {
        await authorized({ $0.status }) { credential in
            var request = httpRequest(wire, traceparent, credential)
            request.ownConnection = true
            request.idleTimeout = Self.watchSilence
            return await http.stream(request, within: ResponseLimits(total: timeout + .seconds(60)))
        }
    }

    private func authorized<Response: Sendable>(
        _ status: (Response) -> Int, _ attempt: (ResolvedCredential) async -> Result<Response, HTTPFailure>
    ) async -> Result<Response, TransportFailure> {
        var isSecond = false
        while true {
            let credential: ResolvedCredential
            switch await credentials.credential() {
            case .success(let current): credential = current
            case .failure(let error): return .failure(TransportFailure(.credential, error.description))
            }
            let result = await attempt(credential)
            guard !isSecond, case .success(let response) = result, status(response) == 401 else {
                return result.mapError(TransportFailure.init)
            }
            await credentials.refused(credential)
            isSecond = true
        }
    }

    private func httpRequest(
        _ wire: WireRequest, _ traceparent: String?, _ credential: ResolvedCredential
    ) -> HTTPRequest {
        var headers = [(name: "Accept", value: "application/json"), (name: "User-Agent", value: userAgent)]
        if let type = wire.contentType { headers.append((name: "Content-Type", value: type)) }
        if let authorization = credential.authorization {
            headers.append((name: "Authorization", value: authorization))
        }
        if let traceparent { headers.append((name: "traceparent", value: traceparent)) }
        headers += access.impersonation?.headers ?? []
        var tls = access.tls
        if let certificate = credential.certificate {
            tls.clientCertificatePEM = certificate.certificatePEM
            tls.clientKeyPEM = certificate.keyPEM
        }
        return HTTPRequest(
            method: wire.method, url: access.server + wire.target, headers: headers, body: wire.body, tls: tls,
            proxy: access.proxy)
    }
}
