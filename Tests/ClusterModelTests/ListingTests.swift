import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Lists")
struct ListingTests {
    private func list(_ model: inout ClusterModel, _ query: ListQuery) throws -> ObjectPage {
        guard case .list(let list) = model.handle(.list(query), at: model.now).answer else {
            throw APIStatus(code: 0)
        }
        return list
    }

    private func refusal(_ model: inout ClusterModel, _ query: ListQuery) -> APIStatus? {
        guard case .status(let status) = model.handle(.list(query), at: model.now).answer else { return nil }
        return status
    }

    @Test("pages of a list are one moment's truth, whatever happens between them")
    func pages() throws {
        var model = Scenario.web(.maxUnavailable(.int(1)), replicas: 5)
        let names = model.pods().map(\.metadata.name)
        var query = ListQuery(.pods, node: "node-a", limit: 2)
        let first = try list(&model, query)
        _ = model.handle(
            .deletePod(PodDeletion(namespace: "demo", name: names[4], gracePeriodSeconds: 0)), at: model.now)
        query.continueToken = first.continueToken
        let second = try list(&model, query)
        query.continueToken = second.continueToken
        let third = try list(&model, query)
        #expect((first.items + second.items + third.items).map(\.metadata.name) == names)
        #expect(third.continueToken == nil)
        #expect(Set([first, second, third].map(\.resourceVersion)).count == 1)
    }

    @Test("a page token that has expired comes with one that goes on from the present")
    func expiredToken() throws {
        var model = Scenario.web(.maxUnavailable(.int(1)))
        var query = ListQuery(.pods, limit: 1)
        query.continueToken = try list(&model, query).continueToken
        _ = model.evict(model.pods()[0].metadata.name)
        model.perform(.compact)
        let status = try #require(refusal(&model, query))
        #expect(status.code == 410)
        #expect(status.reason == "Expired")
        query.continueToken = status.continueToken
        #expect(try list(&model, query).items.map(\.metadata.name) == [model.pods()[1].metadata.name])
    }

    @Test("a token that is none is a bad request", arguments: ["", "x", "1/2", "x/demo/web"])
    func badToken(_ token: String) throws {
        var model = Scenario.barePod()
        #expect(refusal(&model, ListQuery(.pods, limit: 1, continueToken: token))?.code == 400)
    }

    @Test("a list from the cache may be old, but not older than asked for")
    func cache() throws {
        var timing = Timing.instant
        timing.cacheAge = .seconds(2)
        var model = Scenario.empty(timing)
        model.advance(to: Scenario.start + .seconds(10))
        model.addBarePod("demo", "late", on: "node-a")
        let revision = model.revision
        func names(_ model: inout ClusterModel, _ version: String) throws -> [String] {
            try list(&model, ListQuery(.pods, resourceVersion: version)).items.map(\.metadata.name)
        }
        #expect(try names(&model, "0") == [])
        #expect(try names(&model, "") == ["late"])
        #expect(try names(&model, String(revision)) == ["late"])
        model.advance(to: Scenario.start + .seconds(12))
        #expect(try names(&model, "0") == ["late"])
    }

    @Test("a version from the future is waited for three seconds in vain")
    func future() throws {
        var model = Scenario.barePod()
        let response = model.handle(.list(ListQuery(.pods, resourceVersion: "999999")), at: model.now)
        guard case .status(let status) = response.answer else {
            Issue.record("answered")
            return
        }
        #expect(status.code == 504)
        #expect(response.delay == .seconds(3))
        #expect(response.retryAfterSeconds == 1)
    }

    @Test(
        "selectors narrow a list",
        arguments: [
            (ListQuery(.pods, node: "node-b"), ["two"]),
            (ListQuery(.pods, name: "one"), ["one"]),
            (ListQuery(.pods, namespace: "elsewhere"), []),
            (ListQuery(.nodes), ["node-a", "node-b"]),
            (ListQuery(.namespaces), ["demo"]),
        ] as [(ListQuery, [String])])
    func selectors(_ query: ListQuery, _ expected: [String]) throws {
        var model = Scenario.empty()
        model.addBarePod("demo", "one", on: "node-a")
        model.addBarePod("demo", "two", on: "node-b")
        #expect(try list(&model, query).items.map(\.metadata.name) == expected)
    }

    @Test("a label selector narrows a list")
    func labels() throws {
        var model = Scenario.empty()
        model.addBarePod("demo", "one", on: "node-a")
        model.addBarePod("demo", "two", on: "node-b")
        let query = ListQuery(.pods, labels: try LabelSelector(parsing: "app!=one"))
        #expect(try list(&model, query).items.map(\.metadata.name) == ["two"])
    }
}
