import Glibc

/// The file that a Unix socket is bound to. It outlives its process unless someone removes it.
struct UnixSocketFile {
    let path: String
    private let device: dev_t
    private let inode: ino_t

    /// Nil if there is no file any more.
    init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    /// Removes the file, if it is still the one that was made: a successor may have put its own there.
    func remove() {
        guard let present = UnixSocketFile(path: path), present.device == device, present.inode == inode else { return }
        unlink(path)
    }

    /// Removes a socket that nobody answers on; leaves alone one that is answered, and any other file.
    static func removeStale(_ path: String, _ address: SocketAddress) throws(HTTPServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }
        // Non-blocking: a listener whose backlog is full answers EAGAIN, which is an answer.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let probe = socket(AF_UNIX, type, 0)
        guard probe >= 0 else {
            throw .cannotListen(.unix(path: path), reason: String(cString: strerror(errno)))
        }
        defer { close(probe) }
        guard address.with({ connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED else {
            throw .addressInUse(.unix(path: path))
        }
        unlink(path)
    }
}
