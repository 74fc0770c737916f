import DrainEngine
import HTTPClient
import KubernetesAPI
import Timestamps

@testable import DrainAgent

/// Small texts: durations, moments, selectors, numbers, names.
enum WordChecks {
    static func duration(_ bytes: [UInt8]) {
        guard let duration = GoDuration.parse(bytes.text) else { return }
        let milliseconds = duration.nanoseconds / 1_000_000
        let written = GoDuration.format(duration)
        let again = GoDuration.parse(written)
        require(again == .milliseconds(milliseconds), "\(bytes.text) is written \(written), which is \(again as Any)")
        require(!bytes.text.contains { $0.isWhitespace }, "Go has no spaces in a duration")
        _ = DurationArgument(argument: bytes.text)
    }

    static func time(_ bytes: [UInt8]) {
        guard let moment = Timestamp(rfc3339: bytes.text) else { return }
        let written = moment.rfc3339(.microseconds)
        require(Timestamp(rfc3339: written)?.rfc3339(.microseconds) == written, "\(written) is read as another moment")
        let seconds = moment.rfc3339()
        require(written.hasPrefix(seconds.dropLast()), "\(written) and \(seconds) are the same second")
        // Whatever is done with a moment is held at the ends.
        for other in [ObjectChecks.now, Timestamp.distantFuture, Timestamp(nanoseconds: .min)] {
            _ = (moment - other, other - moment, moment + (moment - other), moment - (other - moment))
        }
    }

    static func selector(_ bytes: [UInt8]) {
        let selector: LabelSelector
        do { selector = try LabelSelector(parsing: bytes.text) } catch { return }
        let written = "\(selector)"
        let again = try? LabelSelector(parsing: written)
        require(again == selector, "\(bytes.text) is written \(written), which is \(again as Any)")
        for labels in [[:], ["app": "web"], ["app": "", "generation": "3"]] {
            require(selector.matches(labels) == again?.matches(labels), "\(written) selects the same")
        }
    }

    static func intOrPercent(_ bytes: [UInt8]) {
        guard let bound = ObjectChecks.decoded(bytes, IntOrPercent.self) else { return }
        resolve(bound)
        let json = if case .int = bound { "\(bound)" } else { "\"\(bound)\"" }
        require(ObjectChecks.decoded(Array(json.utf8), IntOrPercent.self) == bound, "\(json) is not \(bound)")
    }

    static func resolve(_ bound: IntOrPercent) {
        for total in [0, 1, 3, 100, Int.max, -1, Int.min] {
            let (down, up) = (bound.resolved(of: total, .down), bound.resolved(of: total, .up))
            require(up == down || up == down + 1, "rounding is by one at most")
        }
    }

    static func retryAfter(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let headers = HTTPHeaders([(name: "Retry-After", value: input.line()), (name: "date", value: input.line())])
        guard let pause = RetryAfter.duration(headers, now: ObjectChecks.now) else { return }
        require(pause >= .zero, "nobody waits for less than nothing")
        require(ObjectChecks.now + pause >= ObjectChecks.now, "a pause ends later")
    }

    static func nodeName(_ bytes: [UInt8]) {
        guard let name = NodeName(argument: bytes.text)?.value else { return }
        require(NodeName(argument: name)?.value == name, "a name stays a name")
        require(
            !name.isEmpty && name.utf8.allSatisfy { $0 > 0x2C && $0 < 0x7B && $0 != 0x2F }, "\(name) is a path's part")
    }
}
