import Glibc

/// Wakes a thread that sleeps in `read` or `poll`: a pipe to oneself.
final class Bell: Sendable {
    /// Readable once it has been rung and nobody has answered; -1 if there is no pipe.
    let descriptor: Int32
    private let writeEnd: Int32
    /// errno if no pipe could be had.
    let failure: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        failure = pipe(&ends) == 0 ? 0 : errno
        for end in ends where end >= 0 { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        descriptor = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        guard failure == 0 else { return }
        close(descriptor)
        close(writeEnd)
    }

    /// Never waits: rung a few times at most before it is answered, it has room for 65,536.
    func ring() {
        var byte: UInt8 = 1
        while Glibc.write(writeEnd, &byte, 1) < 0, errno == EINTR {}
    }

    /// Waits for a ring and answers it.
    func answer() {
        var byte: UInt8 = 0
        while Glibc.read(descriptor, &byte, 1) < 0, errno == EINTR {}
    }
}
