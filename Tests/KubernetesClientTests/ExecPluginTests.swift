import FoundationEssentials
import Glibc
import Testing
import Timestamps

@testable import KubernetesClient

@Suite("Credential plugins")
struct ExecPluginTests {
    /// A plugin that is a shell script in a directory of its own. The shell reads it: a file that was just written
    /// cannot always be executed, because another thread's fork may still hold it open.
    private final class Script: Sendable {
        let directory = FileManager.default.temporaryDirectory.appending(path: "plugin-\(UUID())")
        var path: String { directory.appending(path: "plugin").path }

        init(_ body: String) throws {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try Data("\(body)\n".utf8).write(to: directory.appending(path: "plugin"))
        }

        deinit { try? FileManager.default.removeItem(at: directory) }

        func plugin(arguments: [String] = [], environment: [String: String] = [:], hint: String = "") -> ExecPlugin {
            ExecPlugin(
                command: "/bin/sh", arguments: [path] + arguments,
                environment: environment.merging(["PATH": "/usr/bin:/bin"]) { own, _ in own },
                apiVersion: "client.authentication.k8s.io/v1", installHint: hint)
        }

        /// What the script appended to this file of its directory.
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: directory.appending(path: name)), as: UTF8.self)
        }
    }

    private static func credential(_ status: String) -> String {
        #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{\#(status)}}"#
    }

    private func run(_ body: String, limit: Duration = ExecPlugin.limit) async throws -> Result<
        ExecCredential.Status, CredentialError
    > {
        let script = try Script(body)
        return await script.plugin().run(limit: limit).mapError { error in
            // Paths differ each time.
            switch error {
            case .pluginFailed(_, let ending): .pluginFailed(command: "p", ending: ending)
            case .pluginMisunderstood(_, let problem): .pluginMisunderstood(command: "p", problem: problem)
            case .pluginTimedOut(_, let limit): .pluginTimedOut(command: "p", limit: limit)
            default: error
            }
        }
    }

    @Test("a token is read with its expiry")
    func token() async throws {
        let printed = Self.credential(#""token":"abc","expirationTimestamp":"2027-01-15T08:00:00Z""#)
        let status = try await run("echo '\(printed)'").get()
        #expect(status.token == "abc")
        #expect(status.expirationTimestamp == Timestamp(rfc3339: "2027-01-15T08:00:00Z"))
    }

    @Test("it gets its arguments and its environment, no input, and nothing else of ours")
    func surroundings() async throws {
        let script = try Script(
            """
            d=$(dirname "$0")
            echo "$1|$2|$A|$KUBERNETES_EXEC_INFO" > $d/given
            cat > $d/input
            ls /proc/self/fd | wc -l > $d/descriptors
            grep -E 'SigBlk|SigIgn' /proc/self/status > $d/signals
            echo '\(Self.credential(#""token":"abc""#))'
            """)
        let plugin = script.plugin(
            arguments: ["one", "two words"], environment: ["A": "a'b", "KUBERNETES_EXEC_INFO": "{}"])
        #expect(try await plugin.run().get().token == "abc")
        #expect(try script.text("given") == "one|two words|a'b|{}\n")
        #expect(try script.text("input").isEmpty)
        // 0, 1, 2, the directory that ls reads, and the script's own.
        #expect(Int(try script.text("descriptors").filter(\.isNumber)).map { $0 <= 5 } == true)
        let masks = try script.text("signals").split(separator: "\n").map { UInt64($0.suffix(16), radix: 16) }
        // 32 and 33 belong to the C library's threads, which lets nobody change them: whoever started us decides.
        let ours = ~UInt64(0b11 << 31)
        #expect(masks.map { $0.map { $0 & ours } } == [0, 0])
    }

    @Test(
        "what is no credential is refused, and never quoted",
        arguments: [
            ("echo s3cret", "no ExecCredential"), ("true", "no ExecCredential"),
            ("echo '{\"kind\":\"s3cret\"}'", "no ExecCredential"),
            ("echo '\(credential(#""token":"""#))'", "neither a token nor a client certificate"),
            ("echo '\(credential(""))'", "neither a token nor a client certificate"),
            (
                "echo '\(credential(#""clientKeyData":"s3cret""#))'",
                "only one of clientCertificateData and clientKeyData"
            ),
            (
                "echo '\(credential(#""clientCertificateData":"c""#))'",
                "only one of clientCertificateData and clientKeyData"
            ),
            ("echo '\(credential(#""token":"s3cret","expirationTimestamp":"soon""#))'", "no ExecCredential"),
            (
                #"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}'"#,
                "an ExecCredential without status"
            ),
            (
                #"echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"s3cret"}}'"#,
                "something else than an ExecCredential of client.authentication.k8s.io/v1"
            ),
            (
                #"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"Other","status":{"token":"s3cret"}}'"#,
                "something else than an ExecCredential of client.authentication.k8s.io/v1"
            ),
            ("head -c 3000000 /dev/zero", "more than 1048576 bytes"),
        ])
    func misunderstood(script: String, problem: String) async throws {
        #expect(try await run(script) == .failure(.pluginMisunderstood(command: "p", problem: problem)))
    }

    /// How a plugin that fails is reported, and what standard error is told.
    private func failure(_ body: String) async throws -> (error: CredentialError?, told: String) {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let script = try Script(body)
        let result = await script.plugin().run(complaints: ends[1])
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(ends[0], &bytes, bytes.count)
        let told = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        guard case .failure(let error) = result else { return (nil, told) }
        return (error, told)
    }

    @Test(
        "what a plugin that fails complains of is told on standard error, on one line, and is in no error",
        arguments: [
            ("echo s3cret; echo 'not logged in' >&2; exit 3", "exit code 3", "not logged in"),
            ("exit 1", "exit code 1", ""),
            ("kill -9 $$", "signal 9", ""),
            ("printf 'a\\nb\\033[31m\\tc' >&2; exit 1", "exit code 1", "a b [31m c"),
        ])
    func failures(script: String, ending: String, complaint: String) async throws {
        let (error, told) = try await failure(script)
        #expect(error.map { "\($0)" } == "the credential plugin /bin/sh ended with \(ending)")
        #expect(told == (complaint.isEmpty ? "" : "drain-agent: the credential plugin /bin/sh says: \(complaint)\n"))
    }

    @Test("of a long complaint the end is told")
    func longComplaint() async throws {
        let (_, told) = try await failure("yes noise | head -c 100000 >&2; echo the end >&2; exit 1")
        #expect(told.hasSuffix("the end\n"))
        #expect(told.utf8.count <= 1024 + 100)
    }

    @Test("a plugin that hangs is stopped with everything it started")
    func hanging() async throws {
        let script = try Script("sleep 1000 & echo $! > $(dirname $0)/child; wait")
        let result = await script.plugin().run(limit: .seconds(1))
        #expect(result == .failure(.pluginTimedOut(command: "/bin/sh", limit: .seconds(1))))
        let child = try #require(Int(try script.text("child").filter(\.isNumber)))
        // The signal was sent; the kernel may need a moment to let it work.
        let isGone = (0..<100_000).contains { _ in Self.isGone(child) }
        #expect(isGone)
    }

    /// No such process, or one that only waits to be reaped.
    private static func isGone(_ process: Int) -> Bool {
        let stat = try? String(contentsOf: URL(fileURLWithPath: "/proc/\(process)/stat"), encoding: .utf8)
        return stat.map { $0.contains(") Z") } ?? true
    }

    @Test("a plugin that leaves a process behind does not hold us up")
    func background() async throws {
        let result = try await run("sleep 60 & echo '\(Self.credential(#""token":"abc""#))'", limit: .seconds(30))
        #expect(try result.get().token == "abc")
    }

    @Test("a missing plugin is named with its hint")
    func missing() async {
        let plugin = ExecPlugin(
            command: "no-such-plugin", environment: ["PATH": "/usr/bin:/bin"],
            apiVersion: "client.authentication.k8s.io/v1", installHint: "brew install\nplugin\n")
        let result = await plugin.run()
        #expect(result == .failure(.pluginNotFound(command: "no-such-plugin", installHint: "brew install plugin")))
        guard case .failure(let error) = result else { return }
        #expect("\(error)" == "there is no credential plugin no-such-plugin in PATH: brew install plugin")
    }

    @Test("a plugin is found in the PATH it is given")
    func lookup() async throws {
        let script = try Script("")
        let program = script.directory.appending(path: "found").path
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: "/bin/echo")
        var plugin = script.plugin(environment: ["PATH": "/nowhere:\(script.directory.path)"])
        plugin.command = "found"
        plugin.arguments = [Self.credential(#""token":"abc""#)]
        #expect(try await plugin.run().get().token == "abc")
    }

    @Test("a file that is no program is reported")
    func notAProgram() async throws {
        let script = try Script("")
        var plugin = script.plugin()
        plugin.command = script.path
        #expect(
            await plugin.run() == .failure(.pluginNotStarted(command: script.path, reason: "Permission denied")))
    }

    // MARK: - Kept until it expires

    private func store(_ plugin: ExecPlugin, _ clock: TestClock) -> CredentialStore {
        CredentialStore(
            access: ClusterAccess(server: "https://a", credential: .exec(plugin)), files: MemoryFiles().reader,
            time: clock.source)
    }

    /// Prints a token with the number of its run, good until `expiry`.
    private static func counting(expiry: String) -> String {
        """
        echo run >> $(dirname $0)/runs
        n=$(wc -l < $(dirname $0)/runs)
        echo '\(credential(#""token":"'$n'""# + expiry))'
        """
    }

    @Test("a credential is kept until it expires")
    func expiry() async throws {
        let clock = TestClock()
        let end = (clock.source.now() + .seconds(100)).rfc3339()
        let script = try Script(Self.counting(expiry: #","expirationTimestamp":"\#(end)""#))
        let store = store(script.plugin(), clock)
        #expect(try await store.credential().get().authorization == "Bearer 1")
        clock.advance(.seconds(99))
        #expect(try await store.credential().get().authorization == "Bearer 1")
        clock.advance(.seconds(1))
        #expect(try await store.credential().get().authorization == "Bearer 2")
        #expect(try script.text("runs") == "run\nrun\n")
    }

    @Test("a credential without an expiry is kept until it is refused")
    func refusal() async throws {
        let clock = TestClock()
        let script = try Script(Self.counting(expiry: ""))
        let store = store(script.plugin(), clock)
        let first = try await store.credential().get()
        clock.advance(.seconds(1_000_000))
        #expect(try await store.credential().get() == first)
        await store.refused(first)
        #expect(try await store.credential().get().authorization == "Bearer 2")
        #expect(try script.text("runs") == "run\nrun\n")
    }

    @Test("one run serves all that wait for it")
    func sharing() async throws {
        let script = try Script(Self.counting(expiry: ""))
        let store = store(script.plugin(), TestClock())
        let headers = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<20 { group.addTask { try? await store.credential().get().authorization } }
            return await group.reduce(into: Set<String?>()) { $0.insert($1) }
        }
        #expect(headers == ["Bearer 1"])
        #expect(try script.text("runs") == "run\n")
    }

    @Test("a plugin that hangs is stopped when nobody waits for it any more", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        let script = try Script("exec sleep 1000")
        let run = Task { await script.plugin().run().map { _ in } }
        run.cancel()
        guard case .failure(.cancelled) = await run.value else {
            Issue.record("not stopped")
            return
        }
    }

    @Test("whoever does not wait any longer is let go, and the others are served", .timeLimit(.minutes(1)))
    func letGo() async throws {
        let script = try Script("cat $(dirname $0)/gate >/dev/null; echo '\(Self.credential(#""token":"abc""#))'")
        let gate = script.directory.appending(path: "gate").path
        #expect(mkfifo(gate, 0o600) == 0)
        let store = store(script.plugin(), TestClock())
        let patient = Task { await store.credential() }
        let impatient = Task { await store.credential() }
        impatient.cancel()
        #expect(await impatient.value == .failure(.cancelled))
        // Opens when the plugin reads it, and closes: the plugin goes on.
        close(await Task.detached { open(gate, O_WRONLY) }.value)
        #expect(try await patient.value.get().authorization == "Bearer abc")
    }

    @Test("a client certificate of a plugin is used")
    func certificate() async throws {
        let script = try Script("echo '\(Self.credential(#""clientCertificateData":"C","clientKeyData":"K""#))'")
        let credential = try await store(script.plugin(), TestClock()).credential().get()
        #expect(credential.authorization == nil)
        #expect(credential.certificate == .init(certificatePEM: Array("C".utf8), keyPEM: Array("K".utf8)))
    }
}
