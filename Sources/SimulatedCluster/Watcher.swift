internal import ClusterModel
internal import HTTPServer
internal import Timestamps

/// One client's watch: where it is, and where its lines go.
struct Watcher: Sendable {
    /// Real servers send one a minute; a demo is shorter.
    static let bookmarkInterval = Duration.seconds(10)

    var query: ListQuery
    var options: WatchOptions
    var rendering: ResponseRendering
    var stream: ResponseStream
    /// Everything up to here has been told.
    var revision: Int
    var ends: Timestamp
    var nextBookmark: Timestamp

    init(
        _ query: ListQuery, _ options: WatchOptions, _ rendering: ResponseRendering, after revision: Int,
        at now: Timestamp
    ) {
        self.query = query
        self.options = options
        self.rendering = rendering
        self.revision = revision
        stream = ResponseStream(queueLimit: 4 << 20)
        ends = now + options.timeout
        nextBookmark = now + Self.bookmarkInterval
    }

    var nextEvent: Timestamp { options.bookmarks ? min(ends, nextBookmark) : ends }

    /// Tells what has changed. False: the watch is over.
    mutating func follow(_ model: ClusterModel, at now: Timestamp) -> Bool {
        let changes: [ClusterChange]
        do { changes = try model.changes(after: revision, matching: query) } catch {
            stream.push(ResponseRendering.error(error))
            stream.finish()
            return false
        }
        revision = max(revision, model.revision)
        for change in changes {
            guard stream.push(rendering.line(change.kind, change.object, at: now)) else { return false }
        }
        if options.bookmarks, now >= min(nextBookmark, ends) {
            nextBookmark = now + Self.bookmarkInterval
            guard stream.push(rendering.bookmark(query.resource, revision: revision)) else { return false }
        }
        guard now < ends else {
            stream.finish()
            return false
        }
        return true
    }
}
