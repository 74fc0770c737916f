import HTTPServer
import Telemetry

extension ExpositionFormat {
    /// The format that an Accept header likes best: text for those who like both the same, and for those who like
    /// neither, because an answer they may ignore beats none.
    ///
    /// `escaping` decides nothing: all our names are valid in every scheme.
    init(acceptedBy accept: String?) {
        let preferred = AcceptHeader(parsing: accept).prefers(Self.allCases.map(\.contentType))
        self = Self.allCases.first { $0.contentType == preferred } ?? .text
    }
}
