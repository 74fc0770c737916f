import KubernetesAPI

extension Exchange {
    /// A 200 to a cordon or an uncordon is one only if the node that came back shows it: a webhook can drop the field.
    func read(asCordoned isCordoned: Bool) -> Exchange {
        guard case .success(let code, let object) = answer else { return self }
        if case .node(let node) = object, node.spec.unschedulable == isCordoned { return self }
        var read = self
        let shown = isCordoned ? "not cordoned" : "still cordoned"
        read.answer = .failure(TransportFailure(.malformed, "the answer is \(code), and the node in it is \(shown)"))
        return read
    }
}
