import DrainTelemetry
import Telemetry

/// What became of a changed certificate.
enum CertificateReload: String, CaseIterable, Sendable {
    case loaded, refused
}

/// The listener's certificate as series, also where there is none.
struct CertificateMetrics: Sendable {
    let expiry: Gauge
    let reloads: PerWord<CertificateReload, Counter>

    init(_ registry: Registry) {
        expiry = registry.gauge(
            "drain_tls_certificate_expiry_timestamp_seconds",
            help: "When the served certificate is no longer valid; 0: the address is not HTTPS.")
        reloads = PerWord {
            registry.counter(
                "drain_tls_certificate_reloads_total",
                help: "Changes of the certificate's files, by what came of them.",
                labels: ["result": $0.rawValue])
        }
    }
}
