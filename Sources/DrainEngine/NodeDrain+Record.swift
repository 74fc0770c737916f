import KubernetesAPI
import Timestamps

// The record on the node: written with the cordon, in one request, and closed at the end.
extension NodeDrain {
    private var keepsRecord: Bool { policy.recordedAs != nil && policy.dryRun == .none && !policy.surveysOnly }

    /// Its boot, its record, and whether its cordon is ours.
    mutating func seen(_ node: Node, at now: Timestamp, into step: inout DrainStep) {
        cordonedAt = node.spec.unschedulable ? now : nil
        bootID = node.status.bootID
        do { record = try DrainRecord(on: node) } catch {
            tell(.requestFailed(.read, message: error.description, retryIn: .zero), at: now, into: &step)
        }
        // It is ours to close, however early we end.
        if start?.resumes != nil, keepsRecord { isRecorded = record?.id == start?.id }
        let isOurs = record.map { $0.cordoned && $0.agent == policy.recordedAs && $0.bootID == bootID } ?? false
        weCordoned = cordonedAt != nil && isOurs && !bootID.isEmpty
        guard let resumed = start?.resumes, resumed.cordoned, cordonedAt == nil, !cordonsAgain else { return }
        isRecorded = true
        tell(.uncordonedByOthers(recordons: policy.onUncordon == .recordon), at: now, into: &step)
        guard policy.onUncordon == .stop else { return cordonsAgain = true }
        end(.cancelled, "somebody made the node schedulable", at: now, into: &step)
    }

    /// The record as it is to be; `nil`: none is kept.
    private func recordNow(pods: Int, cordoned: Bool) -> DrainRecord? {
        guard keepsRecord, let agent = policy.recordedAs, let start, let startedAt else { return nil }
        let resumed = start.resumes
        return DrainRecord(
            agent: agent, id: start.id, trigger: start.trigger, started: resumed?.started ?? startedAt,
            deadline: resumed == nil ? deadline : resumed?.deadline, options: policy.recordedOptions, bootID: bootID,
            cordoned: cordoned, total: max(pods, resumed?.total ?? 0))
    }

    /// What is to be different about the node before the first eviction; `nil`: nothing.
    mutating func startPatch(pods: Int) -> NodePatch? {
        var patch = NodePatch(unschedulable: cordonedAt == nil ? true : nil)
        let ours = cordonedAt == nil || weCordoned
        // A mark that another of us has left stays: it is the node that comes back schedulable.
        let marked = ours || (record.map { $0.cordoned && $0.bootID == bootID } ?? false)
        if let new = recordNow(pods: pods, cordoned: marked) {
            if new == record { isRecorded = true } else { patch.annotations[DrainRecord.annotation] = new.text }
            record = new
        }
        return patch.unschedulable == nil && patch.annotations.isEmpty ? nil : patch
    }

    /// The annotation of a node that was cordoned before; it is drained without, if need be.
    mutating func recorded(
        _ exchange: Exchange, _ errand: Errand, _ plan: DrainPlan, at now: Timestamp, into step: inout DrainStep
    ) {
        var errand = errand
        switch errand.answered(exchange, at: now, policy: policy, random: &random) {
        case .again(let delay, let message):
            tell(.requestFailed(.write, message: message, retryIn: delay), at: now, into: &step)
            stage = .cordoning(errand, plan)
            return
        case .done: isRecorded = true
        case .refused, .hopeless:
            let message = "no record on the node: \(exchange.answer.refusalText)"
            tell(.requestFailed(.write, message: message, retryIn: .zero), at: now, into: &step)
        }
        tell(.cordon(.alreadyCordoned), at: now, into: &step)
        startDraining(plan, at: now, into: &step)
    }

    /// A drain that waits for its turn must not be forgotten, should we be killed. Once, and best effort.
    mutating func recordRequest(at now: Timestamp, into step: inout DrainStep) {
        let marked = record.map { $0.cordoned && $0.bootID == bootID } ?? false
        guard let new = recordNow(pods: 0, cordoned: marked), new != record else { return }
        send(
            .record, .patchNode(policy.node, NodePatch(annotations: [DrainRecord.annotation: new.text])), into: &step)
        record = new
        isRecorded = true
    }
}

// MARK: - The end

extension NodeDrain {
    /// The record with its outcome. Without our cordon, or where it is undone, the mark goes.
    private func closedRecord(_ ending: Ending, uncordoned: Bool) -> DrainRecord? {
        guard isRecorded, var record else { return nil }
        record.outcome = ending.outcome
        record.reason = ending.reason
        if uncordoned || cordonedAt == nil { record.cordoned = false }
        return record
    }

    func uncordonPatch(_ ending: Ending) -> NodePatch {
        var patch = NodePatch(unschedulable: false)
        if let record = closedRecord(ending, uncordoned: true) {
            patch.annotations[DrainRecord.annotation] = record.text
        }
        return patch
    }

    /// Everything is decided: what is to be written about it is tried for as long as answers are waited for.
    mutating func close(_ ending: Ending, at now: Timestamp, into step: inout DrainStep) {
        var ending = ending
        ending.until = now + policy.settleTimeout
        // The node goes, and keeps its turn until it is back; or it stays as it was, and needs none.
        turn?.leave(releases: cordonedAt == nil || !(weCordoned || hasBegunDraining))
        var errand: Errand?
        if let record = closedRecord(ending, uncordoned: false) {
            let patch = NodePatch(annotations: [DrainRecord.annotation: record.text])
            errand = Errand(.patchNode(policy.node, patch), at: now)
        }
        stage = .closing(errand, ending)
        proceedWithTurn(at: now, into: &step)
        if case .closing(let errand, let ending) = stage { proceedWithClosing(errand, ending, at: now, into: &step) }
    }

    mutating func proceedWithClosing(
        _ errand: Errand?, _ ending: Ending, at now: Timestamp, into step: inout DrainStep
    ) {
        var errand = errand
        // Two writes of the record would not know which is the later one.
        let isWriting = inFlight.contains(.record)
        if wantsUncordon(ending), !isWriting || ending.until <= now {
            return beginUncordon(ending, at: now, into: &step)
        }
        if now < ending.until, !isWriting, errand?.sends(at: now) == true, let call = errand?.call {
            send(.record, call, into: &step)
        }
        stage = .closing(errand, ending)
        let isDone = errand == nil && turn?.hasLeft ?? true
        guard isDone || ending.until <= now else { return }
        if errand != nil {
            let message = "the outcome is not on the node: no answer in time"
            tell(.requestFailed(.write, message: message, retryIn: .zero), at: now, into: &step)
        }
        conclude(ending, at: now, into: &step)
    }

    mutating func outcomeRecorded(_ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        guard case .closing(var errand?, let ending) = stage, errand.isInFlight else {
            guard exchange.answer.refusalText.isEmpty else {
                isRecorded = false
                let message = "no record on the node: \(exchange.answer.refusalText)"
                return tell(.requestFailed(.write, message: message, retryIn: .zero), at: now, into: &step)
            }
            return
        }
        switch errand.answered(exchange, at: now, policy: policy, random: &random) {
        case .done: stage = .closing(nil, ending)
        case .again(let delay, let message):
            tell(.requestFailed(.write, message: message, retryIn: delay), at: now, into: &step)
            stage = .closing(errand, ending)
        case .refused, .hopeless:
            let message = "the outcome is not on the node: \(exchange.answer.refusalText)"
            tell(.requestFailed(.write, message: message, retryIn: .zero), at: now, into: &step)
            stage = .closing(nil, ending)
        }
    }
}
