import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@testable import DrainEngine

@Suite("FleetTurn")
struct FleetTurnTests {
    private static func nodes(_ count: Int) -> [String] { (0..<count).map { "node-\($0)" } }

    @Test("a free slot is had with two requests, and no ticket is ever written")
    func free() {
        let fleet = ScriptedFleet(parallel: 1, nodes: ["a"])
        fleet.join("a")
        fleet.run(for: .seconds(5))
        #expect(fleet.members["a"]?.standings == [.held(lease: "drain-agent-0")])
        #expect(fleet.members["a"]?.requests == 2)
        #expect(fleet.leases == ["drain-agent-0": "a"])
    }

    @Test("no more than N at a time, first come, first served", arguments: [1, 2, 3], [1, 2, 3, 4, 5] as [UInt64])
    func turns(parallel: Int, seed: UInt64) {
        let nodes = Self.nodes(8)
        let fleet = ScriptedFleet(parallel: parallel, nodes: nodes, seed: seed)
        for (index, node) in nodes.enumerated() {
            // An hour apart, every second one: nobody's clock is asked but the API server's.
            fleet.at(.seconds(index * 2)) { $0.join(node, skew: .seconds(index % 2 == 0 ? 3600 : -3600)) }
        }
        func serve(_ fleet: ScriptedFleet, at offset: Duration) {
            fleet.at(offset) { fleet in
                for node in nodes where fleet.holds(node) { fleet.leave(node, releases: true) }
            }
        }
        for round in 1...20 { serve(fleet, at: .seconds(round * 60)) }
        fleet.run(for: .seconds(1300))
        #expect(!fleet.isSpinning)
        #expect(fleet.mostAtOnce == parallel)
        #expect(fleet.order.count == 8)
        // Those that come to a free slot together may change places, no more.
        for (place, node) in fleet.order.enumerated() {
            let came = nodes.firstIndex(of: node) ?? 99
            #expect(abs(came - place) < parallel, "\(fleet.order)")
        }
        #expect(fleet.leases.values.allSatisfy { $0.isEmpty }, "\(fleet.leases)")
    }

