import ClusterModel
import FoundationEssentials
import Glibc
import HTTPClient
import Telemetry
import TestSupport
import Testing

@testable import DrainAgent

/// Which format a scraper gets, and what scrapers cost.
@Suite(.serialized, .timeLimit(.minutes(2))) struct FormatTests {
    /// Accept headers as the programs really send them.
    static let scrapers: [(who: String, accept: String?, format: ExpositionFormat)] = [
        ("nobody in particular", nil, .text),
        ("curl", "*/*", .text),
        (
            "Firefox", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", .text
        ),
        (
            "Prometheus 2.4", "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            .text
        ),
        (
            "Prometheus 2.42",
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openmetrics
        ),
        (
            "Prometheus 2.55 with native histograms",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5,"
                + "application/openmetrics-text;version=1.0.0;q=0.4,application/openmetrics-text;version=0.0.1;q=0.3,"
                + "text/plain;version=0.0.4;q=0.2,*/*;q=0.1", .openmetrics
        ),
        (
            "Prometheus 3",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
                + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", .openmetrics
        ),
        (
            "Prometheus 3 that wants text",
            "text/plain;version=1.0.0;escaping=underscores;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4", .text
        ),
        ("a version to come", "application/openmetrics-text;version=2.0.0,*/*;q=0.1", .text),
        ("who refuses text", "text/plain;q=0, */*;q=0.5", .openmetrics),
        ("who takes nothing of ours", "image/png", .text),
        ("who takes nothing", "*/*;q=0", .text),
    ]

    @Test("the format is the one the scraper likes best", arguments: scrapers)
    func chosen(who: String, accept: String?, format: ExpositionFormat) {
        #expect(ExpositionFormat(acceptedBy: accept) == format)
    }

    @Test("the answer is of that format, says what it depends on, is compressed on demand and counted")
    func answers() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--linger", "0"]) { agent in
                let address = try await agent.address()
                var last = ""
                for (_, accept, format) in Self.scrapers {
                    for encoding in ["identity", "gzip;q=0.5", "gzip;q=0"] {
                        let headers = accept.map { [(name: "Accept", value: $0)] } ?? [(name: "Accept", value: "")]
                        let response = try await agent.ask(
                            "GET", "\(address)/metrics", headers: headers + [(name: "Accept-Encoding", value: encoding)]
                        )
                        #expect(response.headers["content-type"] == format.contentType)
                        #expect(response.headers["vary"] == "Accept, Accept-Encoding")
                        let isGzipped = response.headers["content-encoding"] == "gzip"
                        #expect(isGzipped == (encoding == "gzip;q=0.5"))
                        let body = isGzipped ? try #require(gunzip(response.body)) : response.body
                        last = String(decoding: body, as: UTF8.self)
                        #expect(last.hasSuffix("# EOF\n") == (format == .openmetrics))
                    }
                }
                var counted: [String: Double] = [:]
                let scrapes = Double(Self.scrapers.count * 3)
                // The last ones are counted when the client's kernel has acknowledged them.
                while counted.values.reduce(0, +) < scrapes {
                    let scrape = try await agent.scrape(address)
                    for format in ExpositionFormat.allCases {
                        let series = "drain_scrapes_total{format=\"\(format.rawValue)\"}"
                        counted[format.rawValue] = scrape[series] ?? 0
                    }
                }
                let openmetrics = Self.scrapers.count { $0.format == .openmetrics } * 3
                #expect(counted["openmetrics"] == Double(openmetrics))
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
        }
    }

    @Test("readers that never read hold up neither scrapes nor the drain")
    func slowReaders() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--linger", "10m"]) { agent in
                let address = try await agent.address()
                let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
                let readers = try (0..<20).map { _ in try DeafReader(port: port) }
                agent.child.send(SIGTERM)
                while !(try await agent.scrape(address).hasEnded("completed")) {}
                readers.forEach { $0.leave() }
                #expect(await agent.exitCode() == 0)
            }
        }
    }

    @Test("scraping again and again takes no more memory")
    func memory() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--linger", "0"]) { agent in
                let address = try await agent.address()
                func scrape(_ times: Int) async throws -> Int {
                    for number in 0..<times {
                        let format = ExpositionFormat.allCases[number % 2].contentType
                        _ = try await agent.ask(
                            "GET", "\(address)/metrics",
                            headers: [
                                (name: "Accept", value: format),
                                (name: "Accept-Encoding", value: number % 4 < 2 ? "gzip" : "identity"),
                            ])
                    }
                    return try anonymousMemory(of: agent.child.pid)
                }
                let before = try await scrape(500)
                #expect(try await scrape(2000) - before < 1024, "KiB")
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
        }
    }
}

/// In KiB, without the files of libraries.
private func anonymousMemory(of pid: Int32) throws -> Int {
    let status = String(decoding: try Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/status")), as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return try #require(line?.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) })
}

/// Asks for more than its kernel will hold, and reads none of it.
private struct DeafReader {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var room: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0)
        let request = Array("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let requests = Array(repeatElement(request, count: 200).joined())
        try #require(send(descriptor, requests, requests.count, 0) == requests.count)
    }

    func leave() { close(descriptor) }
}
