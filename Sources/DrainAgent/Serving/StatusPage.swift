import FoundationEssentials
import HTTPServer

/// GET / for a browser: one page that needs nothing else, and follows the drain by server-sent events.
enum StatusPage {
    /// `nil`: the client would rather have text.
    static func response(_ request: HTTPServerRequest) -> HTTPServerResponse? {
        guard request.header("Accept")?.lowercased().contains("text/html") == true else { return nil }
        // Only what carries this number runs: nothing that a name or a message smuggles in.
        let nonce =
            String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
        let page = String(decoding: PackageResources.status_html, as: UTF8.self)
            .replacing("{{nonce}}", with: nonce)
        let policy = """
            default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; img-src data:; \
            connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """
        return HTTPServerResponse(
            status: 200,
            headers: [
                ("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy),
                ("Referrer-Policy", "no-referrer"), ("Vary", "Accept"),
            ], body: .bytes(Array(page.utf8)))
    }
}
