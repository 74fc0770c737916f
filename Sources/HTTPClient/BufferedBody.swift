internal import Locking

/// Collects a response whole, up to a limit.
final class BufferedBody: ResponseSink {
    private struct Collected {
        var head = ResponseHead(status: 0, headers: HTTPHeaders())
        var body: [UInt8] = []
    }

    private let limit: Int
    private let collected = Lock(Collected())
    private let result = Promise<Result<HTTPResponse, HTTPFailure>>()

    init(limit: Int) { self.limit = limit }

    var response: Result<HTTPResponse, HTTPFailure> {
        get async { await result.value }
    }

    func received(_ head: ResponseHead) {
        collected.withLock { $0.head = head }
    }

    func received(_ bytes: UnsafeRawBufferPointer) -> SinkVerdict {
        collected.withLock { collected in
            guard collected.body.count + bytes.count <= limit else {
                return .refused(HTTPFailure(.malformed, "the response's body is over \(limit) bytes"))
            }
            collected.body.append(contentsOf: bytes)
            return .taken
        }
    }

    func ended(_ failure: HTTPFailure?) {
        if let failure { return result.fulfil(.failure(failure)) }
        let response = collected.withLock { collected in
            HTTPResponse(status: collected.head.status, headers: collected.head.headers, body: collected.body)
        }
        result.fulfil(.success(response))
    }
}
