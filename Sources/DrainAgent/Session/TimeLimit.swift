import Timestamps

/// The time that is left once somebody has begun to end us.
struct TimeLimit: Sendable, Equatable {
    /// The drain gives up.
    var deadline: Timestamp
    /// We are killed.
    var hardEnd: Timestamp
}
