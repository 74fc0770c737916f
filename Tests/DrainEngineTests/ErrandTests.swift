import KubernetesAPI
import SeededRandom
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("Errand: one request until it is answered")
struct ErrandTests {
    private static let start = ScriptedDrain.epoch
    private var random = SplitMix64(seed: 1)

    private func exchange(_ answer: Exchange.Answer, retryAfter: Duration? = nil) -> Exchange {
        Exchange(answer: answer, retryAfter: retryAfter, sent: Self.start, received: Self.start)
    }

    @Test("it is sent once, and again only when its answer said so")
    mutating func sentOnce() {
        var errand = Errand(.version, at: Self.start)
        #expect(errand.nextWake == Self.start)
        let sent = [errand.sends(at: Self.start), errand.sends(at: Self.start)]
        #expect(sent == [true, false])
        #expect(errand.nextWake == nil)
        let verdict = errand.answered(
            exchange(.away, retryAfter: .seconds(7)), at: Self.start, policy: DrainPolicy(node: "n"), random: &random)
        #expect(verdict == .again(in: .seconds(7), message: "connect: connection refused"))
        #expect(errand.nextWake == Self.start + .seconds(7))
        let sentAgain = [errand.sends(at: Self.start + .seconds(6)), errand.sends(at: Self.start + .seconds(7))]
        #expect(sentAgain == [false, true])
    }

    @Test("no answer stops it for more than a minute", arguments: [Duration.seconds(86_400), .seconds(Int64.max)])
    mutating func longPause(asked: Duration) {
        var errand = Errand(.version, at: Self.start)
        _ = errand.sends(at: Self.start)
        _ = errand.answered(
            exchange(.away, retryAfter: asked), at: Self.start, policy: DrainPolicy(node: "n"), random: &random)
        #expect(errand.nextWake == Self.start + .seconds(60))
    }

    @Test(
        "what a server may say while it is troubled is asked again",
        arguments: [401, 403, 408, 409, 410, 425, 429, 500, 503, 504])
    mutating func askedAgain(code: Int) {
        var errand = Errand(.version, at: Self.start)
        _ = errand.sends(at: Self.start)
        let verdict = errand.answered(
            exchange(.refusal(Status(code: code, message: "m"))), at: Self.start, policy: DrainPolicy(node: "n"),
            random: &random)
        guard case .again(let delay, "m") = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(delay >= .zero && delay <= .seconds(20))
    }

    @Test("anything else is final", arguments: [400, 404, 405, 422])
    mutating func final(code: Int) {
        var errand = Errand(.version, at: Self.start)
        _ = errand.sends(at: Self.start)
        let status = Status(code: code)
        let verdict = errand.answered(
            exchange(.refusal(status)), at: Self.start, policy: DrainPolicy(node: "n"), random: &random)
        #expect(verdict == .refused(status))
    }

    @Test(
        "recorded refusals: forbidden twice over two seconds is final, a missing object at once",
        arguments: [
            ("wire/list-403-rbac.json", 2), ("wire-1.20/list-403-rbac.json", 2), ("wire/list-401-bad-token.json", 2),
            ("wire/orphan-daemonset-get-404.json", 0), ("wire-1.20/self-subject-review.json", 0),
        ])
    mutating func recordedRefusals(file: String, seconds: Int) throws {
        let answer = try RecordedAnswer.read(file)
        var errand = Errand(.version, at: Self.start)
        var answers = 0
        var verdict = Errand.Verdict.again(in: .zero, message: "")
        while case .again = verdict, answers < 50 {
            let now = errand.due
            _ = errand.sends(at: now)
            verdict = errand.answered(exchange(answer), at: now, policy: DrainPolicy(node: "n"), random: &random)
            answers += 1
        }
        guard case .refused = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(errand.due - Self.start >= .seconds(seconds))
        #expect(seconds == 0 ? answers == 1 : answers > 1 && answers <= 6)
    }

    @Test("a refusal long after another one, with troubles between, is not believed at once")
    mutating func refusedAfterTroubles() {
        var errand = Errand(.version, at: Self.start)
        var now = Self.start
        for answer in [Exchange.Answer.refusal(.forbidden), .away, .refusal(.forbidden)] {
            _ = errand.sends(at: now)
            let verdict = errand.answered(exchange(answer), at: now, policy: DrainPolicy(node: "n"), random: &random)
            guard case .again = verdict else {
                Issue.record("\(verdict)")
                return
            }
            now = now + .seconds(30)
        }
    }

    @Test("an expired page token is asked again: the client starts the list anew")
    mutating func expiredContinue() throws {
        var errand = Errand(.version, at: Self.start)
        _ = errand.sends(at: Self.start)
        let verdict = errand.answered(
            exchange(try RecordedAnswer.read("wire/pods-list-410-continue-expired.json")), at: Self.start,
            policy: DrainPolicy(node: "n"), random: &random)
        guard case .again = verdict else {
            Issue.record("\(verdict)")
            return
        }
    }

    @Test("a refused certificate is final where a person watches, and waited out elsewhere", arguments: [true, false])
    mutating func certificate(isFinal: Bool) {
        var policy = DrainPolicy(node: "n")
        policy.certificateRefusalIsFinal = isFinal
        var errand = Errand(.version, at: Self.start)
        _ = errand.sends(at: Self.start)
        let failure = TransportFailure(.certificate, "self-signed")
        let verdict = errand.answered(exchange(.failure(failure)), at: Self.start, policy: policy, random: &random)
        #expect((verdict == .hopeless(failure)) == isFinal)
    }
}
