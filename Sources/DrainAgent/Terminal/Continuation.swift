import Glibc
import Synchronization

/// Whether the program was stopped (Ctrl-Z) and goes on: whoever has written to the terminal since, it was not us.
enum Continuation {
    private static let seen = Atomic(false)

    static func watch() {
        // Made before a handler needs it.
        seen.store(false, ordering: .relaxed)
        signal(SIGCONT) { _ in Continuation.seen.store(true, ordering: .relaxed) }
    }

    /// Since it was last asked.
    static func take() -> Bool { seen.exchange(false, ordering: .relaxed) }
}
