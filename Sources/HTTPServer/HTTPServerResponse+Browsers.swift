/// What browsers are told of a response, so that nothing in it can be used against whoever opens it.
extension HTTPServerResponse {
    /// For everything that is no page: nothing in it runs, loads or is framed, and no other site may embed it.
    private static let nothing = "default-src 'none'; frame-ancestors 'none'"

    /// Those that are missing.
    var headersForBrowsers: [(String, String)] {
        [
            ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", Self.nothing), ("Cross-Origin-Resource-Policy", "same-origin"),
        ].filter { !hasHeader($0.0) }
    }

    /// A page that is complete in itself: what carries the nonce, as in `<script nonce="…">` and `<style nonce="…">`,
    /// runs, and it may fetch from where it came. Nothing else is run or loaded: no `style` or `onclick` attributes, no
    /// other hosts, no forms; and nobody may frame it.
    ///
    /// - Parameters:
    ///   - nonce: unguessable, and new for each response.
    ///   - html: makes the page from the nonce.
    public static func page(
        nonce: String = nonce(), _ html: (_ nonce: String) -> [UInt8]
    ) -> HTTPServerResponse {
        let policy =
            "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; img-src data:; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return HTTPServerResponse(
            status: 200, headers: [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy)],
            body: .bytes(html(nonce)))
    }

    /// 128 bits of the system's randomness.
    public static func nonce() -> String {
        (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined(separator: "_")
    }
}
