import KubernetesAPI
import Testing
import Timestamps

@Suite("Exchange")
struct ExchangeTests {
    @Test(
        "its code is the HTTP status, if there was an answer",
        arguments: [
            (Exchange.Answer.success(code: 201, .other), 201), (.refusal(Status(code: 429)), 429),
            (.failure(TransportFailure(.timeout, "late")), nil),
        ] as [(Exchange.Answer, Int?)])
    func code(answer: Exchange.Answer, code: Int?) {
        let moment = Timestamp(seconds: 0)
        #expect(Exchange(answer: answer, sent: moment, received: moment).code == code)
    }
}