    @Test("the one that waits says behind whom, and who has the turn")
    func waiting() {
        let fleet = ScriptedFleet(parallel: 1, nodes: ["a", "b", "c"])
        fleet.join("a")
        fleet.at(.seconds(2)) { $0.join("b") }
        fleet.at(.seconds(4)) { $0.join("c") }
        fleet.at(.seconds(60)) { $0.leave("a", releases: true) }
        fleet.run(for: .seconds(80))
        #expect(fleet.members["b"]?.standings.first == .waiting(place: 0, holders: ["a"]))
        #expect(
            fleet.members["c"]?.standings == [
                .waiting(place: 1, holders: ["a"]), .waiting(place: 0, holders: ["b"]),
            ])
        #expect(fleet.standing("b") == .held(lease: "drain-agent-0"))
    }

    @Test("twenty that come at the same moment: the races end, and each has its turn")
    func races() {
        let nodes = Self.nodes(20)
        let fleet = ScriptedFleet(parallel: 2, nodes: nodes)
        for node in nodes { fleet.join(node) }
        for round in 1...40 {
            fleet.at(.seconds(round * 30)) { fleet in
                for node in nodes where fleet.holds(node) { fleet.leave(node, releases: true) }
            }
        }
        fleet.run(for: .seconds(1230))
        #expect(fleet.mostAtOnce == 2)
        #expect(Set(fleet.order) == Set(nodes) && fleet.order.count == 20)
    }

    @Test("a holder that is killed while its node is cordoned keeps the turn for its time, not longer")
    func crash() {
        let fleet = ScriptedFleet(parallel: 1, ttl: .seconds(300), nodes: ["a", "b"])
        fleet.join("a")
        fleet.at(.seconds(1)) { $0.cordon("a", true) }
        fleet.at(.seconds(5)) { $0.join("b") }
        fleet.at(.seconds(30)) { $0.kill("a") }
        fleet.run(for: .seconds(300))
        #expect(!fleet.holds("b"))
        fleet.run(for: .seconds(360))
        #expect(fleet.holds("b"))
    }

    @Test("a holder that is renewed never expires, however far its clock is off")
    func skew() {
        let fleet = ScriptedFleet(parallel: 1, ttl: .seconds(60), nodes: ["a", "b"])
        fleet.join("a", skew: .seconds(-100_000))
        fleet.at(.seconds(1)) { $0.cordon("a", true) }
        fleet.at(.seconds(5)) { $0.join("b", skew: .seconds(100_000)) }
        fleet.run(for: .seconds(3000))
        #expect(fleet.holds("a") && !fleet.holds("b"))
        #expect(fleet.members["a"]?.standings == [.held(lease: "drain-agent-0")])
    }

    enum Departure: CaseIterable { case back, deleted, cordoned, notReady }

    @Test("a silent holder's node: back or deleted frees the turn in a minute or two", arguments: Departure.allCases)
    func silent(departure: Departure) {
        let fleet = ScriptedFleet(parallel: 1, nodes: ["a", "b"])
        fleet.join("a")
        fleet.at(.seconds(1)) { $0.cordon("a", true) }
        fleet.at(.seconds(5)) { $0.join("b") }
        fleet.at(.seconds(10)) { $0.kill("a") }
        fleet.at(.seconds(100)) { fleet in
            switch departure {
            case .back: fleet.cordon("a", false)
            case .deleted: fleet.model.perform(.deleteNode("a"))
            case .cordoned: break
            case .notReady:
                fleet.cordon("a", false)
                fleet.model.perform(.setNodeCondition(node: "a", Condition(type: "Ready", status: "Unknown")))
            }
        }
        fleet.run(for: .seconds(99))
        #expect(!fleet.holds("b"))
        fleet.run(for: .seconds(160))
        #expect(fleet.holds("b") == (departure == .back || departure == .deleted))
    }

    @Test("a restarted holder has its turn at once, before those who wait")
    func restart() {
        let fleet = ScriptedFleet(parallel: 1, nodes: ["a", "b"])
        fleet.join("a")
        fleet.at(.seconds(5)) { $0.join("b") }
        fleet.at(.seconds(10)) { $0.kill("a") }
        fleet.at(.seconds(20)) { $0.join("a") }
        fleet.run(for: .seconds(21))
        #expect(fleet.holds("a") && !fleet.holds("b"))
        #expect(fleet.members["a"]?.standings == [.held(lease: "drain-agent-0")])
    }

    @Test("one that is killed while it waits is passed over after a minute, and its ticket is cleared away")
    func deadTicket() {
        let fleet = ScriptedFleet(parallel: 1, nodes: ["a", "b", "c"])
        fleet.join("a")
        fleet.at(.seconds(2)) { $0.join("b") }
        fleet.at(.seconds(4)) { $0.join("c") }
        fleet.at(.seconds(10)) { $0.kill("b") }
        fleet.run(for: .seconds(50))
        #expect(fleet.standing("c") == .waiting(place: 1, holders: ["a"]))
        fleet.run(for: .seconds(120))
        #expect(fleet.standing("c") == .waiting(place: 0, holders: ["a"]))
        #expect(fleet.leases.keys.sorted() == ["drain-agent-0", "drain-agent-wait-c"])
    }

    @Test("the API server away for all: the turn is lost by its holder before anybody else can have it")
    func away() {
        let fleet = ScriptedFleet(parallel: 1, ttl: .seconds(60), nodes: ["a", "b"])
        fleet.join("a")
        fleet.at(.seconds(1)) { $0.cordon("a", true) }
        fleet.at(.seconds(5)) { $0.join("b") }
        fleet.at(.seconds(100)) { fleet in for node in ["a", "b"] { fleet.cutOff(node, true) } }
        fleet.at(.seconds(400)) { fleet in for node in ["a", "b"] { fleet.cutOff(node, false) } }
        fleet.run(for: .seconds(399))
        #expect(fleet.standing("a") == .lost(reason: "it could not be renewed for 1m0s"))
        fleet.run(for: .seconds(450))
        // Who could not ask does not count the time: it is still a's.
        #expect(fleet.standing("a") == .held(lease: "drain-agent-0") && !fleet.holds("b"))
        #expect(fleet.mostAtOnce == 1)
    }

    @Test("the holder alone is cut off: it loses the turn, another has it, and it comes after that one")
    func cutOff() {
        let fleet = ScriptedFleet(parallel: 1, ttl: .seconds(60), nodes: ["a", "b"])
        fleet.join("a")
        fleet.at(.seconds(1)) { $0.cordon("a", true) }
        fleet.at(.seconds(5)) { $0.join("b") }
        fleet.at(.seconds(100)) { $0.cutOff("a", true) }
        fleet.at(.seconds(300)) { $0.cutOff("a", false) }
        fleet.at(.seconds(400)) { $0.leave("b", releases: true) }
        fleet.run(for: .seconds(399))
        #expect(fleet.holds("b") && !fleet.holds("a") && fleet.mostAtOnce == 1)
        fleet.run(for: .seconds(430))
        #expect(fleet.holds("a") && fleet.order == ["a", "b", "a"])
    }

    @Test("a slot that somebody else has taken, or deleted, is lost; a deleted one is taken again")
    func takenAway() throws {
        let fleet = ScriptedFleet(parallel: 1, nodes: ["a", "z"])
        fleet.join("a")
        fleet.at(.seconds(5)) { fleet in
            guard let lease = fleet.lease("drain-agent-0") else { return }
            let taken = FleetLease.taking(
                "drain-agent-0", in: ScriptedFleet.namespace, over: lease, holder: "z", life: .seconds(1800),
                at: fleet.now)
            _ = fleet.model.exchange(.replaceLease(taken), at: fleet.now)
        }
        fleet.run(for: .seconds(40))
        #expect(fleet.standing("a") == .lost(reason: "z has it"))
        fleet.at(.seconds(41)) { fleet in
            guard let lease = fleet.lease("drain-agent-0") else { return }
            _ = fleet.model.exchange(.deleteLease(lease), at: fleet.now)
        }
        fleet.run(for: .seconds(60))
        #expect(fleet.standing("a") == .held(lease: "drain-agent-0"))
    }

    @Test("forbidden leases: it fails after two seconds, and names the permission and the namespace")
    func forbidden() throws {
        let fleet = ScriptedFleet(parallel: 1, nodes: ["a"])
        fleet.model.access.denied = [AccessAttributes("list", .leases)]
        fleet.join("a")
        fleet.run(for: .seconds(10))
        let failure = try #require(fleet.members["a"]?.failure)
        #expect(failure.contains("leases.coordination.k8s.io in namespace fleet") && failure.contains("(403)"))
    }

    @Test("a namespace that is not there is no use waiting for")
    func noNamespace() throws {
        let fleet = ScriptedFleet(parallel: 1, nodes: ["a"], namespace: "nowhere")
        fleet.join("a")
        fleet.run(for: .seconds(1))
        let failure = try #require(fleet.members["a"]?.failure)
        #expect(failure.contains("namespace nowhere") && failure.contains("(404)"))
    }

    @Test("what ends while it waits gives its place up, and a slot that comes late back")
    func leaves() {
        let fleet = ScriptedFleet(parallel: 1, nodes: ["a", "b"])
        fleet.join("a")
        fleet.at(.seconds(2)) { $0.join("b") }
        fleet.at(.seconds(10)) { $0.leave("b", releases: true) }
        fleet.run(for: .seconds(12))
        #expect(fleet.leases == ["drain-agent-0": "a"])
        #expect(fleet.members["b"]?.turn.hasLeft == true)
        fleet.leave("a", releases: false)
        fleet.run(for: .seconds(20))
        #expect(fleet.leases == ["drain-agent-0": "a"])
    }

    @Test("a name too long for a ticket is cut, and stays one of its own")
    func longNames() {
        let long = String(repeating: "a.", count: 120) + "b"
        let ticket = FleetLease.ticket(long)
        #expect(ticket.utf8.count <= 253 && FleetLease.isTicket(ticket))
        #expect(ticket != FleetLease.ticket(long + "c"))
        #expect(!ticket.contains(".-") && !ticket.contains(".."))
        #expect(FleetLease.ticket("node-a") == "drain-agent-wait-node-a")
    }
}
