import KubernetesAPI
import Timestamps

// After the last pod: the volumes of those that went are detached from the node (`--wait-volume-detach`).
extension NodeDrain {
    struct Detaching {
        var volumes: VolumeDetachment
        var errand: Errand
        /// How the drain ends afterwards.
        var outcome: DrainOutcome
        var reason: String
    }

    /// `staying`: pods that are left on the node.
    mutating func finish(
        _ outcome: DrainOutcome, _ reason: String, staying: [Pod], at now: Timestamp, into step: inout DrainStep
    ) {
        guard policy.waitsForVolumeDetach else { return end(outcome, reason, at: now, into: &step) }
        stage = .detaching(
            Detaching(
                volumes: VolumeDetachment(staying: staying), errand: Errand(.listVolumeAttachments, at: now),
                outcome: outcome, reason: reason))
        listVolumes(at: now, into: &step)
    }

    mutating func listVolumes(at now: Timestamp, into step: inout DrainStep) {
        guard case .detaching(var detaching) = stage else { return }
        if deadline.map({ now < $0 }) ?? true, detaching.errand.sends(at: now) {
            volumeLists += 1
            send(.volumes(volumeLists), detaching.errand.call, into: &step)
        }
        stage = .detaching(detaching)
    }

    /// A late target: the pods come first again.
    mutating func forgetVolumes(at now: Timestamp, into step: inout DrainStep) {
        guard case .detaching(let detaching) = stage else { return }
        stage = .draining
        if !detaching.volumes.attached.isEmpty { tell(.volumesAttached([]), at: now, into: &step) }
    }

    mutating func volumesListed(
        _ number: Int, _ exchange: Exchange, at now: Timestamp, into step: inout DrainStep
    ) {
        guard number == volumeLists, case .detaching(var detaching) = stage, detaching.errand.isInFlight else { return }
        switch detaching.errand.answered(exchange, at: now, policy: policy, random: &random) {
        case .done(.volumeAttachments(let attachments)):
            let seen = detaching.volumes.listed(attachments, node: policy.node)
            if let names = seen.news { tell(.volumesAttached(names), at: now, into: &step) }
            if seen.isDone { return end(detaching.outcome, detaching.reason, at: now, into: &step) }
            detaching.errand = Errand(.listVolumeAttachments, at: now + VolumeDetachment.interval)
            stage = .detaching(detaching)
        case .again(let delay, let message):
            stage = .detaching(detaching)
            tell(.requestFailed(.list, message: message, retryIn: delay), at: now, into: &step)
        case .done: giveUpVolumes("the answer is no list of them", detaching, at: now, into: &step)
        case .refused(let status): giveUpVolumes(status.message, detaching, at: now, into: &step)
        case .hopeless(let failure): giveUpVolumes(failure.message, detaching, at: now, into: &step)
        }
    }

    /// Without the permission they are not waited for: the pods are gone, and that was asked for first.
    private mutating func giveUpVolumes(
        _ message: String, _ detaching: Detaching, at now: Timestamp, into step: inout DrainStep
    ) {
        tell(
            .requestFailed(
                .list, message: "volumes are not waited for (list volumeattachments.storage.k8s.io): \(message)",
                retryIn: .zero), at: now, into: &step)
        end(detaching.outcome, detaching.reason, at: now, into: &step)
    }
}
