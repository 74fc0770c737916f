internal import HTTPClient
internal import KubernetesAPI

extension TransportFailure {
    init(_ failure: HTTPFailure) {
        let kind: Kind =
            switch failure.kind {
            case .nameResolution: .nameResolution
            case .connect: .connect
            case .certificate: .certificate
            case .tls: .tls
            case .timeout, .idle: .timeout
            case .reset: .reset
            case .malformed: .malformed
            case .credential: .credential
            case .cancelled, .closed: .cancelled
            }
        self.init(kind, failure.message)
    }
}
