internal import HTTPClient
internal import KubernetesAPI
internal import Timestamps

extension Reply {
    /// More of a refusal is not read.
    private static let bodyLimit = 1 << 20
    private static let timeLimit = Duration.seconds(60)

    /// A refusal whose body is still to come.
    init(refusedBy stream: HTTPStream, _ transport: APITransport) async {
        var body: [UInt8] = []
        let begun = transport.time.now()
        while body.count < Self.bodyLimit, let chunk = await stream.next() {
            switch chunk {
            case .success(let bytes):
                body += bytes
                guard transport.time.now() - begun < Self.timeLimit else {
                    self.init(TransportFailure(.timeout, "a refusal took longer than \(Self.timeLimit)"))
                    return
                }
            case .failure(let failure):
                self.init(TransportFailure(failure))
                return
            }
        }
        self.init(refusedWith: stream.status, body, stream.headers, now: transport.time.now())
    }
}
