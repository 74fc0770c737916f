import HTTPServer
import Timestamps

/// Follows the files of the listener's certificate, look by look. What cannot be used changes nothing: the certificate
/// in use stays.
struct CertificateRenewal {
    enum Finding {
        case unchanged
        case renewed(ServerCertificate)
        /// Told once for each reason.
        case refused(ServerCertificateFiles.Problem)
    }

    private let files: ServerCertificateFiles
    private var inUse: ServerCertificateFiles.Content
    private var certificate: ServerCertificate
    /// Of the look before this one.
    private var problem: ServerCertificateFiles.Problem?
    private var isTold = false

    init(_ files: ServerCertificateFiles, inUse: ServerCertificateFiles.Content, _ certificate: ServerCertificate) {
        self.files = files
        self.inUse = inUse
        self.certificate = certificate
    }

    /// Looks at what is in the files now.
    mutating func look(
        at content: Result<ServerCertificateFiles.Content, ServerCertificateFiles.Problem>, _ now: Timestamp
    ) -> Finding {
        do {
            let content = try content.get()
            guard content != inUse else {
                problem = nil
                return .unchanged
            }
            let renewed = try files.certificate(content)
            // One that is not valid is no worse than another one that is not.
            if let problem = files.problem(with: renewed, at: now), files.problem(with: certificate, at: now) == nil {
                return refuse(problem)
            }
            (inUse, certificate, problem) = (content, renewed, nil)
            return .renewed(renewed)
        } catch {
            return refuse(error)
        }
    }

    /// One file is written after the other, and perhaps in pieces: only what is still wrong at the next look is.
    private mutating func refuse(_ problem: ServerCertificateFiles.Problem) -> Finding {
        guard problem == self.problem else {
            self.problem = problem
            isTold = false
            return .unchanged
        }
        guard !isTold else { return .unchanged }
        isTold = true
        return .refused(problem)
    }
}
