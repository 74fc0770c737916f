import DrainEngine
import Telemetry
import Timestamps

/// Sorts the spans of any number of files into the drains that they tell of.
public struct ReportBuilder: Sendable {
    private struct Key: Hashable {
        var traceID: String
        var instance: String
        var node: String
    }

    private var runs: [Key: RunDraft] = [:]

    public init() {}

    public mutating func add(_ span: SpanRecord) {
        runs[Key(traceID: span.traceID, instance: span.instance, node: span.node), default: RunDraft()].add(span)
    }

    /// `files`: what was wrong with each, by its name.
    public func report(files: [(name: String, problems: SpanReader.Problems)]) -> Report {
        var groups: [[(Key, RunDraft)]] = []
        for (key, run) in runs.sorted(by: Self.inOrder) {
            let last = groups.lastIndex { $0[0].0.traceID == key.traceID && $0[0].1.node == run.node }
            if let last, Self.goesOn(groups[last], with: run) {
                groups[last].append((key, run))
            } else {
                groups.append([(key, run)])
            }
        }
        return Report(drains: groups.map { DrainStory(traceID: $0[0].0.traceID, runs: $0.map(\.1)) }, files: files)
    }

    private static func inOrder(_ a: (key: Key, value: RunDraft), _ b: (key: Key, value: RunDraft)) -> Bool {
        let (first, second) = (a.value.first?.nanoseconds ?? 0, b.value.first?.nanoseconds ?? 0)
        return first == second
            ? (a.value.node, a.key.traceID, a.key.instance) < (b.value.node, b.key.traceID, b.key.instance)
            : first < second
    }

    /// Whether the run takes up the drain where those before it left it: nobody does after an outcome.
    private static func goesOn(_ runs: [(Key, RunDraft)], with next: RunDraft) -> Bool {
        let roots = runs.compactMap(\.1.root)
        guard !roots.contains(where: { $0.text("drain.outcome") != nil }) else { return false }
        guard let root = next.root else { return true }
        let ids = Set((roots + [root]).compactMap { $0.text("drain.id") })
        return root.truth("drain.resumed") && ids.count <= 1
    }
}

/// Every drain of the files, in the order of their starts.
public struct Report: Sendable {
    public var drains: [DrainStory]
    public var files: [(name: String, problems: SpanReader.Problems)]
}

extension DrainStory {
    /// `runs`: at least one, in the order of their starts.
    fileprivate init(traceID: String, runs drafts: [RunDraft]) {
        let runs = drafts.map { draft in
            Run(start: draft.root?.start ?? draft.start, end: draft.root?.end ?? draft.end)
        }
        let roots = drafts.compactMap(\.root)
        let last = drafts.last?.root
        let start = runs.map(\.start).min() ?? Timestamp(nanoseconds: 0)
        let end = runs.map(\.end).max() ?? start
        func said(_ key: String) -> String? { roots.compactMap { $0.text(key) }.last }
        let pods = Self.merged(zip(drafts, runs).map { $0.stories(until: $1.end) })
        self.init(
            node: drafts.map(\.node).first { !$0.isEmpty } ?? "", traceID: traceID, id: said("drain.id"),
            trigger: said("drain.trigger"), deadline: said("drain.deadline").flatMap { Timestamp(rfc3339: $0) },
            dryRun: said("drain.dry_run"), isResumed: roots.contains { $0.truth("drain.resumed") },
            ending: Self.ending(last), reason: last.map { $0.text("drain.outcome") == nil ? "" : $0.message } ?? "",
            start: start, end: end, counts: Self.counts(last, pods), runs: runs,
            turns: drafts.flatMap(\.turns).sorted { $0.start < $1.start },
            happenings: roots.flatMap(\.events).sorted { $0.at < $1.at }.map { Happening(at: $0.at, text: $0.text) },
            pods: pods)
    }

    private static func ending(_ root: SpanRecord?) -> Ending {
        guard let root else { return .cutOff }
        return root.text("drain.outcome").map { .ended($0) } ?? .interrupted
    }

    private static func counts(_ root: SpanRecord?, _ pods: [PodStory]) -> Counts {
        if let root, let total = root.count("drain.pods.total") {
            return Counts(
                total: total, evicted: root.count("drain.pods.evicted") ?? 0,
                vanished: root.count("drain.pods.vanished") ?? 0, failed: root.count("drain.pods.failed") ?? 0,
                remaining: root.count("drain.pods.remaining") ?? 0, excluded: root.count("drain.pods.excluded"))
        }
        func ended(_ result: PodResult) -> Int { pods.count { $0.result == result.rawValue } }
        let (evicted, vanished) = (ended(.evicted), ended(.vanished))
        return Counts(
            total: pods.count, evicted: evicted, vanished: vanished, failed: ended(.failed),
            remaining: pods.count - evicted - vanished, excluded: nil)
    }

    /// A pod that two runs met is one.
    private static func merged(_ runs: [[PodStory]]) -> [PodStory] {
        var merged: [PodStory] = []
        var known: [String: Int] = [:]
        for pod in runs.joined() {
            if !pod.uid.isEmpty, let index = known[pod.uid] {
                merged[index].goOn(with: pod)
            } else {
                known[pod.uid] = merged.count
                merged.append(pod)
            }
        }
        return merged.sorted { ($0.start.nanoseconds, $0.title, $0.uid) < ($1.start.nanoseconds, $1.title, $1.uid) }
    }
}

extension RunDraft {
    fileprivate var start: Timestamp { first ?? Timestamp(nanoseconds: 0) }
    fileprivate var end: Timestamp { last ?? start }
}

extension PodStory {
    /// The next run's word counts where both have one.
    fileprivate mutating func goOn(with next: PodStory) {
        end = max(end, next.end)
        result = next.result
        lastPhase = next.lastPhase
        isWhole = isWhole && next.isWhole
        for (phase, more) in next.seconds { seconds[phase, default: 0] += more }
        for (answer, more) in next.answers { answers[answer, default: 0] += more }
        attempts += next.attempts
        retries += next.retries
        waits += next.waits
        terminations += next.terminations
        stretches += next.stretches
        stuck = next.stuck ?? stuck
        isDeletedAtDeadline = isDeletedAtDeadline || next.isDeletedAtDeadline
        if !next.tier.isEmpty { tier = next.tier }
        message = next.message
    }
}

extension SpanRecord.Event {
    /// For people.
    fileprivate var text: String {
        func word(_ key: String) -> String {
            guard case .string(let text)? = attributes[key] else { return "" }
            return text
        }
        switch name {
        case "unblock":
            let reason = word("drain.unblock.reason")
            let budget = "budget \(word("k8s.namespace.name"))/\(word("drain.pdb"))"
            return "\(word("drain.unblock.owner")) \(word("drain.unblock.result")) to unblock \(budget)"
                + (reason.isEmpty ? "" : ": \(reason)")
        case "uncordoned_by_others":
            let recordons = attributes["drain.recordons"] == .bool(true)
            return "somebody made the node schedulable" + (recordons ? "; it was cordoned again" : "")
        default: return name
        }
    }
}
