import CMicroHTTPD

extension HTTPServerResponse {
    /// The response as MHD wants it, to be destroyed by the caller.
    ///
    /// Nil if there is no memory for it, or if MHD refuses a header because of a line break in it.
    func prepared(closing: Bool) -> OpaquePointer? {
        guard let prepared = body.prepared() else { return nil }
        var lines = headers + headersForBrowsers
        if closing { lines.append(("Connection", "close")) }
        for (name, value) in lines where MHD_add_response_header(prepared, name, value) != .YES {
            MHD_destroy_response(prepared)
            return nil
        }
        return prepared
    }
}

extension HTTPServerResponse.Body {
    fileprivate func prepared() -> OpaquePointer? {
        switch self {
        case .bytes(let bytes):
            // MHD_RESPMEM_MUST_COPY: the pointer is not written to.
            bytes.withUnsafeBytes { buffer in
                MHD_create_response_from_buffer(
                    buffer.count, UnsafeMutableRawPointer(mutating: buffer.baseAddress), .RESPMEM_MUST_COPY)
            }
        case .stream(let stream):
            MHD_create_response_from_callback(
                UInt64.max, Self.blockBytes,
                { context, _, buffer, room in
                    guard let context, let buffer else { return -2 }
                    return Unmanaged<ResponseStream>.fromOpaque(context).takeUnretainedValue()
                        .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: room))
                },
                Unmanaged.passRetained(stream).toOpaque(),
                { context in
                    guard let context else { return }
                    Unmanaged<ResponseStream>.fromOpaque(context).release()
                })
        }
    }

    private static let blockBytes = 4096
}
