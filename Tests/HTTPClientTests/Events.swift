import Glibc
import HTTPClient

/// What a server's script tells the test that waits for it.
struct Events<Element: Sendable>: Sendable {
    private let stream: AsyncStream<Element>
    private let continuation: AsyncStream<Element>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func post(_ event: Element) { continuation.yield(event) }

    func next() async -> Element? { await stream.first { _ in true } }
}

/// What a test lets a server's script go on with: its thread blocks for them.
final class Permits: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func post() { sem_post(semaphore) }

    /// 20 s at most.
    func wait() {
        var limit = timespec()
        clock_gettime(CLOCK_REALTIME, &limit)
        limit.tv_sec += 20
        sem_timedwait(semaphore, &limit)
    }
}

extension Result {
    var failure: Failure? {
        guard case .failure(let failure) = self else { return nil }
        return failure
    }
}

extension HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension HTTPStream {
    /// Everything until the end, or the failure that ended it.
    func readAll() async -> Result<[UInt8], HTTPFailure> {
        var all: [UInt8] = []
        while let chunk = await next() {
            switch chunk {
            case .success(let bytes): all += bytes
            case .failure(let failure): return .failure(failure)
            }
        }
        return .success(all)
    }
}
