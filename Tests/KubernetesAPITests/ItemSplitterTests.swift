import FoundationEssentials
import KubernetesAPI
import TestSupport
import Testing

@Suite("Items of a list")
struct ItemSplitterTests {
    private struct Cut: Equatable {
        var items: [String]
        var envelope: String
    }

    private func cut(_ text: [UInt8], chunk: Int, limit: Int = 16 << 20) throws -> Cut {
        var splitter = ItemSplitter(limit: limit)
        var items: [String] = []
        for start in stride(from: 0, to: text.count, by: chunk) {
            let found = try splitter.push(text[start..<min(start + chunk, text.count)])
            items += found.map { String(decoding: $0, as: UTF8.self) }
        }
        try splitter.finish()
        return Cut(items: items, envelope: String(decoding: splitter.envelope, as: UTF8.self))
    }

    @Test(
        "items are the same however the bytes are cut",
        arguments: [
            (#"{"items":[]}"#, [], #"{"items":[]}"#),
            (#"{"items":null,"a":1}"#, [], #"{"items":null,"a":1}"#),
            (#"{}"#, [], #"{}"#),
            (#"{"items":[{"a":1},{"b":[1,2,{"c":3}]}]}"#, [#"{"a":1}"#, #"{"b":[1,2,{"c":3}]}"#], #"{"items":[]}"#),
            (#"{"items":[1,"two",null,[3,4]],"z":0}"#, ["1", #""two""#, "null", "[3,4]"], #"{"items":[],"z":0}"#),
            (#"{"items":["}]{[,\"\\"]}"#, [#""}]{[,\"\\""#], #"{"items":[]}"#),
            (#"{"kind":"items","x":[1,2],"items":[3]}"#, ["3"], #"{"kind":"items","x":[1,2],"items":[]}"#),
            (#"{"meta":{"items":[1]},"items":[2]}"#, ["2"], #"{"meta":{"items":[1]},"items":[]}"#),
            (#"{"items":{"items":[1]}}"#, [], #"{"items":{"items":[1]}}"#),
            (#"{"xitems":[1],"itemsx":[2],"item":[3]}"#, [], #"{"xitems":[1],"itemsx":[2],"item":[3]}"#),
            (
                #"{"items":[{"metadata":{"name":"a","items":[1]}}]}"#, [#"{"metadata":{"name":"a","items":[1]}}"#],
                #"{"items":[]}"#
            ),
            (#"{"a":"\\","items":["\u0022"]}"#, [#""\u0022""#], #"{"a":"\\","items":[]}"#),
            (#"{"items":[1],"items":[2]}"#, ["1", "2"], #"{"items":[],"items":[]}"#),
        ] as [(String, [String], String)])
    func everyCut(text: String, items: [String], envelope: String) throws {
        for chunk in 1...text.utf8.count {
            #expect(try cut(Array(text.utf8), chunk: chunk) == Cut(items: items, envelope: envelope))
        }
    }

    @Test("white space is allowed wherever JSON allows it")
    func space() throws {
        let text = " \n{ \"items\"\t: [ {\"a\" : 1} ,\r\n 2 ] , \"b\" : 3 } \n"
        let found = try cut(Array(text.utf8), chunk: 3)
        #expect(found.items.map { $0.filter { $0 != " " } }.map { $0.filter { !$0.isNewline } } == [#"{"a":1}"#, "2"])
        let envelope = try JSONDecoder().decode(JSONValue.self, from: Data(found.envelope.utf8))
        #expect(envelope == .object(["items": .array([]), "b": .integer(3)]))
    }

    @Test("two numbers with a space between them do not become one")
    func gluing() throws {
        #expect(try cut(Array(#"{"items":[1 2]}"#.utf8), chunk: 1).items == ["1 2"])
        #expect(try cut(Array(#"{"a":1 2}"#.utf8), chunk: 1).envelope == #"{"a":1 2}"#)
    }

    @Test(
        "what is not one whole JSON object is malformed",
        arguments: [
            "", " ", "{", #"{"items":["#, #"{"items":[1"#, #"{"items":[1]"#, "[]", "5", #""text""#, "null", "<html>",
            "{}{}", "{}x", "}", "]", #"{"items":[,1]}"#, #"{"items":[1,,2]}"#,
        ])
    func malformed(text: String) {
        #expect(throws: ItemSplitter.Failure.malformed) { try cut(Array(text.utf8), chunk: 4) }
    }

    @Test("an item of the limit passes, one byte more is refused before it is whole")
    func itemLimit() throws {
        let fits = Array(#"{"items":["12345678","12345678"]}"#.utf8)
        #expect(try cut(fits, chunk: 7, limit: 12).items.count == 2)
        var splitter = ItemSplitter(limit: 12)
        #expect(throws: ItemSplitter.Failure.tooLarge(limit: 12)) {
            try splitter.push(Array(#"{"items":["123456789012"#.utf8)[...])
        }
    }

    @Test("what is around the items is bounded too")
    func envelopeLimit() {
        #expect(throws: ItemSplitter.Failure.tooLarge(limit: 12)) {
            try cut(Array(#"{"metadata":"1234"}"#.utf8), chunk: 1, limit: 12)
        }
    }

    @Test("the limit is for an item, not for the list")
    func manyItems() throws {
        let list = #"{"items":["# + (0..<10_000).map(String.init).joined(separator: ",") + "]}"
        #expect(try cut(Array(list.utf8), chunk: 1000, limit: 16).items.count == 10_000)
    }

    @Test(
        "a real page is cut into its pods, in chunks of every size",
        arguments: ["pods-list-page-1", "pods-list-page-2"])
    func realPage(name: String) throws {
        let fixture = try WireFixture.named(name)
        let expected = try #require(fixture.body["items"]).items
        let bytes = try fixture.bodyBytes()
        let whole = try cut(bytes, chunk: bytes.count)
        let values = try whole.items.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
        #expect(values == expected)
        let pods = try whole.items.map { try JSONDecoder().decode(Pod.self, from: Data($0.utf8)) }
        #expect(pods.map(\.metadata.name) == expected.map { $0["metadata"]?["name"]?.string })
        let envelope = try JSONDecoder().decode(ListEnvelope.self, from: Data(whole.envelope.utf8))
        #expect(envelope.resourceVersion == "321")
        #expect(envelope.next == fixture.body["metadata"]?["continue"]?.string)
        for chunk in 1...200 { #expect(try cut(bytes, chunk: chunk) == whole, "chunks of \(chunk)") }
    }

    @Test("every cut of a small page into two chunks gives the same")
    func everyPairOfChunks() throws {
        let bytes = Array(#"{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"a":"]\\\"}"},{}]}"#.utf8)
        let whole = try cut(bytes, chunk: bytes.count)
        for middle in 0...bytes.count {
            var splitter = ItemSplitter()
            let items = try splitter.push(bytes[..<middle]) + splitter.push(bytes[middle...])
            try splitter.finish()
            #expect(items.map { String(decoding: $0, as: UTF8.self) } == whole.items)
        }
    }
}
