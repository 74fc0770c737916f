import DrainEngine
import DrainTelemetry
import Glibc
import KubernetesAPI
import Telemetry
import Timestamps

/// Lines as things happen, and on a terminal a status line below them that moves.
final class LiveDisplay: Sendable {
    private let out = LineSink.standardOutput()
    private let isLive = Terminal.isTerminal(descriptor: 1)
    let lines: ProgressLines

    init() {
        let out = out
        let clear = isLive ? "\r\u{1B}[K" : ""
        lines = ProgressLines { out.write(Array("\(clear)\($0)\n".utf8)) }
    }

    func begin(_ title: String) { out.write(Array("\(title)\n".utf8)) }

    /// Redraws the status line until cancelled; without a terminal it says one every ten seconds.
    func follow(_ progress: DrainProgress, time: TimeSource) async {
        while !Task.isCancelled {
            await pause(for: isLive ? .milliseconds(200) : .seconds(10))
            guard !Task.isCancelled else { return }
            let text = Self.statusLine(progress.current, at: time.now())
            out.write(Array((isLive ? "\r\u{1B}[K\(text)" : "\(text)\n").utf8))
        }
    }

    func end(_ lines: [String]) {
        out.write(Array(((isLive ? "\r\u{1B}[K" : "") + lines.joined(separator: "\n") + "\n").utf8))
    }

    func flush() async { _ = await out.flush(within: .seconds(2)) }

    /// `[#########-----] 9/14 gone · 2 blocked by shop/web · 12s`
    static func statusLine(_ status: DrainStatus, at now: Timestamp) -> String {
        let total = status.pods.count
        let gone = status.count(.gone)
        let width = 24
        let filled = total == 0 ? 0 : gone * width / total
        var parts = [
            "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled) + "]",
            "\(gone)/\(total) gone",
        ]
        for phase in [PodPhase.terminating, .evicting, .queued, .retrying, .failed] where status.count(phase) > 0 {
            parts.append("\(status.count(phase)) \(phase.rawValue)")
        }
        for blocker in status.blockers.prefix(2) {
            let verdict = blocker.verdict == .waiting ? "" : " (\(blocker.verdict.rawValue))"
            parts.append("\(blocker.pods.count) blocked by \(blocker.blocker)\(verdict)")
        }
        let stuck = status.pods.count { $0.stuck != nil }
        if stuck > 0 { parts.append("\(stuck) stuck") }
        if case .waiting = status.turn, let place = status.turn?.place {
            parts.append("waits for its turn (place \(place))")
        }
        if let overrun = status.overrun { parts.append(overrun == .never ? "never done" : "late by \(overrun.text)") }
        if let began = status.startedAt { parts.append("\((now - began).components.seconds)s") }
        return parts.joined(separator: "  ")
    }
}
