import FoundationEssentials
import Glibc
import HTTPClient
import TestSupport
import Testing

/// The real binary, beside a test.
struct AgentProcess: Sendable {
    /// Beside the bundle of the tests, where the build puts them both.
    static let path: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
        let bundle = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/drain-agent"
    }()

    let child: ChildProgram
    private let http = HTTPClient()

    /// Nothing of this machine's environment reaches it, the search path excepted.
    static func with(
        _ arguments: [String], in directory: String, environment: [String: String] = [:],
        output: ChildProgram.Output = .read, _ body: (AgentProcess) async throws -> Void
    ) async throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let variables = ["HOME": directory, "PATH": path].merging(environment) { _, given in given }
        try await ChildProgram.with(Self.path, arguments, environment: variables, output: output) { child in
            let agent = AgentProcess(child: child)
            do { try await body(agent) } catch {
                await agent.http.shutdown()
                throw error
            }
            await agent.http.shutdown()
        }
    }

    private init(child: ChildProgram) { self.child = child }

    /// How it ended; its output has been read whole by then.
    func exitCode() async -> Int32? {
        guard case .exited(let code) = await child.end() else { return nil }
        return code
    }

    /// Until it holds SIGTERM back, the earliest moment at which none must be lost. What shows it is that SIGPIPE is
    /// ignored, which comes right after; the mask itself shows nothing while `sigwait` waits.
    func masksSignals() async throws {
        let sigpipe: UInt64 = 1 << 12
        while !Task.isCancelled {
            let status = String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: "/proc/\(child.pid)/status")), as: UTF8.self)
            let line = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
            let ignored = line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0
            if ignored & sigpipe != 0 { return }
            await Task.yield()
        }
    }

    /// A line of the JSON log by its message, said already or to come.
    func log(_ message: String) async throws -> JSONValue {
        let line = await child.error.first(containing: "\"msg\":\"\(message)\"")
        let found = try #require(line, "no line \"\(message)\" in the log:\n\(child.error.text)")
        return try JSONDecoder().decode(JSONValue.self, from: Data(found.utf8))
    }

    /// `http://127.0.0.1:PORT`, as the log says it.
    func address() async throws -> String {
        let listen = try await log("serving")["listen"]?.items.compactMap(\.string) ?? []
        return "http://" + (try #require(listen.first { !$0.hasPrefix("unix:") }))
    }

    func ask(
        _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: String? = nil,
        socket: String? = nil
    ) async throws -> HTTPResponse {
        var request = HTTPRequest(method: method, url: url, headers: headers, body: body.map { Array($0.utf8) })
        request.unixSocket = socket
        return try await http.send(request).get()
    }

    func scrape(_ address: String) async throws -> Scrape {
        let response = try await ask("GET", "\(address)/metrics")
        #expect(response.status == 200)
        return Scrape(response.body)
    }

    func status(_ address: String) async throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(try await ask("GET", "\(address)/drain").body))
    }
}

extension HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension TestCluster {
    /// `drain-agent drain node-a` with these arguments, to its end.
    func drain(_ arguments: [String] = [], _ check: (AgentProcess, Int32?) async throws -> Void) async throws {
        let fixed = ["drain", Self.node, "--kubeconfig", kubeconfig, "--pdb-retry-interval", "100ms"]
        try await AgentProcess.with(fixed + arguments, in: directory) { agent in
            let code = await agent.exitCode()
            try await check(agent, code)
        }
    }

    /// `drain-agent run`, with every file of its in the test's directory.
    func run(
        _ arguments: [String] = [], environment: [String: String] = [:], output: ChildProgram.Output = .read,
        _ body: (AgentProcess) async throws -> Void
    ) async throws {
        let usual = [("--kubeconfig", kubeconfig), ("--listen", "127.0.0.1:0"), ("--spans", spans)]
        let fixed = [
            "run", "--node", Self.node, "--control-socket", socket, "--termination-log", terminationLog,
            "--pdb-retry-interval", "100ms",
        ]
        let rest = usual.filter { !arguments.contains($0.0) }.flatMap { [$0.0, $0.1] }
        try await AgentProcess.with(
            fixed + rest + arguments, in: directory, environment: environment, output: output, body)
    }

    /// One of the commands that talk to the running agent.
    func control(_ arguments: [String], _ check: (AgentProcess, Int32?) throws -> Void) async throws {
        try await AgentProcess.with(arguments + ["--control-socket", socket], in: directory) { command in
            let code = await command.exitCode()
            try check(command, code)
        }
    }
}
