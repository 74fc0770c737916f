import KubernetesAPI

/// What a pod's annotations ask of its drain.
struct PodOverrides {
    static let prefix = "drain-agent.dev/"

    /// `nil`: as everybody.
    var gracePeriodSeconds: Int64?
    /// False: it is left alone.
    var evicts = true
    /// Smaller ones are asked for first within their tier.
    var order = 0
    /// Annotations that cannot be followed, and why.
    var problems: [(annotation: String, problem: String)] = []

    init(_ pod: Pod) {
        if let text = read("grace-period-seconds", pod) {
            if let seconds = Int64(text), seconds >= 0 {
                gracePeriodSeconds = seconds
            } else {
                ignore("grace-period-seconds", "\"\(text)\" is not a number of seconds, 0 or more")
            }
        }
        if let text = read("evict", pod) {
            switch text {
            case "true": break
            case "false": evicts = false
            default: ignore("evict", "\"\(text)\" is neither true nor false")
            }
        }
        if let text = read("order", pod) {
            if let number = Int(text) { order = number } else { ignore("order", "\"\(text)\" is not a whole number") }
        }
    }

    private func read(_ name: String, _ pod: Pod) -> String? { pod.metadata.annotations[Self.prefix + name] }

    private mutating func ignore(_ name: String, _ problem: String) { problems.append((Self.prefix + name, problem)) }

}
