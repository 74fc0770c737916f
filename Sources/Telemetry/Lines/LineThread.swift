import Glibc

/// The thread of a sink: takes lines from the queue until it is told to stop.
final class LineThread {
    private let queue: LineQueue
    private var writer: LineWriter
    private let closesDescriptor: Bool
    private let onFate: @Sendable (LineSink.Fate, Int) -> Void
    private let onFailure: @Sendable (LineSinkError) -> Void

    init(
        queue: LineQueue, writer: LineWriter, closesDescriptor: Bool,
        onFate: @escaping @Sendable (LineSink.Fate, Int) -> Void,
        onFailure: @escaping @Sendable (LineSinkError) -> Void
    ) {
        self.queue = queue
        self.writer = writer
        self.closesDescriptor = closesDescriptor
        self.onFate = onFate
        self.onFailure = onFailure
    }

    /// Returns errno when there can be no thread; the object belongs to the thread from then on.
    func start() -> Int32 {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let failure = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<LineThread>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard failure == 0 else {
            context.release()
            return failure
        }
        pthread_detach(thread)
        return 0
    }

    private func run() {
        // Signals are for the thread that waits for them; SIGPIPE is an error code here.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)

        var isFailing = false
        while let line = queue.next() {
            switch writer.write(line) {
            case .written:
                isFailing = false
                onFate(.written, 1)
            case .interrupted:
                onFate(.dropped, 1)
            case .refused(let number):
                if !isFailing { onFailure(.cannotWrite(errno: number)) }
                isFailing = true
                onFate(.failed, 1)
            }
            queue.settle(bytes: line.count)
        }
        if closesDescriptor { close(writer.descriptor) }
        queue.end()
    }
}
