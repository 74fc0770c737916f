internal import Locking

/// Holds what the server has sent and the consumer has not pulled; full, it holds the server back.
final class StreamBuffer: ResponseSink {
    typealias Chunk = Result<[UInt8], HTTPFailure>

    /// Beyond this many unread bytes the transfer is paused.
    static let capacity = 256 << 10

    private struct State {
        var unread: [UInt8] = []
        /// The transfer waits for a resume.
        var isHeldBack = false
        /// The outer `nil`: it goes on; the inner: it ended well.
        var end: HTTPFailure??
        var consumer: CheckedContinuation<Chunk?, Never>?
    }

    /// What the consumer gets for its pull.
    enum Pull {
        case chunk(Chunk?, resume: Bool)
        case wait
    }

    private let state = Lock(State())
    private let firstWord = Promise<Result<ResponseHead, HTTPFailure>>()

    var head: Result<ResponseHead, HTTPFailure> {
        get async { await firstWord.value }
    }

    /// The next bytes, at once; or keeps `consumer` until there are some.
    func pull(_ consumer: CheckedContinuation<Chunk?, Never>) -> Pull {
        state.withLock { state in
            precondition(state.consumer == nil, "a stream has one consumer")
            guard state.unread.isEmpty else {
                defer { (state.unread, state.isHeldBack) = ([], false) }
                return .chunk(.success(state.unread), resume: state.isHeldBack)
            }
            guard let end = state.end else {
                state.consumer = consumer
                return .wait
            }
            return .chunk(end.map { .failure($0) }, resume: false)
        }
    }

    func received(_ head: ResponseHead) { firstWord.fulfil(.success(head)) }

    func received(_ bytes: UnsafeRawBufferPointer) -> SinkVerdict {
        let consumer: CheckedContinuation<Chunk?, Never>?
        let verdict: SinkVerdict
        (consumer, verdict) = state.withLock { state in
            if let consumer = state.consumer {
                state.consumer = nil
                return (consumer, .taken)
            }
            guard state.unread.count + bytes.count <= Self.capacity else {
                state.isHeldBack = true
                return (nil, .full)
            }
            state.unread.append(contentsOf: bytes)
            return (nil, .taken)
        }
        consumer?.resume(returning: .success(Array(bytes)))
        return verdict
    }

    func ended(_ failure: HTTPFailure?) {
        if let failure { firstWord.fulfil(.failure(failure)) }
        let consumer = state.withLock { state in
            defer { state.consumer = nil }
            state.end = .some(failure)
            return state.consumer
        }
        consumer?.resume(returning: failure.map { .failure($0) })
    }
}
