/// HTTP/1.1 over libcurl: a thread of its own moves the bytes, callers only wait.
///
/// Requests share pooled connections, except those that ask for their own. There is no queue: each request that finds no
/// idle connection opens one, and idle ones are closed while more than `maxConnections` are open. The certificate of an
/// `https` server is verified unless the request says not to. The environment (`http_proxy`, `no_proxy`) has no say.
public final class HTTPClient: Sendable {
    let loop: TransferLoop

    /// - Parameter maxConnections: in use and idle together. With more requests in flight each answer closes one, and the
    ///   next request costs a TLS handshake, 2 ms of CPU; so the default is more than a drain has at once: 100 evictions,
    ///   50 deletes at its deadline, and what it tells meanwhile. Only as many are opened as are needed.
    public init(maxConnections: Int = 192) {
        loop = TransferLoop(maxConnections: maxConnections)
    }

    deinit { loop.stop() }

    /// The whole response, within a minute of its first line. Cancelling the task closes the connection; a body beyond
    /// `bodyLimit` bytes fails as malformed.
    public func send(_ request: HTTPRequest, bodyLimit: Int = 16 << 20) async -> Result<HTTPResponse, HTTPFailure> {
        let body = BufferedBody(limit: bodyLimit)
        let order = TransferOrder(request, sink: body, limits: .whole)
        return await withTaskCancellationHandler {
            loop.start(order)
            return await body.response
        } onCancel: {
            loop.cancel(order)
        }
    }

    /// The response's head, its body to follow as the stream is read. A reader that lags by 256 KiB stops the server.
    public func stream(
        _ request: HTTPRequest, within limits: ResponseLimits = ResponseLimits()
    ) async -> Result<HTTPStream, HTTPFailure> {
        let buffer = StreamBuffer()
        let order = TransferOrder(request, sink: buffer, limits: limits)
        let head = await withTaskCancellationHandler {
            loop.start(order)
            return await buffer.head
        } onCancel: {
            loop.cancel(order)
        }
        return head.map { HTTPStream($0, buffer: buffer, order: order, client: self) }
    }

    /// Ends what is in flight and every later request as `.closed`; returns when the thread is gone.
    public func shutdown() async { await loop.stopped() }
}
