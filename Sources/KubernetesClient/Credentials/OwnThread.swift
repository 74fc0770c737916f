internal import Glibc

/// Blocking work on a thread of its own: Swift's cooperative pool has no thread to spare.
public enum OwnThread {
    public static func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let job = Job { continuation.resume(returning: work()) }
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(job)
            let code = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().work()
                    return nil
                }, argument.toOpaque())
            guard code == 0 else {
                // No thread to be had: better to block than never to answer.
                argument.takeRetainedValue().work()
                return
            }
            pthread_detach(thread)
        }
    }

    private final class Job: Sendable {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
}
