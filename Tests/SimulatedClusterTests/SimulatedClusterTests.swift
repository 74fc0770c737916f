import ClusterModel
import HTTPClient
import KubernetesAPI
import KubernetesClient
import SimulatedCluster
import Testing
import Timestamps

/// The cluster over HTTP, through the agent's own client.
@Suite("Simulated cluster", .timeLimit(.minutes(2)))
struct SimulatedClusterTests {
    private struct World {
        let cluster: SimulatedCluster
        let client: KubernetesClient
        let server: String

        init(token: String? = nil, _ prepare: (inout ClusterModel) -> Void = { _ in }) throws {
            let time = TimeSource.anchored()
            var model = ClusterModel(seed: 1, at: time.now(), timing: .instant)
            model.addNode("node-a")
            model.addNode("node-b")
            model.addBarePod("demo", "bare", on: "node-a", PodTemplate(stopAfter: .after(.milliseconds(20))))
            prepare(&model)
            cluster = SimulatedCluster(model, time: time)
            server = try cluster.start()
            client = KubernetesClient(
                access: ClusterAccess(server: server), http: HTTPClient(), userAgent: "test", time: time)
            cluster.require(token: token)
        }

        func send(_ call: APICall) async -> Exchange { await client.send(APIRequest(call)) }

        func pods() async -> PodList {
            guard case .success(_, .pods(let list)) = await send(.listPods(node: "node-a", .cache())).answer else {
                return PodList(resourceVersion: "", items: [])
            }
            return list
        }

        func end() async {
            await client.shutdown()
            await cluster.stop()
        }
    }

    @Test("the agent's calls are answered")
    func calls() async throws {
        let world = try World()
        #expect(await world.send(.version).code == 200)
        #expect(await world.send(.readNode("node-a")).code == 200)
        #expect(await world.send(.readNode("nowhere")).code == 404)
        #expect(await world.send(.setUnschedulable(node: "node-a", true)).code == 200)
        #expect(await world.send(.readDaemonSet(namespace: "demo", name: "gone")).code == 404)
        #expect(await world.send(.mayEvict(namespace: "demo")).answer == .success(code: 201, .allowed(true)))
        let identity = SelfIdentity(username: AccessRules().username)
        #expect(await world.send(.whoAmI).answer == .success(code: 201, .identity(identity)))
        let pod = try #require(await world.pods().items.first)
        let eviction = await world.send(.evict(pod.identity, DeleteOptions(dryRun: true)))
        #expect(eviction.code == 201)
        #expect(eviction.auditID?.isEmpty == false)
        await world.end()
    }

    @Test("a list in pages is whole")
    func pages() async throws {
        let world = try World { model in
            for number in 1...7 { model.addBarePod("demo", "p\(number)", on: "node-a") }
        }
        let answer = await world.send(.listPods(node: "node-a", .consistent(chunkSize: 3))).answer
        guard case .success(_, .pods(let list)) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(list.items.map(\.metadata.name) == ["bare"] + (1...7).map { "p\($0)" })
        await world.end()
    }

    @Test("a watch tells of an evicted pod's end, which comes by itself")
    func watch() async throws {
        let world = try World()
        let list = await world.pods()
        let pod = try #require(list.items.first)
        let request = WatchRequest(.pods(node: "node-a"), resourceVersion: list.resourceVersion, timeoutSeconds: 60)
        var seen: [String] = []
        for await signal in world.client.watch(request) {
            switch signal {
            case .opened: #expect(await world.send(.evict(pod.identity, DeleteOptions())).code == 201)
            case .event(.modified): seen.append("modified")
            case .event(.deleted(.pod(let last))):
                #expect(last.identity == pod.identity)
                seen.append("deleted")
            case .event, .ended: seen.append("\(signal)")
            }
            if seen.last == "deleted" { break }
        }
        #expect(seen == ["modified", "modified", "modified", "modified", "deleted"])
        await world.end()
    }

    @Test("a watch ends when its time is over, with a bookmark of where it was")
    func watchEnds() async throws {
        let world = try World()
        let version = await world.pods().resourceVersion
        var signals: [WatchSignal] = []
        let request = WatchRequest(.pods(node: "node-a"), resourceVersion: version, timeoutSeconds: 1)
        for await signal in world.client.watch(request) { signals.append(signal) }
        #expect(signals.dropLast() == [.opened, .event(.bookmark(resourceVersion: version))])
        #expect({ if case .ended(.closed, _, _) = signals.last { true } else { false } }())
        await world.end()
    }

    @Test("a watch from a version that is forgotten has expired")
    func expired() async throws {
        let world = try World { $0.perform(.compact) }
        var last: WatchSignal?
        let request = WatchRequest(.pods(node: "node-a"), resourceVersion: "1", timeoutSeconds: 60)
        for await signal in world.client.watch(request) { last = signal }
        guard case .ended(.expired, _, let status) = last else {
            Issue.record("\(String(describing: last))")
            return
        }
        #expect(status?.code == 410)
        await world.end()
    }

    @Test("faults reach the client as they would in life")
    func faults() async throws {
        let evictions = Fault.Target.requests(AccessAttributes("create", .pods, subresource: "eviction"))
        let world = try World()
        let pod = try #require(await world.pods().items.first)
        world.cluster.withModel {
            $0.faults.add(Fault(.throttle(retryAfterSeconds: 3), on: evictions, times: 1))
            $0.faults.add(Fault(.refuse(.webhookDenial("x.example.com", "no")), on: evictions, times: 1))
            $0.faults.add(Fault(.cut(afterEffect: false), on: evictions, times: 1))
            $0.faults.add(Fault(.delay(.milliseconds(30)), on: evictions, times: 1))
        }
        let throttled = await world.send(.evict(pod.identity, DeleteOptions()))
        #expect(throttled.code == 429)
        #expect(throttled.retryAfter == .seconds(3))
        #expect(await world.send(.evict(pod.identity, DeleteOptions())).code == 403)
        let cut = await world.send(.evict(pod.identity, DeleteOptions()))
        #expect({ if case .failure = cut.answer { true } else { false } }())
        let late = await world.send(.evict(pod.identity, DeleteOptions()))
        #expect(late.code == 201)
        #expect(late.received - late.sent >= .milliseconds(30))
        await world.end()
    }

    @Test("a request without the token is unauthorized")
    func token() async throws {
        let world = try World(token: "secret")
        #expect(await world.send(.readNode("node-a")).code == 401)
        world.cluster.require(token: nil)
        #expect(await world.send(.readNode("node-a")).code == 200)
        await world.end()
    }

    @Test("the kubeconfig leads to the server")
    func kubeconfig() {
        let text = SimulatedCluster.kubeconfig(server: "http://127.0.0.1:1234")
        #expect(text.contains("    server: http://127.0.0.1:1234\n"))
    }
}
