import Testing

@testable import DrainAgent

@Suite struct ServerSentEventsTests {
    private func events(_ pieces: [String]) -> [String] {
        var parser = ServerSentEvents()
        return pieces.flatMap { parser.push($0.utf8) ?? [] }.map {
            "\($0.name)|\(String(decoding: $0.data, as: UTF8.self))"
        }
    }

    @Test("events come out whole, however the bytes were cut")
    func cut() {
        let text =
            "retry: 2000\n\nevent: move\ndata: {\"a\":1}\n\n: \n\nevent: state\r\ndata:x\r\ndata: y\r\n\r\nevent: late\ndata: z\n"
        let whole = ["move|{\"a\":1}", "state|x\ny"]
        #expect(events([text]) == whole)
        #expect(events(text.utf8.map { String(decoding: [$0], as: UTF8.self) }) == whole)
    }

    @Test("an event without data is none, and its name is not the next one's")
    func empty() { #expect(events(["event: a\n\ndata: 1\n\n"]) == ["|1"]) }
}
