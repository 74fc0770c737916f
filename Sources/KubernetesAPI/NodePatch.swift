/// What is to be different about a node; what is not named stays as it is.
public struct NodePatch: Sendable, Equatable {
    public var unschedulable: Bool?
    /// `nil` removes the annotation.
    public var annotations: [String: String?]

    public init(unschedulable: Bool? = nil, annotations: [String: String?] = [:]) {
        self.unschedulable = unschedulable
        self.annotations = annotations
    }
}
