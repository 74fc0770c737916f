import Glibc

/// TERM, INT and HUP as a stream of values.
///
/// Blocked in every thread and taken by `sigwait` on the main one: with dispatch sources those of the first
/// milliseconds are lost.
final class SignalFeed: Sendable {
    enum Signal: Sendable { case terminate, interrupt, hangup }

    let stream: AsyncStream<Signal>
    private let continuation: AsyncStream<Signal>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    /// Before any other thread exists.
    static func block() {
        var set = Self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A reader that has gone and a file that may not grow (ulimit -f) are errors of a write, no reason to die.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// The main thread's life from here on.
    func deliverForever() -> Never {
        var set = Self.set
        while true {
            var number: Int32 = 0
            guard sigwait(&set, &number) == 0 else { continue }
            switch number {
            case SIGTERM: continuation.yield(.terminate)
            case SIGINT: continuation.yield(.interrupt)
            default: continuation.yield(.hangup)
            }
        }
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGHUP)
        return set
    }
}
