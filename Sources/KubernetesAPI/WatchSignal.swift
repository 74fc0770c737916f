/// What a stream of watch events says of itself and of the objects it watches.
public enum ObjectSignal<Object: Codable & Sendable & Equatable>: Sendable, Equatable {
    /// The server accepted the watch; events follow.
    case opened
    case event(WatchEvent<Object>)
    /// Always the last one, and exactly one. `status` is the server's own word, where it gave one.
    case ended(WatchRestart, detail: String, status: Status?)
}

/// The signals of a watch on pods.
public typealias WatchSignal = ObjectSignal<Pod>
