internal import KubernetesAPI

extension Budget {
    /// As `policy/v1` means it: before that an empty selector selected nothing, and not everything.
    func read(as version: PolicyVersion) -> Budget {
        guard version == .v1beta1, spec.selector == LabelSelector() else { return self }
        var budget = self
        budget.spec.selector = nil
        return budget
    }
}
