import DrainReport
import Glibc
import Locking
import Telemetry
import Timestamps

/// Lines as things happen, and on a terminal that can do it a live view below them.
final class LiveDisplay: Sendable {
    private struct State {
        var waiting: [String] = []
        /// Of those that wait.
        var bytes = 0
        var lost = 0
        var frame = LiveFrame()
        var shown = ""
    }

    /// Lines that wait for a terminal that takes none (Ctrl-S); those that come later are counted.
    private static let limit = 512 << 10
    private static let widestLine = 2000

    let style: TerminalStyle
    private let descriptor: Int32
    private let out: LineSink
    private let state = Lock(State())

    init(descriptor: Int32, style: TerminalStyle) {
        self.descriptor = descriptor
        self.style = style
        let queueLimit = 4 << 20
        out =
            descriptor == 1
            ? .standardOutput(queueLimit: queueLimit)
            // Nobody is left who could be told of its losses.
            : LineSink(descriptor: descriptor, closesDescriptor: false, queueLimit: queueLimit, onFate: { _, _ in })
    }

    func say(_ text: String) { say(ProgressLine(text: text)) }

    func say(_ line: ProgressLine) {
        guard style.isLive else { return out.write(Array("\(line.text)\n".utf8)) }
        let text = line.styled(style).clipped(to: Self.widestLine, style).rendered(isColored: style.isColored)
        state.withLock { state in
            guard state.bytes + text.utf8.count <= Self.limit else {
                state.lost += 1
                return
            }
            state.bytes += text.utf8.count
            state.waiting.append(text)
        }
    }

    /// Draws until it is cancelled, five times a second at most, and leaves only lines behind.
    func follow(_ view: @Sendable () -> DrainView?, time: TimeSource) async {
        guard style.isLive else { return }
        Continuation.watch()
        while !Task.isCancelled {
            // The shell has written below the block.
            if Continuation.take() { state.withLock { $0.frame.leave() } }
            draw(view(), at: time.now())
            // A terminal that is slow is not asked for more.
            _ = await out.flush(within: .seconds(1))
            await pause(for: .milliseconds(200))
        }
    }

    /// `nil`: no block.
    private func draw(_ view: DrainView?, at now: Timestamp) {
        let size = Terminal.size(descriptor: descriptor) ?? Terminal.Size(columns: 80, rows: 24)
        let isOurs = Terminal.isOurs(descriptor: descriptor)
        // The last column is left free, for a full line makes some terminals begin the next one; a row is the cursor's.
        let columns = max(1, size.columns - 1)
        let rows = isOurs ? min(size.rows - 1, max(4, size.rows * 2 / 3)) : 0
        let lines = view?.lines(columns: columns, rows: rows, at: now, style: style) ?? []
        let block = lines.map { (text: $0.rendered(isColored: style.isColored), width: PlainText.width($0.text)) }
        let text = state.withLock { state in
            var new = state.waiting
            if state.lost > 0 { new.append("(\(state.lost) lines more, which the terminal did not take)") }
            (state.waiting, state.bytes, state.lost) = ([], 0, 0)
            let shown = "\(size.columns)x\(size.rows)\n" + block.map(\.text).joined(separator: "\n")
            guard !new.isEmpty || shown != state.shown else { return "" }
            state.shown = shown
            if !isOurs { state.frame.leave() }
            return state.frame.text(columns: size.columns, lines: new, block: block)
        }
        if !text.isEmpty { out.write(Array(text.utf8)) }
    }

    /// What has been said is written, or given up after two seconds.
    func flush() async {
        if style.isLive { draw(nil, at: Timestamp(nanoseconds: 0)) }
        _ = await out.flush(within: .seconds(2))
    }
}
