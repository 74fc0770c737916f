import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Faults")
struct FaultPlanTests {
    private static let evictions = Fault.Target.requests(AccessAttributes("create", .pods, subresource: "eviction"))

    private func exchange(_ fault: Fault) throws -> (Exchange, ClusterModel) {
        var model = Scenario.barePod()
        model.faults.add(fault)
        let pod = try #require(model.pods().first)
        #expect(model.faults.faults.count == 1, "a list is not what it is for")
        return (model.exchange(.evict(pod.identity, DeleteOptions()), at: model.now), model)
    }

    @Test("a throttled request is answered in plain text, with a Retry-After")
    func throttled() throws {
        let (exchange, model) = try exchange(Fault(.throttle(retryAfterSeconds: 7), on: Self.evictions, times: 1))
        #expect(exchange.code == 429)
        #expect(exchange.retryAfter == .seconds(7))
        #expect(model.faults.isEmpty)
        #expect(model.pod("bare")?.isTerminating == false)
    }

    @Test("a webhook's refusal is the message it begins with")
    func webhook() throws {
        let denial = APIStatus.webhookDenial("pods.example.com", "not on a Friday")
        let (exchange, _) = try exchange(Fault(.refuse(denial), on: Self.evictions))
        guard case .refusal(let status) = exchange.answer else {
            Issue.record("\(exchange)")
            return
        }
        #expect(status.message == "admission webhook \"pods.example.com\" denied the request: not on a Friday")
    }

    @Test("a cut connection leaves open whether the request was done", arguments: [true, false])
    func cut(_ afterEffect: Bool) throws {
        let (exchange, model) = try exchange(Fault(.cut(afterEffect: afterEffect), on: Self.evictions))
        guard case .failure(let failure) = exchange.answer else {
            Issue.record("\(exchange)")
            return
        }
        #expect(failure.kind == .reset)
        #expect(model.pod("bare")?.isTerminating == afterEffect)
    }

    @Test("a delayed answer comes late and is otherwise itself")
    func delay() throws {
        let (exchange, _) = try exchange(Fault(.delay(.seconds(9)), on: Self.evictions))
        #expect(exchange.code == 201)
        #expect(exchange.received - exchange.sent == .seconds(9))
    }

    @Test("a fault has its time")
    func window() throws {
        var model = Scenario.barePod()
        var outage = Fault(.unavailable)
        outage.from = Scenario.start + .seconds(10)
        outage.until = Scenario.start + .seconds(20)
        model.faults.add(outage)
        let codes = [0, 10, 19, 20].map { model.exchange(.version, at: Scenario.start + .seconds($0)).code }
        #expect(codes == [200, 503, 503, 200])
    }

    @Test("a fault with a probability strikes about that share")
    func probability() {
        var model = Scenario.barePod()
        var flaky = Fault(.unavailable)
        flaky.probability = 0.3
        model.faults.add(flaky)
        let failures = (0..<1000).count { _ in model.exchange(.version, at: model.now).code == 503 }
        #expect((200...400).contains(failures))
    }

    @Test("what is denied is refused, and a review says so")
    func denied() throws {
        var model = Scenario.barePod()
        model.access.denied = [AccessAttributes("create", .pods, subresource: "eviction")]
        let pod = try #require(model.pods().first)
        #expect(model.exchange(.evict(pod.identity, DeleteOptions()), at: model.now).code == 403)
        let review = model.exchange(.mayEvict(namespace: "demo"), at: model.now)
        #expect(review.answer == .success(code: 201, .allowed(false)))
        #expect(
            model.exchange(.mayEvict(namespace: "demo", byDelete: true), at: model.now).answer
                == .success(code: 201, .allowed(true)))
    }
}
