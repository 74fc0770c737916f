/// The face that the client's thread shows to all others.
final class TransferLoop: Sendable {
    private let mailbox = Mailbox()
    private let ended = Promise<Void>()
    private let thread: LoopThread?

    init(maxConnections: Int) {
        thread = LoopThread { [mailbox, ended] in
            TransferSet(mailbox: mailbox, maxConnections: maxConnections).run()
            ended.fulfil(())
        }
        guard thread == nil else { return }
        _ = mailbox.seal()
        ended.fulfil(())
    }

    func start(_ order: TransferOrder) {
        guard mailbox.post(.start(order)) else { return order.sink.ended(.closed) }
    }

    func cancel(_ order: TransferOrder) {
        order.cancel()
        // A closed loop has ended the transfer already.
        _ = mailbox.post(.cancel(order))
    }

    func resume(_ order: TransferOrder) {
        _ = mailbox.post(.resume(order))
    }

    func stop() { mailbox.close() }

    /// Stops, and returns when the thread is gone.
    func stopped() async {
        stop()
        await ended.value
        thread?.join()
    }
}
