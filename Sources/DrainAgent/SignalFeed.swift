import Glibc

/// TERM, INT and HUP as a stream of values.
///
/// Blocked in every thread and taken by `sigwait` on the main one: with dispatch sources those of the first
/// milliseconds are lost.
final class SignalFeed: Sendable {
    enum Signal: Sendable {
        case terminate, interrupt, hangup

        var number: Int32 {
            switch self {
            case .terminate: SIGTERM
            case .interrupt: SIGINT
            case .hangup: SIGHUP
            }
        }
    }

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

    private enum End: Sendable {
        case done(Int32)
        case signal(Signal)
        case late
    }

    /// What `work` says, or 128 and the number of the signal that came before, as shells have it; `words` are said then.
    /// It is cancelled, and has a second to tidy up.
    func cutting(
        short words: String? = nil, _ work: @escaping @Sendable () async -> Int32
    ) async -> Int32 {
        let (ends, post) = AsyncStream<End>.makeStream()
        let task = Task { post.yield(.done(await work())) }
        Task { [stream] in for await signal in stream { post.yield(.signal(signal)) } }
        var early: Int32?
        for await end in ends {
            switch end {
            case .done(let code): return early ?? code
            case .late: return early ?? AgentExit.failed
            case .signal(let signal):
                guard early == nil else { return 128 + signal.number }
                early = 128 + signal.number
                if let words { Complaint.say("drain-agent: \(words)") }
                task.cancel()
                Task {
                    await pause(for: .seconds(1))
                    post.yield(.late)
                }
            }
        }
        return early ?? AgentExit.failed
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
