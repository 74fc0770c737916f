import HTTPServer

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
    /// Of the look before this one.
    private var problem: ServerCertificateFiles.Problem?
    private var isTold = false

    init(_ files: ServerCertificateFiles, inUse: ServerCertificateFiles.Content) {
        self.files = files
        self.inUse = inUse
    }

    /// Looks at what is in the files now.
    mutating func look(at content: Result<ServerCertificateFiles.Content, ServerCertificateFiles.Problem>) -> Finding {
        do {
            let content = try content.get()
            let renewed = content == inUse ? nil : try files.certificate(content)
            inUse = content
            problem = nil
            return renewed.map { .renewed($0) } ?? .unchanged
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
