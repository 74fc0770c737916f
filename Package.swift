// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// The import table of ARCHITECTURE.md, once more: `make lint` compares each target's imports with its dependencies here.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies,
        swiftSettings: settings)
}

let revision = Context.gitInformation.map { $0.currentCommit + ($0.hasUncommittedChanges ? "-dirty" : "") } ?? "unknown"

let package = Package(
    name: "drain-agent",
    products: [.executable(name: "drain-agent", targets: ["DrainAgent"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // Tests only: they start openssl, promtool and Python.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSpawn"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

        .target(
            name: "CAgent", cSettings: [.define("DRAIN_AGENT_REVISION", to: "\"\(revision)\"")]),

        library("Locking"),
        library("SeededRandom"),
        library("Timestamps"),
        library("KubernetesAPI", ["Timestamps"]),
        library("HTTPClient", ["CCurl", "Locking", "Timestamps"]),
        library("Gzip", ["CZlib"]),
        library("KubernetesClient", ["KubernetesAPI", "HTTPClient", "CSpawn", "CYAML", "Timestamps"]),
        library("DrainEngine", ["KubernetesAPI", "SeededRandom", "Timestamps"]),
        library("Telemetry", ["Locking", "Timestamps"]),
        library("TelemetryExport", ["Telemetry", "HTTPClient", "Gzip", "Locking", "Timestamps"]),
        library("DrainTelemetry", ["DrainEngine", "Telemetry", "KubernetesAPI", "Locking", "Timestamps"]),
        library("DrainReport", ["DrainEngine", "Telemetry", "Timestamps"]),
        library("HTTPServer", ["CMicroHTTPD", "Gzip", "Locking"]),
        library("ClusterModel", ["KubernetesAPI", "SeededRandom", "Timestamps"]),
        library("SimulatedCluster", ["ClusterModel", "KubernetesAPI", "HTTPServer", "Locking", "Timestamps"]),
        .executableTarget(
            name: "DrainAgent",
            dependencies: [
                "KubernetesAPI", "HTTPClient", "KubernetesClient", "DrainEngine", "Telemetry", "TelemetryExport",
                "DrainTelemetry", "DrainReport", "HTTPServer", "ClusterModel", "SimulatedCluster", "Locking",
                "Timestamps", "CAgent",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            resources: [.embedInCode("Page/status.html")],
            swiftSettings: settings),

        .target(
            name: "TestSupport",
            dependencies: [
                "CSpawn", "CZlib", "DrainEngine", "KubernetesAPI", "Locking", "Timestamps",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            path: "Tests/TestSupport", swiftSettings: settings),
        .target(name: "CAllocations", path: "Tests/Benchmarks/CAllocations"),
        .executableTarget(
            name: "bench-scrape", dependencies: ["CAllocations", "Gzip", "Telemetry", "Timestamps"],
            path: "Tests/Benchmarks/Scrape", swiftSettings: settings),
        tests("Timestamps"),
        tests("KubernetesAPI", ["Timestamps"]),
        tests("HTTPClient", ["Locking", "Timestamps"]),
        tests("KubernetesClient", ["KubernetesAPI", "HTTPClient", "Locking", "Timestamps"]),
        tests("DrainEngine", ["ClusterModel", "SeededRandom", "KubernetesAPI", "Locking", "Timestamps"]),
        tests("Telemetry", ["SeededRandom", "Locking", "Timestamps"]),
        tests("TelemetryExport", ["SeededRandom", "Telemetry", "HTTPClient", "Locking", "Timestamps"]),
        tests(
            "DrainTelemetry", ["SeededRandom", "DrainEngine", "Telemetry", "KubernetesAPI", "Locking", "Timestamps"]),
        tests(
            "DrainReport",
            ["SeededRandom", "DrainEngine", "Telemetry", "Timestamps"]),
        tests("Gzip"),
        tests("HTTPServer", ["HTTPClient", "Locking"]),
        tests("ClusterModel", ["SeededRandom", "KubernetesAPI", "Timestamps"]),
        tests(
            "DrainAgent",
            [
                "KubernetesAPI", "KubernetesClient", "DrainEngine", "Telemetry", "DrainTelemetry", "DrainReport",
                "HTTPServer", "HTTPClient",
                "ClusterModel", "SimulatedCluster", "SeededRandom", "Locking", "Timestamps",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        tests(
            "SimulatedCluster",
            [
                "ClusterModel", "KubernetesAPI", "KubernetesClient", "HTTPClient", "HTTPServer", "Locking",
                "Timestamps",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
