import Locking
import Telemetry

/// Says once that lines are lost, whatever the number: counting them is for the metrics.
final class LossNotice: Sendable {
    private let isSaid = Lock(false)
    private let say: @Sendable (_ reason: String) -> Void

    init(_ say: @escaping @Sendable (_ reason: String) -> Void) { self.say = say }

    func lost(_ reason: String) {
        let isFirst = isSaid.withLock { isSaid in
            defer { isSaid = true }
            return !isSaid
        }
        if isFirst { say(reason) }
    }

    /// For lines that were not even tried.
    func dropped() { lost("they had to wait too long: nobody reads, or too slowly") }
}

extension LineSink {
    /// What people read; when it cannot be written, stderr says so.
    static func standardOutput(queueLimit: Int = 1 << 20) -> LineSink {
        let notice = LossNotice { Complaint.say("drain-agent: standard output is lost: \($0)") }
        return LineSink(
            descriptor: 1, closesDescriptor: false, queueLimit: queueLimit,
            onFate: { fate, _ in if fate == .dropped { notice.dropped() } },
            onFailure: { notice.lost("\($0)") })
    }
}
