import Telemetry
import Timestamps

/// Encoded spans on their way to a collector: a bounded queue, and one batch at a time, sent again until it is settled.
struct SpanQueue {
    struct Limits: Sendable {
        /// Of all spans without a fate, also of those being sent.
        var bytes = 1 << 20
        var batch = 512
        /// The longest that a span waits for company.
        var delay = Duration.seconds(1)
        /// About so long before the first retry, twice as long each time, and never longer than the other.
        var firstRetry = Duration.seconds(1)
        var longestRetry = Duration.seconds(30)
        /// The longest pause that a collector is granted.
        var longestPause = Duration.seconds(300)
    }

    enum Next: Equatable {
        case send([[UInt8]])
        case wait(until: Timestamp)
        case idle
    }

    /// For the log.
    enum Remark: Equatable {
        case beganToFail(String)
        case worksAgain
        /// Told once.
        case rejected(Int, String)
    }

    private let limits: Limits
    private var waiting: [(span: [UInt8], since: Timestamp)] = []
    private var bytes = 0
    private var batch: [[UInt8]] = []
    private var isInFlight = false
    private var tries = 0
    private var retryAt = Timestamp(nanoseconds: .min)
    /// By the collector itself.
    private var pauseIsAskedFor = false
    private var isHurried = false
    private var isOver = false
    private var isFailing = false
    private var hasToldRejection = false
    private var fates: [SpanFate: Int] = [:]
    /// Spans taken, and spans of these that met their fate, since the beginning.
    private(set) var offered = 0
    private(set) var settled = 0

    init(_ limits: Limits = Limits()) { self.limits = limits }

    /// Takes a span if there is room; whether that changes what is to be done.
    mutating func offer(_ span: [UInt8], at now: Timestamp) -> Bool {
        guard !isOver, span.count <= limits.bytes - bytes else {
            fates[.dropped, default: 0] += 1
            return false
        }
        offered += 1
        bytes += span.count
        waiting.append((span, now))
        return waiting.count == 1 || waiting.count == limits.batch
    }

    /// What is to be done now; while a batch is being sent nothing is.
    mutating func next(at now: Timestamp) -> Next {
        guard !isInFlight, !isOver else { return .idle }
        if batch.isEmpty {
            guard let oldest = waiting.first else { return .idle }
            let due = isHurried || waiting.count >= limits.batch ? now : oldest.since + limits.delay
            guard due <= now else { return .wait(until: due) }
            batch = waiting.prefix(limits.batch).map(\.span)
            waiting.removeFirst(batch.count)
        } else if retryAt > now {
            return .wait(until: retryAt)
        }
        isInFlight = true
        return .send(batch)
    }

    mutating func answered(
        _ reply: ExportReply, at now: Timestamp, using random: inout some RandomNumberGenerator
    ) -> [Remark] {
        isInFlight = false
        guard !isOver else { return [] }
        switch reply {
        case .accepted(let rejected, let message):
            let rejected = min(max(0, rejected), batch.count)
            settle(rejected: rejected)
            let recovery: [Remark] = isFailing ? [.worksAgain] : []
            isFailing = false
            guard rejected > 0 || !message.isEmpty, !hasToldRejection else { return recovery }
            hasToldRejection = true
            return recovery + [.rejected(rejected, message)]
        case .refused(let reason):
            settle(rejected: batch.count)
            return failed(reason)
        case .later(let reason, let pause):
            tries += 1
            pauseIsAskedFor = pause != nil
            retryAt = now + min(pause ?? backoff(using: &random), limits.longestPause)
            return failed(reason)
        }
    }

    /// Nothing waits for company any more, nor for a pause that only we thought right.
    mutating func hurry() {
        isHurried = true
        tries = 0
        if !pauseIsAskedFor { retryAt = Timestamp(nanoseconds: .min) }
    }

    mutating func relax() { isHurried = false }

    /// What was not sent is lost, and nothing more is taken.
    mutating func abandon() {
        isOver = true
        let left = batch.count + waiting.count
        if left > 0 { fates[.dropped, default: 0] += left }
        settled = offered
        bytes = 0
        batch = []
        waiting = []
    }

    /// What became of spans since this was last asked.
    mutating func takeFates() -> [SpanFate: Int] {
        defer { fates = [:] }
        return fates
    }

    private mutating func settle(rejected: Int) {
        let written = batch.count - rejected
        if written > 0 { fates[.written, default: 0] += written }
        if rejected > 0 { fates[.failed, default: 0] += rejected }
        settled += batch.count
        bytes -= batch.reduce(0) { $0 + $1.count }
        batch = []
        tries = 0
    }

    private mutating func failed(_ reason: String) -> [Remark] {
        defer { isFailing = true }
        return isFailing ? [] : [.beganToFail(reason)]
    }

    /// Between half of it and all of it, so that agents do not come all at once. In a hurry there is no time to be
    /// patient.
    private func backoff(using random: inout some RandomNumberGenerator) -> Duration {
        let doubled = limits.firstRetry * (1 << min(tries - 1, 20))
        let longest = isHurried ? limits.firstRetry / 2 : limits.longestRetry
        return min(doubled, longest) * Double.random(in: 0.5...1, using: &random)
    }
}
