import CMicroHTTPD
import Glibc

/// Ends a thread's wait from another thread.
final class WakeSignal: Sendable {
    private let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    deinit { close(descriptor) }

    func send() { eventfd_write(descriptor, 1) }

    /// Returns at the signal, or after `timeout`.
    func wait(_ timeout: Duration) {
        let (seconds, attoseconds) = timeout.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&polled, 1, Int32(clamping: max(milliseconds, 1)))
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }
}
