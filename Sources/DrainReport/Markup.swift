/// HTML in the making: whatever is appended as text can be nothing else.
struct Markup {
    private(set) var text = ""

    /// Trusted markup, the program's own.
    mutating func raw(_ markup: StaticString) { text += "\(markup)" }

    /// Text by anybody.
    mutating func plain(_ content: String) { text += Self.escaped(content) }

    /// An element with text in it.
    mutating func element(_ name: StaticString, with attributes: [(StaticString, String)] = [], _ content: String) {
        element(name, with: attributes) { $0.plain(content) }
    }

    mutating func element(
        _ name: StaticString, with attributes: [(StaticString, String)] = [], _ body: (inout Markup) -> Void
    ) {
        text += "<\(name)"
        for (key, value) in attributes { text += " \(key)=\"\(Self.escaped(value))\"" }
        text += ">"
        body(&self)
        text += "</\(name)>"
    }

    /// A table; its cells are text.
    mutating func table(_ head: [String], _ rows: [[String]]) {
        element("div", with: [("class", "wide")]) { div in
            div.element("table") { table in
                table.element("tr") { row in for cell in head { row.element("th", cell) } }
                for cells in rows { table.element("tr") { row in for cell in cells { row.element("td", cell) } } }
            }
        }
        text += "\n"
    }

    /// Fit for text and for attributes in double quotes. Control characters are not allowed in XML, which SVG is.
    private static func escaped(_ content: String) -> String {
        var escaped = ""
        for scalar in PlainText.oneLine(content).unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
