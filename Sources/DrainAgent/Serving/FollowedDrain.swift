import DrainEngine
import DrainTelemetry
import FoundationEssentials
import Timestamps

/// A running agent's drain, as GET /drain/events tells it.
struct FollowedDrain {
    private struct Whole: Decodable {
        var now: Timestamp
        var drain: DrainDocument
    }

    private struct Move: Decodable {
        var ts: Timestamp
        var namespace: String
        var name: String
        var uid: String
        var from: String
        var to: String
        var attempts: Int
        var pdb: String?
        var webhook: String?
        var message: String?
    }

    private struct Pod: Decodable {
        var uid: String
        var namespace: String?
        var name: String?
        /// `nil`: nothing is said of it; inside: it is stuck no longer.
        var stuck: DrainDocument.Stuck??

        private enum Key: CodingKey { case uid, namespace, name, stuck }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            uid = try container.decode(String.self, forKey: .uid)
            namespace = try container.decodeIfPresent(String.self, forKey: .namespace)
            name = try container.decodeIfPresent(String.self, forKey: .name)
            guard container.contains(.stuck) else { return }
            stuck = .some(try container.decodeIfPresent(DrainDocument.Stuck.self, forKey: .stuck))
        }
    }

    private struct Note: Decodable {
        var ts: Timestamp
        var level: String
        var msg: String
        var err: String?
    }

    private(set) var view: DrainView?
    /// How far the agent's clock is before ours.
    private(set) var skew = Duration.zero
    private var names: [String: String] = [:]
    private var blockedBy: [String: String] = [:]
    private var stuck: [String: DrainView.Stuck] = [:]

    /// What is new about it, for people.
    mutating func heard(_ event: ServerSentEvents.Event, at now: Timestamp) throws -> [ProgressLine] {
        let data = Data(event.data)
        switch DrainFeed.Message.Kind(rawValue: event.name) {
        case .drain:
            let whole = try DrainDocument.decoder.decode(Whole.self, from: data)
            (names, blockedBy, stuck) = ([:], [:], [:])
            for pod in whole.drain.pods ?? [] {
                names[pod.uid] = "\(pod.namespace)/\(pod.name)"
                if pod.phase == PodPhase.blocked.rawValue {
                    blockedBy[pod.uid] = pod.pdb.map { "budget \($0)" } ?? pod.webhook.map { "webhook \($0)" }
                }
                if let stuck = pod.stuck { self.stuck[pod.uid] = Self.stuck(names[pod.uid], stuck) }
            }
            show(whole, at: now)
        case .state: show(try DrainDocument.decoder.decode(Whole.self, from: data), at: now)
        case .move: return line(try DrainDocument.decoder.decode(Move.self, from: data)).map { [$0] } ?? []
        case .pod:
            let pod = try DrainDocument.decoder.decode(Pod.self, from: data)
            if let namespace = pod.namespace, let name = pod.name { names[pod.uid] = "\(namespace)/\(name)" }
            guard let told = pod.stuck else { return [] }
            let entry = told.map { Self.stuck(names[pod.uid], $0) }
            let before = stuck[pod.uid]
            stuck[pod.uid] = entry
            showStuck()
            guard let entry, entry != before else { return [] }
            return [ProgressLine(text: "pod \(entry.pod) \(entry.text)", phase: .terminating, after: after(now + skew))]
        case .note:
            let note = try DrainDocument.decoder.decode(Note.self, from: data)
            guard note.level == "warning" || note.level == "error" else { return [] }
            return [
                ProgressLine(text: "warning: \(note.msg)" + (note.err.map { ": \($0)" } ?? ""), after: after(note.ts))
            ]
        case nil: break
        }
        return []
    }

    private mutating func show(_ whole: Whole, at now: Timestamp) {
        skew = whole.now - now
        var view = DrainView(whole.drain)
        view.stuck = sortedStuck
        self.view = view
    }

    private mutating func showStuck() {
        let sorted = sortedStuck
        view?.stuck = sorted
    }

    private var sortedStuck: [DrainView.Stuck] { stuck.values.sorted { $0.pod < $1.pod } }

    private static func stuck(_ name: String?, _ found: DrainDocument.Stuck) -> DrainView.Stuck {
        DrainView.Stuck(pod: name ?? "?", text: found.termination.text)
    }

    private func after(_ moment: Timestamp) -> Duration { view?.started.map { moment - $0 } ?? .zero }

    /// `nil`: it was said before, or is not worth a line.
    private mutating func line(_ move: Move) -> ProgressLine? {
        guard let phase = PodPhase(rawValue: move.to) else { return nil }
        let pod = "\(move.namespace)/\(move.name)"
        names[move.uid] = pod
        if phase != .terminating, stuck.removeValue(forKey: move.uid) != nil { showStuck() }
        let message = move.message ?? ""
        let text: String
        switch phase {
        case .evicting:
            guard move.attempts <= 1 else { return nil }
            text = "evicting pod \(pod)"
        case .blocked:
            let blocker = move.pdb.map { "budget \($0)" } ?? move.webhook.map { "webhook \($0)" } ?? "somebody"
            guard blockedBy.updateValue(blocker, forKey: move.uid) != blocker else { return nil }
            text = "pod \(pod) is blocked by \(blocker)" + (message.isEmpty ? "" : ": \(message)")
        case .retrying: text = "pod \(pod): \(message)"
        case .gone: text = "pod \(pod) is gone"
        case .failed: text = "pod \(pod) cannot be evicted: \(message)"
        case .queued: text = "pod \(pod) is still there"
        case .terminating: return nil
        }
        return ProgressLine(text: text.onOneLine, phase: phase, after: after(move.ts))
    }
}
