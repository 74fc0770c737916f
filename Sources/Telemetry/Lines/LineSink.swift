import Glibc

/// Writes lines to a descriptor from a thread of its own: whoever calls `write` never waits.
///
/// Lines wait in a queue of bounded size. A reader that is too slow costs lines, never time, and every line's fate is
/// reported exactly once.
public final class LineSink: Sendable {
    public enum Fate: Sendable {
        /// The kernel has all of it.
        case written
        /// It waited too long: the queue was full, or the sink closed before its turn.
        case dropped
        /// The kernel refused it, or took only part of it.
        case failed
    }

    private let queue: LineQueue
    private let onFate: @Sendable (Fate, Int) -> Void

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - closesDescriptor: whether the descriptor is the sink's to close, after the last line.
    ///   - queueLimit: bytes that may wait; more are dropped.
    ///   - onFate: hears what became of how many lines, from the caller's thread or the sink's, and must not wait.
    ///   - onFailure: hears why lines began to fail: the first time, and again only after one got through in between.
    public init(
        descriptor: Int32, closesDescriptor: Bool, queueLimit: Int = 1 << 20,
        onFate: @escaping @Sendable (Fate, Int) -> Void,
        onFailure: @escaping @Sendable (LineSinkError) -> Void = { _ in }
    ) {
        self.onFate = onFate
        queue = LineQueue(limit: queueLimit)
        let writer = LineWriter(descriptor, interrupt: queue.bell.descriptor, endsMidLine: false)
        start(writer, closesDescriptor, onFailure)
    }

    private init(
        file descriptor: Int32, path: String, queueLimit: Int, onFate: @escaping @Sendable (Fate, Int) -> Void,
        onFailure: @escaping @Sendable (LineSinkError) -> Void
    ) {
        self.onFate = onFate
        queue = LineQueue(limit: queueLimit)
        let writer = LineWriter(
            descriptor, interrupt: queue.bell.descriptor, endsMidLine: LineWriter.endsMidLine(path), path: path)
        start(writer, true, onFailure)
    }

    /// Opens `path` for appending, and makes the file if need be.
    ///
    /// Where a crash has left half a line at the end, the first line written gets a newline before it. A FIFO needs a
    /// reader, else it is refused with `ENXIO`: waiting for one could take for ever. A file that is deleted meanwhile is
    /// made anew by the next line; one that is renamed gets the lines on.
    public static func open(
        path: String, queueLimit: Int = 1 << 20, onFate: @escaping @Sendable (Fate, Int) -> Void,
        onFailure: @escaping @Sendable (LineSinkError) -> Void = { _ in }
    ) throws(LineSinkError) -> LineSink {
        let descriptor = LineWriter.open(path)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, errno: errno) }
        return LineSink(
            file: descriptor, path: path, queueLimit: queueLimit, onFate: onFate, onFailure: onFailure)
    }

    deinit { onDropped(queue.stop()) }

    /// Puts a line in the queue; a newline is added if it lacks one.
    public func write(_ line: [UInt8]) {
        let whole = line.last == UInt8(ascii: "\n") ? line : line + [UInt8(ascii: "\n")]
        if !queue.offer(whole) { onFate(.dropped, 1) }
    }

    /// Waits until every line written before has met its fate; `false` when `limit` ran out first.
    public func flush(within limit: Duration) async -> Bool {
        await queue.wait(for: .settled(queue.offered), within: limit)
    }

    /// Flushes for at most `limit`, drops what is left and ends the thread. Lines that come later are dropped.
    public func close(within limit: Duration) async {
        queue.refuse()
        _ = await flush(within: limit)
        onDropped(queue.stop())
        // The thread answers at once, unless the kernel holds it in a write that nothing can interrupt.
        _ = await queue.wait(for: .ended, within: .seconds(1))
    }

    private func onDropped(_ count: Int) {
        if count > 0 { onFate(.dropped, count) }
    }

    private func start(
        _ writer: LineWriter, _ closesDescriptor: Bool, _ onFailure: @escaping @Sendable (LineSinkError) -> Void
    ) {
        let thread = LineThread(
            queue: queue, writer: writer, closesDescriptor: closesDescriptor, onFate: onFate, onFailure: onFailure)
        let failure = queue.bell.failure != 0 ? queue.bell.failure : thread.start()
        guard failure != 0 else { return }
        onFailure(.cannotStart(errno: failure))
        queue.end()
        if closesDescriptor { Glibc.close(writer.descriptor) }
    }
}
