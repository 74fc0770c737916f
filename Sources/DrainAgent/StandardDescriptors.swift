import Glibc

/// Standard input, output and error, which not everybody who starts a program leaves open.
enum StandardDescriptors {
    /// Puts /dev/null where one is missing: else the next file or socket gets its number, and spans or log lines go there.
    ///
    /// For reading only, also for output: what is written to nobody fails, and is counted as lost.
    static func open() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            _ = Glibc.open("/dev/null", O_RDONLY)
        }
    }
}
