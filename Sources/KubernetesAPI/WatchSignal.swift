/// What a stream of watch events says of itself and of the objects it watches.
public enum ObjectSignal<Object: Sendable & Equatable>: Sendable, Equatable {
    /// The server accepted the watch; events follow.
    case opened
    case event(WatchEvent<Object>)
    /// Always the last one, and exactly one. `status` is the server's own word, where it gave one.
    case ended(WatchRestart, detail: String, status: Status?)

    public func map<Other>(_ transform: (Object) -> Other) -> ObjectSignal<Other> {
        switch self {
        case .opened: .opened
        case .event(let event): .event(event.map(transform))
        case .ended(let reason, let detail, let status): .ended(reason, detail: detail, status: status)
        }
    }
}

/// Whatever a drain watches.
public enum WatchedObject: Sendable, Equatable {
    case pod(Pod)
    case budget(Budget)
    case node(Node)

    public var metadata: ObjectMeta {
        switch self {
        case .pod(let pod): pod.metadata
        case .budget(let budget): budget.metadata
        case .node(let node): node.metadata
        }
    }
}

extension WatchEvent<WatchedObject> {
    /// How far the watch has come with it; `nil`: an error says nothing of that.
    public var resourceVersion: String? {
        switch self {
        case .added(let object), .modified(let object), .deleted(let object): object.metadata.resourceVersion
        case .bookmark(let version): version
        case .error: nil
        }
    }
}

public typealias WatchSignal = ObjectSignal<WatchedObject>
