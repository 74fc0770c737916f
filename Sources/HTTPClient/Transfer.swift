internal import CCurl

/// A request in flight. Lives on the loop's thread.
final class Transfer {
    let order: TransferOrder
    let easy: EasyHandle
    private(set) var timer: StallTimer
    private var parser = HeadParser()
    private var hasHead = false
    /// When it was last handed to a connection.
    private(set) var sent: StallTimer.Instant?
    /// Why we ourselves broke the transfer off.
    private var refusal: HTTPFailure?

    init(_ order: TransferOrder) throws(HTTPFailure) {
        self.order = order
        timer = StallTimer(
            firstByteTimeout: order.request.firstByteTimeout, idleTimeout: order.request.idleTimeout,
            limits: order.limits)
        easy = try EasyHandle()
        try easy.configure(for: order.request)
        setCallbacks()
    }

    /// Takes no kept connection that was made before.
    func useConnections(since moment: StallTimer.Instant) throws(HTTPFailure) {
        // libcurl counts whole seconds, and keeps what is not older.
        let seconds = Int((StallTimer.Instant.now - moment).components.seconds) - 1
        try easy.set(seconds > 0 ? CURLOPT_MAXLIFETIME_CONN : CURLOPT_FRESH_CONNECT, max(1, seconds))
    }

    /// The transfer that owns `easy`.
    static func owner(of easy: UnsafeMutableRawPointer) -> Transfer? {
        var pointer: UnsafeMutableRawPointer?
        ccurl_get_pointer(easy, CURLINFO_PRIVATE, &pointer)
        return pointer.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// What the end of the transfer means; `nil`: a complete response.
    func failure(_ code: CURLcode) -> HTTPFailure? {
        if let refusal { return refusal }
        // libcurl takes a head that the end of the connection cuts off for a complete one.
        guard code != CURLE_OK else { return hasHead ? nil : HTTPFailure(.reset, "the response ended in its head") }
        return HTTPFailure(code: code, message: message(code), connectStatus: easy.info(CURLINFO_HTTP_CONNECTCODE))
    }

    /// Lets the server go on.
    func resume() -> CURLcode {
        timer.resumed(at: .now)
        return ccurl_resume(easy.pointer)
    }

    private func message(_ code: CURLcode) -> String {
        let text = easy.errorText
        // libcurl repeats a proxy URL that it does not understand, with its password.
        let hasProxy = order.request.proxy.map { !$0.isEmpty && text.contains($0) } ?? false
        return text.isEmpty || hasProxy ? String(cString: curl_easy_strerror(code)) : text
    }
}

extension Transfer {
    private func setCallbacks() {
        let this = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_PRIVATE, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_PREREQDATA] {
            ccurl_set_pointer(easy.pointer, option, this)
        }
        ccurl_set_open_socket_callback(easy.pointer, SocketOptions.open)
        ccurl_set_prerequest_callback(easy.pointer) { this, _, _, _, _ in
            guard let transfer = Transfer.of(this), transfer.mayBeSent() else { return CURL_PREREQFUNC_ABORT }
            return CURL_PREREQFUNC_OK
        }
        ccurl_set_write_callback(easy.pointer, CURLOPT_HEADERFUNCTION) { bytes, size, count, this in
            Transfer.of(this)?.receivedHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        ccurl_set_write_callback(easy.pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, this in
            Transfer.of(this)?.receivedBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
    }

    private static func of(_ this: UnsafeMutableRawPointer?) -> Transfer? {
        this.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// libcurl sends a request again when a connection that was kept dies before the answer. Reads may be; what changes
    /// something may have done so, and whoever asked has to know.
    private func mayBeSent() -> Bool {
        let now = StallTimer.Instant.now
        timer.requestSent(at: now)
        defer { sent = now }
        guard sent != nil, !["GET", "HEAD"].contains(order.request.method) else { return true }
        refusal = HTTPFailure(.reset, "the connection ended before the answer")
        return false
    }

    /// The bytes taken: fewer than given end the transfer.
    private func receivedHeader(_ line: UnsafeRawBufferPointer) -> Int {
        timer.received(line.count, at: .now)
        switch parser.parse(line, status: easy.info(CURLINFO_RESPONSE_CODE)) {
        case .more: break
        case .complete(let head):
            hasHead = true
            order.sink.received(head)
        case .tooLarge:
            refusal = HTTPFailure(.malformed, "the response's header is over \(HeadParser.limit) bytes")
            return 0
        }
        return line.count
    }

    private func receivedBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch order.sink.received(bytes) {
        case .taken:
            timer.received(bytes.count, at: .now)
            return bytes.count
        case .full:
            timer.paused()
            return Int(CURL_WRITEFUNC_PAUSE)
        case .refused(let failure):
            refusal = failure
            return 0
        }
    }
}
