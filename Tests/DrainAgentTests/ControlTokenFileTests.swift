import FoundationEssentials
import Glibc
import Locking
import Testing

@testable import DrainAgent

@Suite(.timeLimit(.minutes(1))) struct ControlTokenFileTests {
    /// Readings that wait for the test: each gives its number when it is let go.
    private final class Readings: Sendable {
        let begun = Lock(0)
        private let gate = Semaphore()

        func read() -> [UInt8]? {
            let number = begun.withLock { count in
                count += 1
                return count
            }
            gate.wait()
            return Array("\(number)".utf8)
        }

        func letGo() { gate.signal() }

        func begin(_ count: Int) async {
            while begun.withLock({ $0 }) < count { await Task.yield() }
        }
    }

    private final class Semaphore: Sendable {
        private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        init() { sem_init(semaphore, 0, 0) }
        deinit {
            sem_destroy(semaphore)
            semaphore.deallocate()
        }
        func wait() { sem_wait(semaphore) }
        func signal() { sem_post(semaphore) }
    }

    @Test("who comes while it is read gets the next reading, one for all of them")
    func shared() async {
        let readings = Readings()
        let file = ControlTokenFile(patience: .seconds(60)) { readings.read() }
        let first = Task { await file.token() }
        await readings.begin(1)
        let late = (0..<20).map { _ in Task { await file.token() } }
        while file.waiters < 21 { await Task.yield() }
        readings.letGo()
        #expect(await first.value == Array("1".utf8))
        readings.letGo()
        for each in late { #expect(await each.value == Array("2".utf8)) }
        #expect(readings.begun.withLock { $0 } == 2)
    }

    @Test("a file that hangs takes one thread, and nobody waits for it longer than the patience")
    func hanging() async {
        let readings = Readings()
        let file = ControlTokenFile(patience: .milliseconds(1)) { readings.read() }
        for _ in 0..<20 { #expect(await file.token() == nil) }
        #expect(readings.begun.withLock { $0 } == 1)
        readings.letGo()
    }

    @Test("a pipe is no token file, and is not waited for")
    func pipe() async {
        let path = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID())").path
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        #expect(await ControlTokenFile(path).token() == nil)
    }
}
