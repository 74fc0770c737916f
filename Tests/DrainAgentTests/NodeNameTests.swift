import Testing

@testable import DrainAgent

@Suite struct NodeNameTests {
    @Test(
        "a node's name is an RFC 1123 subdomain, with or without kubectl's prefix",
        arguments: [
            ("node-a", "node-a"), ("node/node-a", "node-a"), ("ip-10-0-0-1.eu.internal", "ip-10-0-0-1.eu.internal"),
            ("Node", nil), ("a_b", nil), ("-a", nil), ("a..b", nil), ("", nil), ("a/b", nil), ("a?b", nil),
        ] as [(String, String?)])
    func parses(argument: String, expected: String?) {
        #expect(NodeName(argument: argument)?.value == expected)
    }
}
