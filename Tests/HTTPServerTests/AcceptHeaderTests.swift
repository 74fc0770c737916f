import HTTPServer
import Testing

struct AcceptHeaderTests {
    static let text = "text/plain;version=0.0.4"
    static let openMetrics = "application/openmetrics-text;version=1.0.0"

    static let cases: [(accept: String?, preferred: String?)] = [
        (nil, text),
        ("", text),
        ("*/*", text),
        ("text/html, */*;q=0.1", text),
        ("application/openmetrics-text", openMetrics),
        ("Application/OpenMetrics-Text; Version=1.0.0", openMetrics),
        ("application/openmetrics-text;version=0.0.1", nil),
        ("application/openmetrics-text;version=0.0.1,text/plain;q=0.1", text),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", openMetrics),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,"
                + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", openMetrics
        ),
        ("text/plain;q=0.9, application/openmetrics-text;q=0.8", text),
        ("text/plain;q=0.8, application/openmetrics-text;q=0.9", openMetrics),
        ("text/plain, application/openmetrics-text", text),
        ("text/plain;q=0, */*;q=0.5", openMetrics),
        ("*/*;q=0", nil),
        ("application/*;q=0.7, text/*;q=0.6", openMetrics),
        ("text/html", nil),
        ("text/plain;q=nan, application/openmetrics-text;q=0.001", openMetrics),
        ("application/openmetrics-text;version=\"1.0.0\";q=1.000", openMetrics),
        (",;,;q=,", text),
    ]

    @Test("the offer with the highest weight is chosen, the first among equals", arguments: cases)
    func chooses(accept: String?, preferred: String?) {
        #expect(AcceptHeader(parsing: accept).prefers([Self.text, Self.openMetrics]) == preferred)
    }
}
