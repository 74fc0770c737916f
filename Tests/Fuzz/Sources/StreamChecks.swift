import FoundationEssentials
import KubernetesAPI
import Timestamps

@testable import HTTPClient

/// What arrives in pieces: the cuts must not matter.
enum StreamChecks {
    private struct List: Equatable {
        var items: [[UInt8]]
        var envelope: [UInt8]
    }

    private struct Whole: Decodable {
        var items: [Pod]?
    }

    /// A list, item by item, against the whole of it at once.
    static func list(_ bytes: [UInt8]) {
        let atOnce = split([bytes])
        let inPieces = split(bytes.pieces)
        require(atOnce == inPieces, "a list does not depend on how it is cut")
        guard let cut = atOnce, let list = ObjectChecks.decoded(cut.envelope, ListEnvelope.self) else { return }
        let pods = cut.items.map { ObjectChecks.decoded($0, Pod.self) }
        guard !pods.contains(nil), let whole = ObjectChecks.decoded(bytes, Whole.self) else { return }
        // Of a key that is there twice each reader takes another one.
        guard bytes.count(of: Array("\"items\"".utf8)) <= 1 else { return }
        require((whole.items ?? []) == pods.compactMap { $0 }, "a list item by item is the list at once")
        _ = list.next
    }

    private static func split(_ pieces: [[UInt8]]) -> List? {
        var splitter = ItemSplitter(limit: 1 << 16)
        var items: [[UInt8]] = []
        do {
            for piece in pieces { items += try splitter.push(piece[...]) }
            try splitter.finish()
        } catch { return nil }
        return List(items: items, envelope: splitter.envelope)
    }

    /// A watch's lines, and the events in them.
    static func watch(_ bytes: [UInt8]) {
        let lines = lines([bytes])
        require(lines == Self.lines(bytes.pieces), "lines do not depend on how they are cut")
        for line in lines ?? [] {
            require(!line.isEmpty && !line.contains(UInt8(ascii: "\n")), "a line is one, and has something in it")
            _ = ObjectChecks.decoded(line, WatchEvent<Pod>.self)
            _ = ObjectChecks.decoded(line, WatchEvent<Budget>.self)
            _ = ObjectChecks.decoded(line, WatchEvent<Node>.self)
        }
        let size = (lines ?? []).reduce(0) { $0 + $1.count }
        require(size <= bytes.count, "nothing is read twice")
    }

    private static func lines(_ pieces: [[UInt8]]) -> [[UInt8]]? {
        var splitter = LineSplitter(limit: 512)
        var lines: [[UInt8]] = []
        do { for piece in pieces { lines += try splitter.push(piece[...]) } } catch { return nil }
        return lines
    }

    /// A response's head, line by line as libcurl hands it over.
    static func head(_ bytes: [UInt8]) {
        var parser = HeadParser()
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = Array(rest.prefix { $0 != UInt8(ascii: "\n") } + [UInt8(ascii: "\n")])
            rest = rest.dropFirst(line.count)
            switch line.withUnsafeBytes({ parser.parse($0, status: 200) }) {
            case .more: break
            case .tooLarge: return require(bytes.count > HeadParser.limit / 2, "only a large head is too large")
            case .complete(let head):
                for (name, value) in head.headers.fields {
                    require(!name.utf8.contains { $0 == 0x0A || $0 == UInt8(ascii: ":") }, "a header's name is one")
                    require(!value.utf8.contains(0x0A), "a header's value is one line")
                    require(
                        head.headers[name.uppercased()] != nil || !name.utf8.allSatisfy { $0 < 0x80 },
                        "found in any case")
                }
                let pause = RetryAfter.duration(head.headers, now: ObjectChecks.now)
                require(pause.map { $0 >= .zero } ?? true, "nobody waits for less than nothing")
            }
        }
    }
}
