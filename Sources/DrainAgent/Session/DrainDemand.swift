import DrainEngine
import FoundationEssentials
import KubernetesAPI
import Timestamps

/// What somebody asks for: a drain, and how it should differ from what the flags say.
struct DrainDemand: Sendable, Equatable {
    struct Overrides: Sendable, Equatable {
        /// `nil`: as the flags have it. Zero: never gives up.
        var timeout: Duration?
        /// At most `longestGrace`.
        var gracePeriodSeconds: Int64?
        var podSelector: LabelSelector?
        var dryRun: DrainPolicy.DryRun?
    }

    var trigger: DrainTrigger
    /// A name for it; made up when nobody gives one.
    var id: String?
    var overrides = Overrides()
    /// What `overrides` was read from, as it came.
    var body = ""
    var traceparent: String?
    /// What an earlier process of ours had begun.
    var resumes: DrainRecord?
    /// Whatever else is asked for, it must have ended by then.
    var limit: TimeLimit?

    init(_ trigger: DrainTrigger) { self.trigger = trigger }

    /// A recorded drain once more.
    init(resuming record: DrainRecord) throws(Overrides.Malformed) {
        trigger = record.trigger
        id = record.id
        body = record.options
        overrides = try Overrides.parse(Array(record.options.utf8)).overrides
        resumes = record
    }

    func applied(to policy: DrainPolicy) -> DrainPolicy {
        var policy = policy
        if let grace = overrides.gracePeriodSeconds { policy.gracePeriodSeconds = grace }
        if let selector = overrides.podSelector { policy.podSelector = selector }
        if let dryRun = overrides.dryRun { policy.dryRun = dryRun }
        policy.recordedOptions = body
        return policy
    }
}

extension DrainDemand.Overrides {
    /// Seconds: a server counts a grace period in nanoseconds of 64 bits, and longer ones come out in the past.
    static let longestGrace: Int64 = 1_000_000_000

    /// Which field of the body is wrong, and how.
    struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Body: Decodable {
        var id: String?
        var overrides = DrainDemand.Overrides()

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            for key in fields.allKeys {
                switch key.stringValue {
                case "drain_id": id = try Body.name(fields.decode(String.self, forKey: key))
                case "timeout": overrides.timeout = try Body.duration(fields.decode(String.self, forKey: key))
                case "grace_period_seconds":
                    overrides.gracePeriodSeconds = try Body.grace(Body.integer(fields, key))
                case "pod_selector":
                    overrides.podSelector = try Body.selector(fields.decode(String.self, forKey: key))
                case "dry_run": overrides.dryRun = try Body.dryRun(fields.decode(String.self, forKey: key))
                case let name:
                    throw Malformed(
                        description:
                            "unknown field \"\(name)\": drain_id, timeout, grace_period_seconds, pod_selector and dry_run are known"
                    )
                }
            }
        }

        private static func name(_ text: String) throws -> String {
            let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
            guard isPlain, (1...128).contains(text.utf8.count) else {
                throw Malformed(description: "drain_id: 1 to 128 letters, digits, '-', '_' and '.'")
            }
            return text
        }

        private static func duration(_ text: String) throws -> Duration {
            guard let value = GoDuration.parse(text), value >= .zero else {
                throw Malformed(description: "timeout: not a duration like 90s or 10m: \"\(text)\"")
            }
            return value
        }

        /// A fraction, or a number beyond an integer, is no syntax error, though the decoder's own error says so outside.
        private static func integer(_ fields: KeyedDecodingContainer<Key>, _ key: Key) throws -> Int64 {
            do { return try fields.decode(Int64.self, forKey: key) } catch let error as DecodingError {
                throw error
            } catch {
                throw Malformed(description: "\(key.stringValue): not a whole number in range")
            }
        }

        private static func grace(_ seconds: Int64) throws -> Int64 {
            guard (0...longestGrace).contains(seconds) else {
                throw Malformed(description: "grace_period_seconds: 0 to \(longestGrace)")
            }
            return seconds
        }

        private static func selector(_ text: String) throws -> LabelSelector {
            do { return try LabelSelector(parsing: text) } catch {
                throw Malformed(description: "pod_selector: \(error)")
            }
        }

        private static func dryRun(_ text: String) throws -> DrainPolicy.DryRun {
            guard let value = DrainPolicy.DryRun(rawValue: text) else {
                throw Malformed(description: "dry_run: none, client or server, not \"\(text)\"")
            }
            return value
        }
    }

    /// Reads the body of POST /drain; an empty one asks for nothing special.
    static func parse(_ body: [UInt8]) throws(Malformed) -> (id: String?, overrides: DrainDemand.Overrides) {
        guard !body.isEmpty else { return (nil, DrainDemand.Overrides()) }
        do {
            let parsed = try JSONDecoder().decode(Body.self, from: Data(body))
            return (parsed.id, parsed.overrides)
        } catch let error as Malformed {
            throw error
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context) {
            let field = context.codingPath.last?.stringValue
            throw Malformed(description: field.map { "\($0): has the wrong type" } ?? "the body must be a JSON object")
        } catch {
            throw Malformed(description: "the body is not JSON")
        }
    }
}
