internal import HTTPClient
internal import KubernetesAPI
internal import Timestamps

extension Reply {
    /// More of a refusal is not read.
    private static let bodyLimit = 1 << 20

    /// A refusal whose body is still to come.
    init(refusedBy stream: HTTPStream, _ transport: APITransport) async {
        var body: [UInt8] = []
        while body.count < Self.bodyLimit, let chunk = await stream.next() {
            switch chunk {
            case .success(let bytes): body += bytes
            case .failure(let failure):
                self.init(TransportFailure(failure))
                return
            }
        }
        self.init(refusedWith: stream.status, body, stream.headers, now: transport.time.now())
    }
}
