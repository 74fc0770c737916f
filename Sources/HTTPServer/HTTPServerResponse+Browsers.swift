/// What browsers are told of a response, so that nothing in it can be used against whoever opens it.
extension HTTPServerResponse {
    /// For everything that is no page (which says its own): nothing in it runs, loads or is framed, and no other site may embed it.
    private static let nothing = "default-src 'none'; frame-ancestors 'none'"

    /// Those that are missing.
    var headersForBrowsers: [(String, String)] {
        [
            ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", Self.nothing), ("Cross-Origin-Resource-Policy", "same-origin"),
        ].filter { !hasHeader($0.0) }
    }
}
