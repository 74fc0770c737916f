internal import FoundationEssentials
internal import KubernetesAPI

extension Status {
    private struct Mark: Decodable { var kind: String }

    /// How many bytes of a body that is no `Status` become its message.
    private static let messageLimit = 1024

    /// The server's `Status` with the code it was really sent with; of any other body (a proxy's page, the text of a
    /// server that is starting) the beginning.
    init(refusedWith code: Int, _ body: [UInt8]) {
        let decoder = JSONDecoder()
        let data = Data(body)
        if let mark = try? decoder.decode(Mark.self, from: data), mark.kind == "Status",
            let status = try? decoder.decode(Status.self, from: data)
        {
            self = status
            self.code = code
            return
        }
        var text = String(decoding: body.prefix(Self.messageLimit), as: UTF8.self)
        // The cut may have gone through a character.
        if body.count > Self.messageLimit, text.last == "\u{FFFD}" { text.removeLast() }
        while text.last?.isWhitespace == true { text.removeLast() }
        let title = Self.title(ofPage: text).map { "a web page with HTTP \(code), not the API server's: \($0)" }
        self.init(code: code, message: title ?? text)
    }

    /// What people would read of HTML.
    private static func title(ofPage text: String) -> String? {
        guard text.first(where: { !$0.isWhitespace }) == "<" else { return nil }
        let element = text.split(separator: "<").first { $0.lowercased().hasPrefix("title>") }
        let words = element?.dropFirst("title>".count).split(whereSeparator: \.isWhitespace) ?? []
        return words.isEmpty ? nil : words.joined(separator: " ")
    }
}
