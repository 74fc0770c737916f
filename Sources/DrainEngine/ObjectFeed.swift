public import KubernetesAPI
import SeededRandom
import Timestamps

/// Keeps the drain's picture of some objects true: one watch, a relist where its version has expired, and a list every
/// few seconds where the watch does not work.
struct ObjectFeed {
    enum State: Equatable {
        /// → watching
        case off
        /// → listing, waiting, off
        case watching
        /// A list is wanted or in flight. → watching, waiting, off
        case listing(inFlight: Bool)
        /// Nothing until then. → watching (the version is still good), listing, off
        case waiting(until: Timestamp, thenList: Bool)
    }

    private(set) var state = State.off
    /// Grows with each watch, so that a signal of an old one is known.
    private(set) var generation = 0
    /// The watch is refused or broken: what is true comes from lists.
    private(set) var isPolling = false
    private(set) var resourceVersion = ""

    let topic: WatchRequest.Topic
    private let policy: DrainPolicy
    /// Between two lists while the watch does not work.
    private let interval: Duration
    private var random: SplitMix64
    private var failures = 0
    private var opened: Timestamp?
    private var watchDue: Timestamp?
    private var distrustsCache = false
    /// A list asked for elsewhere has shown this version: no later one may be older.
    private var floor: UInt64 = 0
    /// A list was sent, whatever has become of the feed since.
    private var isListInFlight = false

    init(_ topic: WatchRequest.Topic, policy: DrainPolicy, interval: Duration, random: SplitMix64) {
        self.topic = topic
        self.policy = policy
        self.interval = interval
        self.random = random
    }

    /// The server ends a watch after 5 to 10 minutes, so that a fleet's watches do not end together.
    var wantedWatch: WantedWatch? {
        guard state == .watching else { return nil }
        return WantedWatch(
            generation: generation,
            request: WatchRequest(topic, resourceVersion: resourceVersion, timeoutSeconds: timeout))
    }

    private var timeout = 300

    /// A list to send now, and where it is to come from.
    mutating func wantedList() -> ListSource? {
        guard state == .listing(inFlight: false) else { return nil }
        state = .listing(inFlight: true)
        isListInFlight = true
        return distrustsCache
            ? .consistent(chunkSize: policy.chunkSize)
            : .cache(notBefore: newest)
    }

    /// Versions are opaque, but those of a real server are numbers that grow.
    private var newest: String? {
        guard floor > UInt64(resourceVersion) ?? .max else { return resourceVersion.isEmpty ? nil : resourceVersion }
        return String(floor)
    }

    /// That list has shown the object as it was then, or later.
    func covers(_ metadata: ObjectMeta) -> Bool {
        UInt64(metadata.resourceVersion).map { $0 <= floor } ?? false
    }

    /// A consistent list of the same objects, asked for by somebody else.
    mutating func saw(version: String) { floor = max(floor, UInt64(version) ?? 0) }

    var nextWake: Timestamp? {
        guard case .waiting(let until, _) = state else { return nil }
        return until
    }

    mutating func start(from version: String) {
        resourceVersion = version
        watch()
    }

    /// No version is known yet, or an old one: a list comes first; the one that is on its way will do.
    mutating func startListing() { state = .listing(inFlight: isListInFlight) }

    /// A list is wanted, whatever the watch says.
    mutating func relist() {
        switch state {
        case .watching: startListing()
        case .waiting(let until, _): state = .waiting(until: until, thenList: true)
        case .off, .listing: break
        }
    }

    mutating func stop() { state = .off }

    /// What happens is heard of as it happens.
    var isLive: Bool { state == .watching && !isPolling }

    mutating func tick(at now: Timestamp) {
        guard case .waiting(let until, let thenList) = state, until <= now else { return }
        if thenList { state = .listing(inFlight: false) } else { watch() }
    }

    /// The object that the event tells of, and whether it is there; `nil`: neither, or it is older than what was heard.
    mutating func received(_ event: WatchEvent<WatchedObject>) -> (object: WatchedObject, isPresent: Bool)? {
        failures = 0
        if let old = UInt64(resourceVersion), let new = event.resourceVersion.flatMap({ UInt64($0) }), new < old {
            return nil
        }
        switch event {
        case .added(let object), .modified(let object):
            resourceVersion = object.metadata.resourceVersion
            return (object, true)
        case .deleted(let object):
            resourceVersion = object.metadata.resourceVersion
            return (object, false)
        case .bookmark(let version):
            resourceVersion = version
            return nil
        case .error: return nil
        }
    }

    mutating func watchOpened(at now: Timestamp) -> [DrainEvent.Fact] {
        guard state == .watching else { return [] }
        opened = now
        guard isPolling else { return [] }
        isPolling = false
        return [.pollingChanged(false, reason: "the watch works again")]
    }

    mutating func watchEnded(
        _ reason: WatchRestart, detail: String, status: Status?, at now: Timestamp
    ) -> [DrainEvent.Fact] {
        guard state == .watching else { return [] }
        var facts: [DrainEvent.Fact] = [.watchEnded(reason, detail: detail)]
        let lived = opened.map { now - $0 } ?? .zero
        opened = nil
        switch reason {
        case .expired where lived >= .seconds(1) || failures == 0:
            failures = 1
            state = .listing(inFlight: false)
            return facts
        case .closed where lived >= .seconds(1), .idle:
            watch()
            return facts
        // A list whose own version is too old to be watched would be asked for again and again: it came from a cache.
        case .expired: distrustsCache = true
        case .closed, .error: break
        }
        failures += 1
        let delay = min(policy.backoff.delay(step: failures, using: &random), interval)
        // What cannot be read once may be unreadable for ever: a list goes around it.
        state = .waiting(until: now + delay, thenList: failures > 1 || reason == .expired)
        if !isPolling, status?.code == 403 || failures >= 3 {
            isPolling = true
            facts.append(.pollingChanged(true, reason: detail))
        }
        if isPolling {
            watchDue = now + .seconds(30)
            state = .waiting(until: now + delay, thenList: true)
        }
        return facts
    }

    /// Nothing, when the list comes after the feed was stopped.
    mutating func listed(version: String, at now: Timestamp) {
        isListInFlight = false
        guard state == .listing(inFlight: true) else { return }
        resourceVersion = version
        distrustsCache = false
        if isPolling, let due = watchDue, now < due {
            state = .waiting(until: now + interval, thenList: true)
        } else {
            watch()
        }
    }

    /// The delay until the next try; `nil`: there will be none, the feed was stopped.
    mutating func listFailed(retryAfter: Duration?, at now: Timestamp) -> Duration? {
        isListInFlight = false
        guard state == .listing(inFlight: true) else { return nil }
        failures += 1
        let delay = max(policy.backoff.delay(step: failures, using: &random), retryAfter ?? .zero)
        // A version that another server gave can be waited for in vain: ask for the truth instead.
        distrustsCache = true
        state = .waiting(until: now + delay, thenList: true)
        return delay
    }

    private mutating func watch() {
        generation += 1
        timeout = Int.random(in: 300...600, using: &random)
        state = .watching
    }
}

/// A watch that ought to run; another generation is another watch.
public struct WantedWatch: Sendable, Equatable {
    public var generation: Int
    public var request: WatchRequest
}
