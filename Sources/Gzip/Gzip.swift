import CZlib

/// Compression in the gzip format (RFC 1952), in one piece.
public enum Gzip {
    /// zlib adds 16 to the window's exponent to say "with a gzip header and trailer".
    private static let gzipWindow: Int32 = 15 + 16
    private static let memoryLevel: Int32 = 8

    /// Compresses `bytes` at `level`, 0 (store) to 9 (smallest); 1, the default, is the fastest.
    ///
    /// Nothing is kept between two calls: zlib's 256 KiB are worth more than the microseconds of asking for them.
    public static func compress(_ bytes: [UInt8], level: Int32 = 1) -> [UInt8] {
        var stream = z_stream()
        let started = deflateInit2_(
            &stream, min(max(level, 0), 9), Z_DEFLATED, gzipWindow, memoryLevel, Z_DEFAULT_STRATEGY,
            ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(started == Z_OK, "zlib could not start: it has no memory")
        defer { deflateEnd(&stream) }
        return [UInt8](unsafeUninitializedCapacity: Int(deflateBound(&stream, UInt(bytes.count)))) { output, count in
            bytes.withUnsafeBufferPointer { input in
                // zlib's older signature: the input is not written to.
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                count = deflateAll(&stream, inputCount: input.count, into: output)
            }
        }
    }

    /// zlib counts in 32 bits: longer buffers are offered a part at a time.
    private static func deflateAll(
        _ stream: inout z_stream, inputCount: Int, into output: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        stream.next_out = output.baseAddress
        var unread = inputCount
        var free = output.count
        while true {
            let offered = min(unread, Int(UInt32.max))
            let space = min(free, Int(UInt32.max))
            stream.avail_in = UInt32(offered)
            stream.avail_out = UInt32(space)
            let result = deflate(&stream, offered == unread ? Z_FINISH : Z_NO_FLUSH)
            unread -= offered - Int(stream.avail_in)
            free -= space - Int(stream.avail_out)
            guard result != Z_STREAM_END else { return output.count - free }
            precondition(result == Z_OK, "deflateBound promised enough room")
        }
    }
}
