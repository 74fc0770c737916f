/// Will it be done before the deadline?
public enum Projection {
    public enum Overrun: Sendable, Equatable {
        case by(Duration)
        /// Something can never go as things stand.
        case never
    }
}
