internal import DrainEngine
internal import KubernetesAPI
import Telemetry

/// The histograms' bounds: seconds, but for the attempts.
enum Buckets {
    static let waits: [Double] = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400]
    static let deletions: [Double] = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]
    static let attempts: [Double] = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
    static let requests: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10, 40]
}

/// One instrument for each word of a vocabulary, all there from 0 at the start.
public struct PerWord<Word: RawRepresentable & CaseIterable & Hashable & Sendable, Instrument: Sendable>: Sendable
where Word.RawValue == String {
    private let instruments: [Word: Instrument]

    public init(_ make: (Word) -> Instrument) {
        instruments = Dictionary(uniqueKeysWithValues: Word.allCases.map { ($0, make($0)) })
    }

    public subscript(word: Word) -> Instrument {
        guard let instrument = instruments[word] else { preconditionFailure("every word has an instrument") }
        return instrument
    }

    func forEach(_ body: (Word, Instrument) -> Void) { Word.allCases.forEach { body($0, self[$0]) } }
}

/// Which agent this is.
public struct BuildInfo: Sendable, Equatable {
    public var version: String
    public var revision: String
    public var swiftVersion: String

    public init(version: String, revision: String, swiftVersion: String) {
        self.version = version
        self.revision = revision
        self.swiftVersion = swiftVersion
    }
}

/// Every family of the drain by its name in docs/metrics.md; registered once, exposed from the first scrape on.
struct DrainFamilies: Sendable {
    let state: PerWord<DrainState, Gauge>
    let stateStart: Gauge
    let start: Gauge
    let deadline: Gauge
    let lastProgress: Gauge
    let lastCompletion: PerWord<DrainOutcome, Gauge>
    let nodeUnschedulable: Gauge
    let pods: PerWord<PodPhase, Gauge>
    let podsExcluded: PerWord<ExclusionReason, Gauge>
    let phaseSeconds: PerWord<PodPhase, Counter>
    let attempts: PerWord<EvictionAnswer, Counter>
    let retries: PerWord<EvictionAnswer, Counter>
    let finished: PerWord<PodResult, Counter>
    let suppressedBudgets: Gauge
    let waits: PerWord<WaitOutcome, Histogram>
    let deletions: Histogram
    let podAttempts: Histogram
    let durations: Histogram
    let oldestDeletionDeadline: Gauge
    let watchRestarts: PerWord<WatchRestart, Counter>
    let backoff: Counter
    let projectedOverrun: Gauge
    let stuck: PerWord<StuckTermination.Reason, Gauge>
    let deadlineDeletions: PerWord<DeletionResult, Counter>
    let unblocks: PerWord<UnblockResult, Counter>
    let turn: PerWord<TurnWord, Gauge>
    let fleetPlace: Gauge
    let volumesAttached: Gauge
    let brokenBudgetWatches: Gauge

    init(_ registry: Registry) {
        func gauge(_ name: String, _ help: String, _ labels: Labels = [:]) -> Gauge {
            registry.gauge("drain_\(name)", help: help, labels: labels)
        }
        func counter(_ name: String, _ help: String, _ labels: Labels = [:]) -> Counter {
            registry.counter("drain_\(name)", help: help, labels: labels)
        }
        func histogram(_ name: String, _ help: String, _ buckets: [Double], _ labels: Labels = [:]) -> Histogram {
            registry.histogram("drain_\(name)", help: help, buckets: buckets, labels: labels)
        }
        state = PerWord { gauge("state", "Exactly one state is 1.", ["state": $0.rawValue]) }
        stateStart = gauge("state_start_timestamp_seconds", "When the current state began.")
        start = gauge("start_timestamp_seconds", "When the drain began; 0: none yet.")
        deadline = gauge("deadline_timestamp_seconds", "When the drain gives up; 0: never.")
        lastProgress = gauge(
            "last_progress_timestamp_seconds",
            "When a pod was last gone, an eviction accepted or the state changed; 0: not yet.")
        lastCompletion = PerWord {
            gauge(
                "last_completion_timestamp_seconds", "When a drain last ended with this outcome; 0: none has.",
                ["outcome": $0.rawValue])
        }
        nodeUnschedulable = gauge("node_unschedulable", "1: the node was cordoned when last seen.")
        pods = PerWord { gauge("pods", "Pods of the current drain by phase.", ["phase": $0.rawValue]) }
        podsExcluded = PerWord {
            gauge("pods_excluded", "Pods on the node that are left alone, by reason.", ["reason": $0.rawValue])
        }
        phaseSeconds = PerWord {
            counter(
                "pod_phase_seconds_total", "Pod-seconds spent in each phase; grows while pods are in it.",
                ["phase": $0.rawValue])
        }
        attempts = PerWord {
            counter("eviction_attempts_total", "Eviction requests by answer.", ["answer": $0.rawValue])
        }
        retries = PerWord {
            counter(
                "eviction_retries_total", "Eviction requests sent again, by the answer before.",
                ["answer": $0.rawValue])
        }
        finished = PerWord { counter("pods_finished_total", "Pods dealt with, by result.", ["result": $0.rawValue]) }
        suppressedBudgets = gauge(
            "pdb_series_suppressed", "Blocking budgets beyond the 20 that have series of their own.")
        waits = PerWord {
            histogram(
                "pdb_wait_duration_seconds", "A pod's wait on a budget, from the first refusal to its end.",
                Buckets.waits, ["outcome": $0.rawValue])
        }
        deletions = histogram(
            "pod_deletion_duration_seconds", "From an accepted eviction to the pod being gone.", Buckets.deletions)
        podAttempts = histogram("pod_eviction_attempts", "Eviction requests that a pod took.", Buckets.attempts)
        durations = histogram("duration_seconds", "Whole drains.", Buckets.waits)
        oldestDeletionDeadline = gauge(
            "oldest_deletion_deadline_timestamp_seconds", "The earliest deletionTimestamp still pending; 0: none.")
        watchRestarts = PerWord {
            counter("api_watch_restarts_total", "Watches begun again, by reason.", ["reason": $0.rawValue])
        }
        backoff = counter("api_backoff_seconds_total", "Time spent waiting before requests were sent again.")
        projectedOverrun = gauge(
            "projected_overrun_seconds",
            "So late it will be, as things go; 0: in time, or no deadline; +Inf: never done.")
        stuck = PerWord {
            gauge("pods_stuck", "Terminating pods that should be gone and are not, by reason.", ["reason": $0.rawValue])
        }
        deadlineDeletions = PerWord {
            counter(
                "deadline_deletions_total", "Pods deleted past their budgets at the deadline, by result.",
                ["result": $0.rawValue])
        }
        unblocks = PerWord {
            counter(
                "unblocks_total", "Owners whose budget can never allow, by what was done.", ["result": $0.rawValue])
        }
        turn = PerWord {
            gauge(
                "fleet_turn", "1: so it stands with the node's turn; none is 1: the fleet takes no turns.",
                ["standing": $0.rawValue])
        }
        fleetPlace = gauge("fleet_place", "The node's place among those that wait for their turn; 0: it does not wait.")
        volumesAttached = gauge("volumes_attached", "Volumes of pods that are gone, still attached to the node.")
        brokenBudgetWatches = gauge(
            "pdb_watches_broken", "Watches of budgets that do not work: each budget is asked every few seconds instead."
        )
    }
}
