import DrainEngine
import HTTPClient
import Locking
import Telemetry
import Timestamps

/// `drain-agent status --watch`: a running agent's drain, live until it has ended.
struct StatusWatch: Sendable {
    /// While an agent that was there is away: it may be restarted, and goes on with its drain.
    private static let patience = 30

    let client: ControlClient
    let style: TerminalStyle

    func run() async -> Int32 {
        let display = LiveDisplay(descriptor: 1, style: style)
        let drain = Lock(FollowedDrain())
        let time = TimeSource.anchored()
        let drawing = Task {
            await display.follow({ drain.withLock { $0.view?.moved(by: .zero - $0.skew) } }, time: time)
        }
        let http = HTTPClient(maxConnections: 1)
        let result = await follow(drain, display, http, time)
        drawing.cancel()
        await drawing.value
        if let view = drain.withLock({ $0.view }), view.outcome != nil {
            say(view, display, time)
            if !view.reason.isEmpty { display.say(view.reason.onOneLine) }
        }
        await display.flush()
        await http.shutdown()
        guard !Task.isCancelled else { return AgentExit.failed }
        switch result {
        case .success(let outcome): return AgentExit.code(outcome)
        case .failure(.agent(let failure)): return client.complain(of: failure)
        // Asked again until it is another one.
        case .failure(.busy): return AgentExit.failed
        case .failure(.words(let text)):
            Complaint.say("drain-agent: \(text)")
            return AgentExit.failed
        }
    }

    private func say(_ view: DrainView, _ display: LiveDisplay, _ time: TimeSource) {
        let columns = Terminal.size(descriptor: 1).map { max(20, $0.columns - 1) } ?? .max
        for line in view.lines(columns: columns, rows: .max, at: time.now(), style: style) {
            display.say(ProgressLine(text: line.text))
        }
    }

    private enum Trouble: Error {
        case agent(HTTPFailure)
        /// As many follow it as it lets.
        case busy
        case words(String)
    }

    private func follow(
        _ drain: Lock<FollowedDrain>, _ display: LiveDisplay, _ http: HTTPClient, _ time: TimeSource
    ) async -> Result<DrainOutcome, Trouble> {
        var misses = 0
        while true {
            var trouble = "the agent is away"
            switch await listen(drain, display, http, time) {
            case .success(let outcome?): return .success(outcome)
            case .success(nil): misses = 0
            case .failure(.agent(let failure)):
                guard drain.withLock({ $0.view }) != nil, misses < Self.patience else {
                    return .failure(.agent(failure))
                }
            case .failure(.busy):
                misses = min(misses, 1)
                trouble = "as many clients follow the agent already as it lets"
            case .failure(.words(let text)): return .failure(.words(text))
            }
            if Task.isCancelled { return .failure(.agent(HTTPFailure(.cancelled, "interrupted"))) }
            if misses == 0 { display.say("warning: \(trouble), asking again every second") }
            misses += 1
            await pause(for: .seconds(1))
        }
    }

    /// Until the stream ends; `nil`: the drain has not.
    private func listen(
        _ drain: Lock<FollowedDrain>, _ display: LiveDisplay, _ http: HTTPClient, _ time: TimeSource
    ) async -> Result<DrainOutcome?, Trouble> {
        let stream: HTTPStream
        switch await http.stream(client.request("GET", "/drain/events")) {
        case .failure(let failure): return .failure(.agent(failure))
        case .success(let begun): stream = begun
        }
        guard stream.status != 503 else { return .failure(.busy) }
        guard stream.status == 200 else {
            return .failure(
                .words("the agent at \(client.place) has no /drain/events (HTTP \(stream.status)): is it an older one?")
            )
        }
        var parser = ServerSentEvents()
        while case .success(let bytes)? = await stream.next() {
            guard let events = parser.push(bytes) else {
                return .failure(.words("what \(client.place) says is too long"))
            }
            for event in events {
                let lines: [ProgressLine]
                let isFirst = drain.withLock { $0.view == nil }
                do { lines = try drain.withLock { try $0.heard(event, at: time.now()) } } catch {
                    return .failure(
                        .words("what \(client.place) says makes no sense here: is the agent another version?"))
                }
                for line in lines { display.say(line) }
                let view = drain.withLock { $0.view }
                if let outcome = view?.outcome { return .success(outcome) }
                // What was before is no line; a live view shows it all the time.
                if isFirst, !style.isLive, let view { say(view, display, time) }
            }
        }
        return .success(nil)
    }
}
