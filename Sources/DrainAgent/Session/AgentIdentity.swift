import DrainEngine
import Glibc
import KubernetesAPI

/// Who we are across restarts: what a record on the node is signed with.
enum AgentIdentity {
    /// `daemonset/NAMESPACE/NAME` for a DaemonSet's pod, whichever it is by now; else `pod/UID`, or the host. `nil`: our
    /// own pod cannot be read.
    static func find(_ own: PodIdentity?, _ send: @Sendable (APIRequest) async -> Exchange) async -> String? {
        guard let own else { return "host/\(hostName)" }
        let exchange = await send(APIRequest(.readPod(namespace: own.namespace, name: own.name)))
        guard case .success(_, .pod(let pod)) = exchange.answer else { return nil }
        if let owner = DrainPlan.daemonSet(of: pod) { return "daemonset/\(owner.namespace)/\(owner.name)" }
        return "pod/\(pod.metadata.uid)"
    }

    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
