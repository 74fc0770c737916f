import FoundationEssentials
import Timestamps

@testable import HTTPClient
@testable import Telemetry
@testable import TelemetryExport

/// What callers, collectors and the environment say to our telemetry, and what hostile names do to our lines.
enum TelemetryChecks {
    static func traceparent(_ bytes: [UInt8]) {
        guard let parent = TraceParent(parsing: bytes.text) else { return }
        require(TraceParent(parsing: parent.header) == parent, "\(parent.header) is read as something else")
        require(bytes.text.hasPrefix("00-") ? bytes.count == 55 : bytes.count >= 55, "its length is the standard's")
        require(
            bytes.text.utf8.dropFirst(3).starts(with: parent.header.utf8.dropFirst(3).prefix(50)),
            "the ids are the caller's")
    }

    /// `NAME=value` a line.
    static func otel(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        var variables: [String: String] = [:]
        for line in input.lines() {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { variables["OTEL_" + parts[0]] = String(parts[1]) }
        }
        let environment = TelemetryEnvironment(endpoint: nil, variables: variables)
        for (name, value) in environment.export?.headers ?? [] {
            require(!name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a header's name is a token")
            require(!value.utf8.contains { $0 == 0 || $0 == 0x0A || $0 == 0x0D }, "a header's value is one line")
            guard value.utf8.count >= 12 else { continue }
            require(!environment.warnings.contains { $0.contains(value) }, "no warning has a header's value")
        }
        if let timeout = environment.export?.timeout { require(timeout > .zero, "a timeout is some time") }
        _ = environment.resource(over: [("service.name", .string("drain-agent"))], facts: ["k8s.node.name"])
    }

    static func collectorURL(_ bytes: [UInt8]) {
        for url in [CollectorURL(base: bytes.text), CollectorURL(exact: bytes.text)].compactMap({ $0 }) {
            require(url.text.hasPrefix("http") || url.text.lowercased().hasPrefix("http"), "only HTTP is spoken")
            let authority = url.description.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
            require(!authority.contains("@"), "\(url) has nobody's name in it")
            require(!url.description.contains("?"), "\(url) has no query")
            require(CollectorURL(exact: url.text)?.text == url.text, "\(url.text) is read as something else")
        }
    }

    /// Status, Retry-After, body: a line each.
    static func exportReply(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let status = Int(input.line()) ?? 200
        let headers = HTTPHeaders([(name: "Retry-After", value: input.line())])
        let body = Array(input.lines().joined(separator: "\n").utf8)
        let response = HTTPResponse(status: status, headers: headers, body: body)
        switch ExportReply(.success(response), at: ObjectChecks.now) {
        case .accepted: require((200..<300).contains(status), "only a yes is one")
        case .later(_, let pause): require(pause.map { $0 >= .zero } ?? true, "nobody waits for less than nothing")
        case .refused: break
        }
    }

    /// Names of others, in our logs.
    static func logLine(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let texts = input.lines()
        let line = LogLine(
            at: ObjectChecks.now, level: .info, logger: "drain", message: texts.first ?? "",
            fields: [
                ("pod", .string(bytes.text)), ("list", .array(texts.map { .string($0) })),
                ("object", .object(texts.enumerated().map { ("k\($0)", .string($1)) })),
            ])
        struct Read: Decodable {
            var msg: String
            var pod: String
            var list: [String]
        }
        let json = line.json()
        let read = ObjectChecks.decoded(json, Read.self)
        require(
            read?.pod == bytes.text && read?.list == texts && read?.msg == texts.first ?? "",
            "a line says what it was told: \(json.text)")
        for written in [json, line.text()] {
            require(written.last == UInt8(ascii: "\n") && !written.dropLast().contains(UInt8(ascii: "\n")), "one line")
            let commands = written.text.unicodeScalars.dropLast().filter {
                $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || [0x2028, 0x2029].contains($0.value)
            }
            require(commands.isEmpty, "nothing that a terminal obeys")
        }
    }
}
