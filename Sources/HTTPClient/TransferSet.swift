internal import CCurl

/// The transfers in flight and their libcurl multi handle. Lives on the loop's thread, all of it.
final class TransferSet {
    private let mailbox: Mailbox
    private let maxConnections: Int
    private let multi: UnsafeMutableRawPointer?
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    private var ownConnections = 0
    /// When the last request was sent that nobody answered: whatever swallowed it may have swallowed the connections of
    /// that time, too, and each of them would cost a request as long.
    private var silence: StallTimer.Instant?

    init(mailbox: Mailbox, maxConnections: Int) {
        self.mailbox = mailbox
        // 0 would be libcurl's own choice.
        self.maxConnections = max(1, maxConnections)
        multi = curl_multi_init()
    }

    /// Until the mailbox is closed.
    func run() {
        if let multi {
            mailbox.wake(multi)
            limitConnections(multi)
            while let messages = mailbox.take() {
                for message in messages { obey(message, multi) }
                advance(multi)
                endStalled(multi)
                curl_multi_poll(multi, nil, 0, CInt(clamping: patience.wholeMilliseconds), nil)
            }
        }
        close()
    }

    private func obey(_ message: Mailbox.Message, _ multi: UnsafeMutableRawPointer) {
        switch message {
        case .start(let order): start(order, multi)
        case .cancel(let order):
            if let transfer = transfers[ObjectIdentifier(order)] { end(transfer, .cancelled, multi) }
        case .resume(let order):
            guard let transfer = transfers[ObjectIdentifier(order)] else { return }
            let code = transfer.resume()
            if code != CURLE_OK { end(transfer, transfer.failure(code), multi) }
        }
    }

    private func start(_ order: TransferOrder, _ multi: UnsafeMutableRawPointer) {
        guard !order.isCancelled else { return order.sink.ended(.cancelled) }
        do throws(HTTPFailure) {
            let transfer = try Transfer(order)
            if let silence { try transfer.useConnections(since: silence) }
            let code = curl_multi_add_handle(multi, transfer.easy.pointer)
            guard code == CURLM_OK else {
                throw HTTPFailure(.closed, String(cString: curl_multi_strerror(code)))
            }
            transfers[ObjectIdentifier(order)] = transfer
            if order.request.ownConnection {
                ownConnections += 1
                limitConnections(multi)
            }
        } catch {
            order.sink.ended(error)
        }
    }

    private func advance(_ multi: UnsafeMutableRawPointer) {
        var running: CInt = 0
        curl_multi_perform(multi, &running)
        var queued: CInt = 0
        while let message = curl_multi_info_read(multi, &queued) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = Transfer.owner(of: easy)
            else { continue }
            end(transfer, transfer.failure(message.pointee.data.result), multi)
        }
    }

    private func endStalled(_ multi: UnsafeMutableRawPointer) {
        let now = ContinuousClock.now
        for transfer in transfers.values {
            guard let due = transfer.timer.due, due <= now else { continue }
            if transfer.timer.failure.kind == .timeout { silence = [silence, transfer.sent].compactMap(\.self).max() }
            end(transfer, transfer.timer.failure, multi)
        }
    }

    /// How long nothing needs to be done; libcurl cuts it to what its own timers need.
    private var patience: Duration {
        guard let due = transfers.values.compactMap(\.timer.due).min() else { return .seconds(3_600) }
        // A millisecond more: rounded down we would come too early, and spin.
        return ContinuousClock.now.duration(to: due) + .milliseconds(1)
    }

    /// A transfer that is not complete takes its connection along.
    private func end(_ transfer: Transfer, _ failure: HTTPFailure?, _ multi: UnsafeMutableRawPointer) {
        curl_multi_remove_handle(multi, transfer.easy.pointer)
        transfers[ObjectIdentifier(transfer.order)] = nil
        if transfer.order.request.ownConnection {
            ownConnections -= 1
            limitConnections(multi)
        }
        transfer.order.sink.ended(failure)
    }

    /// libcurl counts every open connection, and closes idle ones beyond the limit: watches must not use it up.
    private func limitConnections(_ multi: UnsafeMutableRawPointer) {
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, maxConnections + ownConnections)
    }

    private func close() {
        let unread = mailbox.seal()
        if let multi {
            for transfer in transfers.values { end(transfer, .closed, multi) }
            curl_multi_cleanup(multi)
        }
        for case .start(let order) in unread { order.sink.ended(.closed) }
    }
}
