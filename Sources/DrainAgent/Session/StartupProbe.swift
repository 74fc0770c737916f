import DrainEngine
import KubernetesAPI
import Telemetry

/// Before any drain: is the API server there, and which pod is ours?
struct StartupProbe: Sendable {
    let cluster: Cluster
    let ownPod: OwnPod
    let readiness: Readiness
    let telemetry: AgentTelemetry
    let onSigterm: OnSigterm
    /// What follows once the server was reached.
    let reached: @Sendable () async -> Void

    /// Tries until the server has answered; cancelled when the program ends.
    func run() async {
        var delay = Duration.milliseconds(200)
        var said = ""
        while !Task.isCancelled {
            guard let obstacle = await obstacle() else { break }
            guard !Task.isCancelled else { return }
            readiness.isBlocked(by: obstacle)
            if obstacle != said { telemetry.say(.warning, "not ready", [("err", .string(obstacle))]) }
            said = obstacle
            await pause(for: delay)
            delay = min(delay * 2, .seconds(10))
        }
        guard !Task.isCancelled else { return }
        readiness.reached()
        await reached()
        await warnOfDaemonSet()
    }

    private func obstacle() async -> String? {
        let exchange = await cluster.send(APIRequest(.version))
        if case .failure(let failure) = exchange.answer {
            return "the API server does not answer: \(failure.message)"
        }
        if let code = exchange.code, code >= 500 { return "the API server is not up (\(code))" }
        if exchange.code == 401 { return "the API server does not know us (401)" }
        guard case .unknown = readiness.ownPod else { return nil }
        let found = await ownPod.find(cluster.send)
        readiness.found(found)
        guard case .unknown(let reason) = found else { return nil }
        return reason
    }

    /// Under a DaemonSet every rollout ends every agent: with `drain` each of them would drain its node.
    private func warnOfDaemonSet() async {
        guard onSigterm == .drain, let own = readiness.ownPod.identity else { return }
        let exchange = await cluster.send(APIRequest(.readPod(namespace: own.namespace, name: own.name)))
        guard case .success(_, .pod(let pod)) = exchange.answer, let owner = DrainPlan.daemonSet(of: pod) else {
            return
        }
        telemetry.say(
            .warning, "a DaemonSet owns our pod: each rollout will drain its node; use --on-sigterm auto",
            [("daemonset", .string("\(owner.namespace)/\(owner.name)"))])
    }
}
