internal import FoundationEssentials
public import KubernetesAPI
public import Timestamps

/// What is written on the node while it is drained, so that whoever comes after us knows: the value of one annotation.
public struct DrainRecord: Sendable, Equatable {
    public static let annotation = "drain-agent.dev/drain"

    /// Whose drain it is: an agent resumes its own only.
    public var agent: String
    public var id: String
    public var trigger: DrainTrigger
    public var started: Timestamp
    public var deadline: Timestamp?
    /// What POST /drain asked for, as it came; empty: nothing special.
    public var options: String
    /// The boot of the node in which it began.
    public var bootID: String
    /// We made the node unschedulable. Outlives the outcome.
    public var cordoned: Bool
    /// Pods planned at first.
    public var total: Int
    /// `nil`: it goes on.
    public var outcome: DrainOutcome?
    /// Why it ended so.
    public var reason: String

    public init(
        agent: String, id: String, trigger: DrainTrigger, started: Timestamp, deadline: Timestamp? = nil,
        options: String = "", bootID: String, cordoned: Bool = false, total: Int = 0, outcome: DrainOutcome? = nil,
        reason: String = ""
    ) {
        self.agent = agent
        self.id = id
        self.trigger = trigger
        self.started = started
        self.deadline = deadline
        self.options = options
        self.bootID = bootID
        self.cordoned = cordoned
        self.total = total
        self.outcome = outcome
        self.reason = reason
    }
}

extension DrainRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case agent, id, trigger, started, deadline, options, cordoned, total, outcome, reason
        case bootID = "boot_id"
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        agent = try object.decodeIfPresent(String.self, forKey: .agent) ?? ""
        id = try object.decode(String.self, forKey: .id)
        trigger = try object.decode(DrainTrigger.self, forKey: .trigger)
        started = try object.decode(Timestamp.self, forKey: .started)
        deadline = try object.decodeIfPresent(Timestamp.self, forKey: .deadline)
        options = try object.decodeIfPresent(String.self, forKey: .options) ?? ""
        bootID = try object.decodeIfPresent(String.self, forKey: .bootID) ?? ""
        cordoned = try object.decodeIfPresent(Bool.self, forKey: .cordoned) ?? false
        total = try object.decodeIfPresent(Int.self, forKey: .total) ?? 0
        outcome = try object.decodeIfPresent(String.self, forKey: .outcome).flatMap(DrainOutcome.init(rawValue:))
        reason = try object.decodeIfPresent(String.self, forKey: .reason) ?? ""
    }

    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(agent, forKey: .agent)
        try object.encode(id, forKey: .id)
        try object.encode(trigger, forKey: .trigger)
        try object.encode(started, forKey: .started)
        try object.encodeIfPresent(deadline, forKey: .deadline)
        if !options.isEmpty { try object.encode(options, forKey: .options) }
        try object.encode(bootID, forKey: .bootID)
        try object.encode(cordoned, forKey: .cordoned)
        try object.encode(total, forKey: .total)
        try object.encodeIfPresent(outcome?.rawValue, forKey: .outcome)
        if !reason.isEmpty { try object.encode(reason, forKey: .reason) }
    }

    /// What a node carries; `nil`: nothing. Throws where the annotation cannot be read.
    public init?(on node: Node) throws(Malformed) {
        guard let text = node.metadata.annotations[Self.annotation] else { return nil }
        do { self = try JSONDecoder().decode(DrainRecord.self, from: Data(text.utf8)) } catch {
            throw Malformed(description: "annotation \(Self.annotation) of node \(node.metadata.name) cannot be read")
        }
    }

    public struct Malformed: Error, Equatable, CustomStringConvertible { public var description: String }

    /// The annotation's value.
    public var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
            preconditionFailure("strings, numbers and moments always encode: \(error)")
        }
    }
}
