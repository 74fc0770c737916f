import Glibc

/// glibc's allocator, told to give memory back: an agent that idles for weeks should not keep a drain's peak.
enum Allocator {
    /// First thing in main, before another thread has an arena.
    static func keepSmall() {
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_TRIM_THRESHOLD, 128 << 10)
        mallopt(M_MMAP_THRESHOLD, 128 << 10)
    }
}
