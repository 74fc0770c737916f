internal import CSpawn
internal import Glibc

extension ChildProcess {
    /// Starts `path` in a process group of its own, with every signal at its default and no descriptor of ours.
    static func spawn(
        _ path: String, _ arguments: [String], _ environment: [String: String]
    ) throws(Failure) -> ChildProcess {
        let output = try pipe()
        defer { close(output.write) }
        let error: (read: Int32, write: Int32)
        do { error = try pipe() } catch {
            close(output.read)
            throw error
        }
        defer { close(error.write) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        posix_spawn_file_actions_adddup2(&actions, error.write, 2)
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        var attributes = defaultSignals()
        defer { posix_spawnattr_destroy(&attributes) }
        var child = pid_t()
        let code = withCStrings([path] + arguments) { argv in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&child, path, &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else {
            close(output.read)
            close(error.read)
            throw .notStarted(String(cString: strerror(code)))
        }
        return ChildProcess(child: child, output: output.read, error: error.read)
    }

    /// We mask and ignore signals for our own ends: a child that inherited that could not be told to stop.
    private static func defaultSignals() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        return attributes
    }

    private static func pipe() throws(Failure) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .notStarted(String(cString: strerror(errno))) }
        return (ends[0], ends[1])
    }

    private static func withCStrings<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
