import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Telemetry
import Timestamps

/// What an agent that starts does about what was left behind: it resumes a drain, or closes its record; after a reboot
/// it makes the node schedulable again, if it was told to, and gives its turn back.
struct Takeover: Sendable {
    let node: String
    let agent: String?
    let fleet: DrainPolicy.Fleet?
    let uncordonsAfterBoot: Bool
    /// Quick: a drain that begins waits for what is under way.
    let send: @Sendable (APIRequest) async -> Exchange
    let telemetry: AgentTelemetry
    let time: TimeSource
    /// Starts the recorded drain.
    let resume: @Sendable (DrainDemand) async -> Void

    private static let interval = Duration.seconds(5)
    private static let longestInterval = Duration.seconds(30)

    /// Until nothing is left to be done; cancelled when a drain begins, or the program ends.
    func run() async {
        var said = ""
        while !Task.isCancelled {
            guard let node = await read(&said) else {
                await pause(for: Self.interval)
                continue
            }
            let record = recorded(on: node)
            let inheritance = Inheritance(record, on: node, agent: agent, at: time.now())
            switch inheritance.drain {
            case .none: return await comeBack(inheritance, &said)
            case .resume(let record):
                do {
                    let demand = try DrainDemand(resuming: record)
                    telemetry.say(.info, "resuming the drain", [("drain_id", .string(record.id))])
                    return await resume(demand)
                } catch { await close(record, "interrupted: its options cannot be read: \(error)", &said) }
            case .interrupted(let record, let reason): await close(record, reason, &said)
            }
        }
    }

    /// It is over, whatever became of it; tried again with the next look.
    private func close(_ record: DrainRecord, _ reason: String, _ said: inout String) async {
        var record = record
        record.outcome = .cancelled
        record.reason = reason
        guard await write(NodePatch(annotations: [DrainRecord.annotation: record.text]), &said) else {
            return await pause(for: Self.interval)
        }
        telemetry.say(
            .warning, "an earlier drain was interrupted, and is not resumed",
            [("drain_id", .string(record.id)), ("reason", .string(reason))])
    }

    /// Whatever waits for the node to be ready, and for somebody to make it schedulable if that is not for us to do.
    private func comeBack(_ inheritance: Inheritance, _ said: inout String) async {
        var uncordons = inheritance.awaitsUncordon && uncordonsAfterBoot
        var delay = Self.interval
        var slots = await heldSlots(&said)
        while !Task.isCancelled, uncordons || slots != [] {
            if let node = await read(&said), node.isReady {
                if uncordons {
                    uncordons = await !uncordon(node, &said)
                    if !uncordons { continue }
                } else if !node.spec.unschedulable {
                    for slot in slots ?? [] { await release(slot, &said) }
                    slots = await heldSlots(&said)
                    if slots == [] { return }
                }
            }
            await pause(for: delay)
            if !uncordons { delay = min(delay * 2, Self.longestInterval) }
            if slots == nil { slots = await heldSlots(&said) }
        }
    }

    /// The mark goes with the cordon, in one patch. True: there is nothing left to do about it.
    private func uncordon(_ node: Node, _ said: inout String) async -> Bool {
        guard var record = recorded(on: node), record.cordoned else { return true }
        record.cordoned = false
        let patch = NodePatch(
            unschedulable: node.spec.unschedulable ? false : nil,
            annotations: [DrainRecord.annotation: record.text])
        guard await write(patch, &said) else { return false }
        telemetry.say(
            .info,
            node.spec.unschedulable
                ? "the node is back from its reboot: schedulable again"
                : "the node is back from its reboot: somebody has made it schedulable",
            [("drain_id", .string(record.id))])
        return true
    }

    /// The turns that this node still has; `nil`: nobody can say.
    private func heldSlots(_ said: inout String) async -> [Lease]? {
        guard let fleet else { return [] }
        let exchange = await ask(.listLeases(namespace: fleet.namespace))
        guard case .success(_, .leases(let leases)) = exchange.answer else {
            complain("cannot list the fleet's leases", exchange, &said)
            return nil
        }
        return leases.filter { FleetLease.isSlot($0, of: node) }
    }

    private func release(_ slot: Lease, _ said: inout String) async {
        let exchange = await ask(.replaceLease(FleetLease.emptied(slot, at: time.now())))
        guard case .success = exchange.answer else {
            return complain("cannot give the node's turn back", exchange, &said)
        }
        telemetry.say(.info, "the node is back: its turn is over", [("lease", .string(slot.metadata.name))])
    }

    private func read(_ said: inout String) async -> Node? {
        let exchange = await ask(.readNode(node))
        guard case .success(_, .node(let node)) = exchange.answer else {
            complain("cannot read the node", exchange, &said)
            return nil
        }
        // Known before any drain, so that a node that an earlier agent left cordoned is seen to be.
        telemetry.observe(DrainEvent(at: exchange.received, .nodeSeen(unschedulable: node.spec.unschedulable)))
        return node
    }

    private func write(_ patch: NodePatch, _ said: inout String) async -> Bool {
        let exchange = await ask(.patchNode(node, patch))
        guard case .success = exchange.answer else {
            complain("cannot write to the node", exchange, &said)
            return false
        }
        return true
    }

    /// Not begun once we are cancelled, and not broken off: what it does to the node must not come after a drain's own.
    private func ask(_ call: APICall) async -> Exchange {
        guard !Task.isCancelled else {
            let now = time.now()
            return Exchange(answer: .failure(TransportFailure(.cancelled, "cancelled")), sent: now, received: now)
        }
        let send = send
        return await Task { await send(APIRequest(call)) }.value
    }

    private func recorded(on node: Node) -> DrainRecord? {
        do { return try DrainRecord(on: node) } catch {
            telemetry.say(.warning, "the record of an earlier drain is ignored", [("err", .string(error.description))])
            return nil
        }
    }

    /// Once for each problem.
    private func complain(_ message: String, _ exchange: Exchange, _ said: inout String) {
        let problem =
            switch exchange.answer {
            case .success: "an answer of another kind"
            case .refusal(let status): "\(status.message) (\(status.code))"
            case .failure(let failure): failure.message
            }
        guard !Task.isCancelled, said != message + problem else { return }
        said = message + problem
        telemetry.say(.warning, message, [("err", .string(problem))])
    }
}
