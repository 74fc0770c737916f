import CMicroHTTPD
import Locking

/// What MHD's thread does with a request.
extension Connection {
    /// The first line has arrived; `target` is its middle, as sent.
    func requestBegan(target: [UInt8]) {
        state.withLock { state in
            state.request = IncomingRequest(target: target)
            state.clock.requestBegan(at: .now)
        }
    }

    /// MHD asks what to do: at the end of the headers, for each piece of the body, at its end, and after a resume.
    ///
    /// - Returns: false to close the connection.
    func proceed(method: String, upload: UnsafeBufferPointer<UInt8>) -> Bool {
        enum Step { case goOn, close, reply(HTTPServerResponse) }
        let step: Step = state.withLock { state in
            guard !state.isAbandoned else { return .close }
            switch state.turn {
            case .lost, .responding: return .close
            case .held: return .goOn
            case .answered(let response): return .reply(response)
            case .client: break
            }
            guard state.request != nil else { return .close }
            guard state.request?.decision != nil else {
                return headersArrived(&state, method: method).map { .reply($0) } ?? .goOn
            }
            guard upload.isEmpty else {
                state.request?.bodyArrived(upload)
                return .goOn
            }
            return requestIsWhole(&state, method: method).map { .reply($0) } ?? .goOn
        }
        switch step {
        case .goOn: return true
        case .close: return false
        case .reply(let response): return reply(response)
        }
    }

    private func headersArrived(_ state: inout State, method: String) -> HTTPServerResponse? {
        guard let target = state.request?.target else { return nil }
        let framing = RequestFraming(headers())
        if let problem = framing.problem { return problem }
        return state.request?.headersArrived(
            listener.router.decide(method: method, target: target), announcedLength: framing.announcedLength)
    }

    /// Starts the handler and suspends the connection, unless the answer is clear without a handler.
    private func requestIsWhole(_ state: inout State, method: String) -> HTTPServerResponse? {
        state.clock.requestIsWhole()
        defer { state.request = nil }
        switch state.request?.decision {
        case nil: return nil
        case .refuse(let response): return response
        case .handle(let route, let target):
            let request = HTTPServerRequest(
                method: method, path: target.path, query: target.query, headers: headers(),
                body: state.request?.body ?? [], peer: peer)
            MHD_suspend_connection(handle)
            state.turn = .held(
                Task {
                    var response = await route.handler(request)
                    if method == "HEAD" { response.dropStream() }
                    self.answer(
                        route.gzip ? response.negotiatingGzip(with: request.header("Accept-Encoding")) : response)
                })
            return nil
        }
    }

    private func headers() -> [(String, String)] {
        var headers: [(String, String)] = []
        withUnsafeMutablePointer(to: &headers) { pointer in
            _ = MHD_get_connection_values(
                handle, .HEADER_KIND,
                { pointer, _, name, value in
                    guard let name else { return .YES }
                    pointer?.assumingMemoryBound(to: [(String, String)].self).pointee
                        .append((String(cString: name), value.map { String(cString: $0) } ?? ""))
                    return .YES
                }, pointer)
        }
        return headers
    }

    /// The response, or in place of a stream too many the refusal.
    private func admitted(_ response: HTTPServerResponse) -> HTTPServerResponse {
        guard case .stream = response.body, let limit = listener.beginStream(of: peer) else { return response }
        response.discard()
        var refusal = HTTPServerResponse.error(503, limit)
        refusal.headers.append(("Retry-After", "10"))
        return refusal
    }

    /// Hands the answer to MHD; from here on it is told how that went through `completed`.
    private func reply(_ response: HTTPServerResponse) -> Bool {
        let response = admitted(response)
        let stream: ResponseStream? = if case .stream(let stream) = response.body { stream } else { nil }
        let isAbandoned = state.withLock { state in
            // MHD has a copy of its own: many slow readers of long answers would hold two of each.
            state.turn = .responding(response.withoutBytes)
            state.clock.responseBegan(at: .now, isStream: stream != nil)
            return state.isAbandoned
        }
        let isStopping = listener.isStopping
        stream?.attach(to: self)
        if isStopping { stream?.finish() }
        guard !isAbandoned, let prepared = response.prepared(closing: isStopping) else { return false }
        defer { MHD_destroy_response(prepared) }
        return MHD_queue_response(handle, UInt32(clamping: response.status), prepared) == .YES
    }
}
