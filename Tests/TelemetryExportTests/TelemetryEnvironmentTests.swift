import Telemetry
import Testing

@testable import TelemetryExport

@Suite("What --otlp-endpoint and the OTEL_* variables say together")
struct TelemetryEnvironmentTests {
    private static let secret = "hunter2"

    @Test(
        "where spans go",
        arguments: [
            (nil, [:], nil),
            ("http://c:4318", [:], "http://c:4318/v1/traces"),
            ("https://c/otlp/", [:], "https://c/otlp/v1/traces"),
            ("HTTP://[::1]:4318", [:], "HTTP://[::1]:4318/v1/traces"),
            ("", ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"], nil),
            (nil, ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"], "http://c:4318/v1/traces"),
            (nil, ["OTEL_EXPORTER_OTLP_ENDPOINT": ""], nil),
            (nil, ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318"], "http://c:4318/"),
            (nil, ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/in"], "http://c/in"),
            (
                nil,
                ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t/in", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"],
                "http://t/in"
            ),
            ("http://f", ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t/in"], "http://f/v1/traces"),
            (nil, ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "TRUE"], nil),
            (nil, ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"], nil),
            (nil, ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "yes"], "http://c/v1/traces"),
            ("http://f", ["OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "none"], "http://f/v1/traces"),
            (nil, ["OTEL_TRACES_EXPORTER": "otlp"], "http://localhost:4318/v1/traces"),
        ] as [(String?, [String: String], String?)])
    func destination(flag: String?, variables: [String: String], url: String?) {
        let environment = TelemetryEnvironment(endpoint: flag, variables: variables)
        #expect(environment.export?.url.text == url)
        #expect(environment.warnings.isEmpty)
    }

    @Test(
        "what is no URL of a collector",
        arguments: [
            "c:4318", "localhost", "grpc://c:4317", "http://", "http:///v1", "http://c:0", "http://c:99999",
            "http://a b",
            "file:///etc/passwd", "", "://", "http://c:x",
        ])
    func noURL(text: String) {
        #expect(CollectorURL(base: text) == nil)
        #expect(CollectorURL(exact: text) == nil)
    }

    @Test("a bad endpoint in the environment is a warning that names the variable, and nothing is exported")
    func badEndpoint() {
        for name in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] {
            let environment = TelemetryEnvironment(endpoint: nil, variables: [name: "\(Self.secret)@c"])
            #expect(environment.export == nil)
            #expect(environment.warnings.count == 1 && environment.warnings[0].hasPrefix("\(name) is"))
            #expect(!environment.warnings[0].contains(Self.secret))
        }
    }

    @Test("variables of traces win over those of all signals")
    func tracesWin() throws {
        var variables: [String: String] = [:]
        for (name, ours) in [
            ("HEADERS", "a=1"), ("CERTIFICATE", "/ca"), ("CLIENT_KEY", "/key"), ("CLIENT_CERTIFICATE", "/cert"),
            ("TIMEOUT", "2500"), ("COMPRESSION", "none"), ("PROTOCOL", "http/json"),
        ] {
            variables["OTEL_EXPORTER_OTLP_TRACES_\(name)"] = ours
            variables["OTEL_EXPORTER_OTLP_\(name)"] = "other"
        }
        let environment = TelemetryEnvironment(endpoint: "http://c", variables: variables)
        let export = try #require(environment.export)
        #expect(export.headers.map(\.name) == ["a"] && export.headers.map(\.value) == ["1"])
        #expect(export.certificate == "/ca" && export.clientKey == "/key" && export.clientCertificate == "/cert")
        #expect(export.timeout == .milliseconds(2500) && !export.compresses)
        #expect(environment.warnings.isEmpty)
    }

    @Test("without any of them it is gzip and ten seconds")
    func usual() throws {
        let export = try #require(TelemetryEnvironment(endpoint: "http://c", variables: [:]).export)
        #expect(export.timeout == .seconds(10) && export.compresses && export.headers.isEmpty)
    }

    @Test("headers are percent-decoded")
    func headers() throws {
        let variables = ["OTEL_EXPORTER_OTLP_HEADERS": " api-key = a%2Cb%3D , authorization=Bearer%20\(Self.secret),"]
        let environment = TelemetryEnvironment(endpoint: "http://c", variables: variables)
        let export = try #require(environment.export)
        #expect(export.headers.map(\.name) == ["api-key", "authorization"])
        #expect(export.headers.map(\.value) == ["a,b=", "Bearer \(Self.secret)"])
        #expect(environment.warnings.isEmpty)
    }

    @Test(
        "a variable that makes no sense is named, its value's secret is not, and export goes on",
        arguments: [
            ("OTEL_EXPORTER_OTLP_HEADERS", "\(secret)"), ("OTEL_EXPORTER_OTLP_HEADERS", "key=\(secret)%zz"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "=\(secret)"), ("OTEL_EXPORTER_OTLP_HEADERS", "a b\(secret)=1"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=\(secret)%0d%0aX: y"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=%ff\(secret)"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "Content-Type=\(secret)"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"), ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_RESOURCE_ATTRIBUTES", "a=b,c"), ("OTEL_RESOURCE_ATTRIBUTES", "a=%4"),
        ])
    func warnings(name: String, value: String) throws {
        let environment = TelemetryEnvironment(endpoint: "http://c", variables: [name: value])
        let export = try #require(environment.export)
        #expect(environment.warnings.count == 1)
        #expect(environment.warnings.first?.contains(name) == true)
        #expect(environment.warnings.first?.contains(Self.secret) == false)
        #expect(export.headers.isEmpty && export.timeout == .seconds(10) && export.compresses)
        #expect(environment.resource.isEmpty)
    }

    @Test("an exporter that we have not is named")
    func unknownExporter() {
        let variables = ["OTEL_TRACES_EXPORTER": "zipkin", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"]
        let environment = TelemetryEnvironment(endpoint: nil, variables: variables)
        #expect(environment.export == nil)
        #expect(environment.warnings == ["OTEL_TRACES_EXPORTER: there is no exporter zipkin, only otlp and none"])
    }

    @Test("the resource has the environment's words, but for what we know better")
    func resource() {
        let environment = TelemetryEnvironment(
            endpoint: nil,
            variables: [
                "OTEL_RESOURCE_ATTRIBUTES": "z=%C3%A4%2C,service.name=from-attributes,k8s.node.name=other,b=1",
                "OTEL_SERVICE_NAME": "drains",
            ])
        let merged = environment.resource(
            over: [("service.name", .string("drain-agent")), ("k8s.node.name", .string("node-a"))],
            facts: ["k8s.node.name"])
        #expect(merged.map(\.0) == ["service.name", "k8s.node.name", "b", "z"])
        #expect(merged.map(\.1) == [.string("drains"), .string("node-a"), .string("1"), .string("ä,")])
    }

    @Test("neither the URL's words nor somebody else's show a secret")
    func redaction() throws {
        let url = "http://user:p%40ss@c:4318?token=\(Self.secret)"
        let variables = ["OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20abc123"]
        let export = try #require(TelemetryEnvironment(endpoint: url, variables: variables).export)
        #expect("\(export.url)" == "http://c:4318/v1/traces")
        #expect(export.url.text == "http://user:p%40ss@c:4318/v1/traces?token=\(Self.secret)")
        let reflected = "401 for user with p@ss or p%40ss, token=\(Self.secret), Authorization: Bearer abc123, abc123"
        let shown = export.redacted(reflected)
        for secret in ["user", "p@ss", "p%40ss", Self.secret, "abc123"] { #expect(!shown.contains(secret), "\(shown)") }
        #expect(shown.hasPrefix("401 for"))
        #expect(export.redacted(String(repeating: "x", count: 10_000)).count == 300)
    }
}
