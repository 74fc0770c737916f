import KubernetesAPI
import Timestamps

/// The pods that are on their way out, and why those that should be gone are not.
struct Terminations {
    /// After its deletionTimestamp, which lies ahead by the grace period, before a pod is called stuck.
    static let patience = Duration.seconds(10)

    /// What a diagnosis needs of a pod; kept only while it terminates.
    private struct Patient {
        var deadline: Timestamp
        var finalizers: [String]
        var running: [String]
        var claims: [String]
        var diagnosis: StuckTermination?

        init(_ pod: Pod, deadline: Timestamp) {
            self.deadline = deadline
            finalizers = pod.metadata.finalizers
            running = pod.status.containerStatuses.filter(\.isRunning).map(\.name)
            claims = pod.spec.volumes.compactMap(\.persistentVolumeClaim?.claimName)
        }
    }

    private var patients: [Int: Patient] = [:]
    /// When the next pod becomes overdue; possibly too early, never too late.
    private(set) var nextWake: Timestamp?

    /// The watch or a list shows a pod of the drain.
    mutating func observed(_ pod: Pod, index: Int, _ node: NodeView, at now: Timestamp) -> [DrainEvent.Fact] {
        guard let deadline = pod.deletionDeadline(known: patients[index]?.deadline, at: now) else { return [] }
        var patient = Patient(pod, deadline: deadline)
        patient.diagnosis = patients[index]?.diagnosis
        let facts = diagnose(index, &patient, node, at: now)
        patients[index] = patient
        return facts
    }

    mutating func gone(_ index: Int) -> [DrainEvent.Fact] {
        guard let patient = patients.removeValue(forKey: index), patient.diagnosis != nil else { return [] }
        return [.stuck(pod: index, nil)]
    }

    /// The node is another, or time has passed: everybody is looked at again.
    mutating func review(_ node: NodeView, at now: Timestamp) -> [DrainEvent.Fact] {
        nextWake = nil
        var facts: [DrainEvent.Fact] = []
        for index in patients.keys.sorted() {
            guard var patient = patients[index] else { continue }
            facts += diagnose(index, &patient, node, at: now)
            patients[index] = patient
        }
        return facts
    }

    private mutating func diagnose(
        _ index: Int, _ patient: inout Patient, _ node: NodeView, at now: Timestamp
    ) -> [DrainEvent.Fact] {
        let overdue = patient.deadline + Self.patience
        guard overdue <= now else {
            nextWake = min(nextWake ?? overdue, overdue)
            guard patient.diagnosis != nil else { return [] }
            patient.diagnosis = nil
            return [.stuck(pod: index, nil)]
        }
        let diagnosis = Self.diagnosis(patient, node)
        guard diagnosis != patient.diagnosis else { return [] }
        patient.diagnosis = diagnosis
        return [.stuck(pod: index, diagnosis)]
    }

    /// What keeps a pod, in the order in which it has to be dealt with.
    private static func diagnosis(_ patient: Patient, _ node: NodeView) -> StuckTermination {
        func stuck(_ reason: StuckTermination.Reason, _ detail: String) -> StuckTermination {
            StuckTermination(reason: reason, detail: detail, overdueSince: patient.deadline)
        }
        if let problem = node.notReady { return stuck(.nodeNotReady, problem) }
        if !patient.running.isEmpty {
            return stuck(.containersRunning, patient.running.joined(separator: ", "))
        }
        if !patient.finalizers.isEmpty { return stuck(.finalizers, patient.finalizers.joined(separator: ", ")) }
        if !patient.claims.isEmpty, !node.volumesAttached.isEmpty {
            return stuck(.volumeAttached, "claims \(patient.claims.joined(separator: ", "))")
        }
        return stuck(.unknown, "the kubelet has not reported its containers stopped, or has not been heard")
    }
}
