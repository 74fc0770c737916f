import ArgumentParser
import DrainReport
import FoundationEssentials
import Glibc
import Telemetry

struct ReportCommand: AgentCommand {
    enum Output: String, ExpressibleByArgument, CaseIterable, Sendable { case text, json, html }

    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Says what happened in drains, from their files of spans alone.",
        discussion: """
            Takes the files of any number of nodes and drains, also those that a crash has cut off. Shows each drain's \
            timeline by pod, its critical path, its slowest pods, and who said not now. Exit codes: 0 however the drains \
            ended, 1 a file could not be read, 64 usage.
            """)

    @Argument(help: "Files of spans as --spans writes them; -: standard input.", completion: .file())
    var files: [String]

    @Option(
        name: [.customShort("o"), .long], help: "text, json, or html: one file to look at, or to attach to a ticket.")
    var output = Output.text

    func execute(_ signals: SignalFeed) async -> Int32 { await signals.cutting { report() } }

    private func report() -> Int32 {
        var builder = ReportBuilder()
        var read: [(name: String, problems: SpanReader.Problems)] = []
        var code = AgentExit.completed
        for path in files {
            do {
                read.append((path == "-" ? "standard input" : path, try Self.read(path, into: &builder)))
            } catch {
                Complaint.say("drain-agent: \(error)")
                code = AgentExit.failed
            }
        }
        guard !read.isEmpty else { return code }
        return StandardOutput.write(render(builder.report(files: read))) ? code : AgentExit.failed
    }

    private func render(_ report: Report) -> [UInt8] {
        switch output {
        case .text:
            let text = TextReport(
                report, width: Terminal.size(descriptor: 1)?.columns ?? 80,
                isColored: Terminal.isColorful(descriptor: 1))
            return Array((text.lines.joined(separator: "\n") + "\n").utf8)
        case .html: return Array(HTMLReport(report).text.utf8)
        case .json:
            var bytes: [UInt8] = []
            JSONLine.append(report.json, to: &bytes)
            return bytes + [UInt8(ascii: "\n")]
        }
    }

    private struct Unreadable: Error, CustomStringConvertible { var description: String }

    private static func read(_ path: String, into builder: inout ReportBuilder) throws -> SpanReader.Problems {
        let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unreadable(description: "\(path): \(String(cString: strerror(errno)))") }
        defer { if descriptor > 0 { close(descriptor) } }
        var reader = SpanReader()
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Unreadable(description: "\(path): \(String(cString: strerror(errno)))") }
            guard count > 0 else { break }
            for span in reader.push(buffer[..<count]) { builder.add(span) }
        }
        for span in reader.finish() { builder.add(span) }
        return reader.problems
    }
}
