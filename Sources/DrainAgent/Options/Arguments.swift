public import ArgumentParser
public import DrainEngine
import HTTPServer
import KubernetesAPI
public import Telemetry
import Timestamps

/// A duration as kubectl writes it: `20s`, `1m30s`, `0`.
struct DurationArgument: ExpressibleByArgument, Sendable {
    var value: Duration

    init(_ value: Duration) { self.value = value }

    init?(argument: String) {
        guard let value = GoDuration.parse(argument), value >= .zero else { return nil }
        self.value = value
    }

    var defaultValueDescription: String { GoDuration.format(value) }
}

extension DrainPolicy.DryRun: ExpressibleByArgument {}
extension DrainPolicy.OwnPod: ExpressibleByArgument {}
extension DrainPolicy.Order: ExpressibleByArgument {}
extension DrainPolicy.Preflight: ExpressibleByArgument {}
extension DrainPolicy.AtDeadline: ExpressibleByArgument {}
extension DrainPolicy.Unblock: ExpressibleByArgument {}
extension DrainPolicy.OnUncordon: ExpressibleByArgument {}
extension LogLevel: ExpressibleByArgument {}

enum LogFormat: String, ExpressibleByArgument, CaseIterable, Sendable { case json, text }
