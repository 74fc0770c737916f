import KubernetesAPI
import Timestamps

@testable import DrainAgent
@testable import DrainEngine

/// What is read from a pod's and a node's annotations.
enum RecordChecks {
    static func annotations(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let names = ["grace-period-seconds", "evict", "order"]
        let pairs = names.map { (PodOverrides.prefix + $0, input.line()) }
        let pod = Pod(
            metadata: ObjectMeta(
                name: "web-0", namespace: "shop", annotations: Dictionary(uniqueKeysWithValues: pairs)))
        let overrides = PodOverrides(pod)
        require((overrides.gracePeriodSeconds ?? 0) >= 0, "a grace period is none below zero")
        let followed = [overrides.gracePeriodSeconds.map { "\($0)" }, "\(overrides.evicts)", "\(overrides.order)"]
        for ((name, text), value) in zip(pairs, followed) {
            let isProblem = overrides.problems.contains { $0.annotation == name }
            require(isProblem || same(text, value ?? ""), "\(name): \(text) is followed, or said: \(value ?? "")")
        }
    }

    /// `+05` is 5.
    private static func same(_ a: String, _ b: String) -> Bool { a == b || (Int64(a) != nil && Int64(a) == Int64(b)) }

    /// The drain's record, as the node has it.
    static func record(_ bytes: [UInt8]) {
        record(on: Node(metadata: ObjectMeta(name: "node-a", annotations: [DrainRecord.annotation: bytes.text])))
    }

    static func record(on node: Node) {
        guard let record = try? DrainRecord(on: node) else { return }
        var marked = node
        marked.metadata.annotations[DrainRecord.annotation] = record.text
        let again = (try? DrainRecord(on: marked)) ?? nil
        require(again?.text == record.text, "\(record.text) is read as something else")
        _ = try? DrainDemand(resuming: record)
    }
}
