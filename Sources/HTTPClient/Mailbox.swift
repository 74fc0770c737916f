internal import CCurl
internal import Locking

/// How other threads talk to the loop's.
final class Mailbox: Sendable {
    enum Message {
        case start(TransferOrder)
        case cancel(TransferOrder)
        /// The consumer has made room.
        case resume(TransferOrder)
    }

    private struct State {
        var messages: [Message] = []
        /// To be woken: there while the loop runs.
        var multi: UnsafeMutableRawPointer?
        var isOpen = true
    }

    private let state = Lock(State())

    /// `false`: closed, the message is lost.
    func post(_ message: Message) -> Bool {
        state.withLock { state in
            guard state.isOpen else { return false }
            state.messages.append(message)
            if let multi = state.multi { curl_multi_wakeup(multi) }
            return true
        }
    }

    func close() {
        state.withLock { state in
            state.isOpen = false
            if let multi = state.multi { curl_multi_wakeup(multi) }
        }
    }

    /// From now on posts interrupt `curl_multi_poll` on `multi`.
    func wake(_ multi: UnsafeMutableRawPointer) {
        state.withLock { $0.multi = multi }
    }

    /// What was posted since the last call; `nil` once closed.
    func take() -> [Message]? {
        state.withLock { state in
            guard state.isOpen else { return nil }
            defer { state.messages = [] }
            return state.messages
        }
    }

    /// Closes for good, nobody is woken any more; what nobody has read.
    func seal() -> [Message] {
        state.withLock { state in
            defer { state = State(isOpen: false) }
            return state.messages
        }
    }
}
