/// A response that is read as it comes. One task reads it; when nobody holds it any more its connection is closed.
public final class HTTPStream: Sendable {
    public let status: Int
    public let headers: HTTPHeaders
    private let buffer: StreamBuffer
    private let order: TransferOrder
    /// The client lives as long as its streams.
    private let client: HTTPClient

    init(_ head: ResponseHead, buffer: StreamBuffer, order: TransferOrder, client: HTTPClient) {
        status = head.status
        headers = head.headers
        self.buffer = buffer
        self.order = order
        self.client = client
    }

    deinit { cancel() }

    /// The next bytes, never none; `nil`: the response is complete. A failure is the last word and is repeated.
    public func next() async -> Result<[UInt8], HTTPFailure>? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { consumer in
                guard case .chunk(let chunk, let resume) = buffer.pull(consumer) else { return }
                if resume { client.loop.resume(order) }
                consumer.resume(returning: chunk)
            }
        } onCancel: {
            cancel()
        }
    }

    /// Closes the connection; what was not read is still to be had, then `.cancelled`.
    public func cancel() { client.loop.cancel(order) }
}
