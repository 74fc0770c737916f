import FoundationEssentials
import KubernetesAPI
import Testing

@Suite("Numbers and shares")
struct IntOrPercentTests {
    @Test(
        "both forms are read, and written back",
        arguments: [("3", IntOrPercent.int(3)), (#""25%""#, .percent(25)), ("0", .int(0)), (#""100%""#, .percent(100))])
    func reading(json: String, expected: IntOrPercent) throws {
        let value = try JSONDecoder().decode(IntOrPercent.self, from: Data(json.utf8))
        #expect(value == expected)
        #expect("\(value)" == json.filter { $0 != "\"" })
    }

    @Test(
        "anything else is refused, and so is more than 32 bits",
        arguments: [#""3""#, #""x%""#, #""%""#, "true", "null", "[]", "1.5", "2147483648", #""2147483648%""#])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(IntOrPercent.self, from: Data(json.utf8)) }
    }

    @Test(
        "a share is rounded as asked",
        arguments: [
            (IntOrPercent.percent(25), 3, 1, 0), (.percent(50), 4, 2, 2), (.percent(51), 4, 3, 2),
            (.percent(100), 7, 7, 7), (.percent(0), 7, 0, 0), (.int(9), 4, 9, 9),
            (.percent(.max), 4, 4, 4),
            (.percent(.max), 1, .max / 100 + 1, .max / 100),
        ] as [(IntOrPercent, Int, Int, Int)])
    func resolution(value: IntOrPercent, total: Int, up: Int, down: Int) {
        #expect(value.resolved(of: total, .up) == up)
        #expect(value.resolved(of: total, .down) == down)
    }
}
