import DrainReport
import DrainTelemetry
import FoundationEssentials
import KubernetesAPI
import Telemetry
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent
@testable import DrainEngine

@Suite struct DrainViewTests {
    private let plain = TerminalStyle.plain
    private let colors = TerminalStyle(isLive: true, isColored: true, hasBlocks: true)

    private func status(_ events: [DrainEvent] = Hindrances.events) -> DrainStatus {
        let progress = DrainProgress(node: "node-a")
        events.forEach(progress.observe)
        return progress.current
    }

    private func lines(
        _ status: DrainStatus, columns: Int = 100, rows: Int = 40, after: Duration = .seconds(61)
    ) -> [String] {
        DrainView(status).lines(columns: columns, rows: rows, at: Hindrances.epoch + after, style: plain).map(\.text)
    }

    @Test("how it stands, then what holds it up: what never ends by itself first")
    func everything() {
        #expect(
            lines(status(), columns: 80) == [
                "node/node-a draining  2 of 8 gone  1m1s  deadline in 8m59s  late by 1m30s",
                "####################tttttttttteeeeeeeeee..........BBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
                "# gone 2  t terminating 1  e evicting 1  . queued 1  B blocked 3",
                "warning: connect: refused",
                "! budget shop/pay can never allow  1 pod for 1m1s  1 of 1 healthy, needs 1, all~",
                "  scale Deployment shop/pay to 2 or more", "! budget shop/web can allow again  1 pod for 1m1s",
                "  not now", "! webhook kv.example can allow again  1 pod for 1m1s", "  not now",
                "! pod demo/p2 should be gone since 2027-01-15T08:00:30Z: finalizers are left (e~",
                "! volumes are still attached: pvc-1",
            ])
    }

    @Test("before anything is known there is one line")
    func empty() {
        #expect(lines(DrainProgress(node: "node-a").current) == ["node/node-a idle"])
    }

    @Test("the deadline and the end are told for what they are")
    func deadline() {
        #expect(lines(status(), after: .seconds(603))[0].contains("deadline was 3s ago"))
        let never = status(Hindrances.events + [DrainEvent(at: Hindrances.epoch, .overrunProjected(.never))])
        #expect(lines(never)[0].hasSuffix("never done by the deadline"))
        let turn = DrainEvent(at: Hindrances.epoch, .turn(.waiting(place: 1, holders: ["node-b"])))
        #expect(lines(status(Hindrances.events + [turn])).contains("waits for its turn, place 2, behind node-b"))
        let late = DrainEvent(at: Hindrances.epoch + .seconds(61), .stateChanged(.timedOut))
        let ended = lines(status(Hindrances.events + [late, Hindrances.end]), after: .seconds(500))
        #expect(ended[0] == "node/node-a not drained: timed out  2 of 8 gone  1m1s")
    }

    @Test(
        "no line is wider and there are no more than the terminal has, however small it is",
        arguments: [0, 1, 2, 3, 5, 8, 12, 24], [1, 2, 10, 19, 40, 200])
    func small(rows: Int, columns: Int) {
        for style in [plain, colors] {
            let lines = DrainView(status()).lines(
                columns: columns, rows: rows, at: Hindrances.epoch + .seconds(61), style: style)
            #expect(lines.count <= rows)
            #expect(lines.allSatisfy { PlainText.width($0.text) <= columns })
            if rows > 0, columns > 10 { #expect(lines[0].text.hasPrefix("node/node-")) }
        }
    }

    @Test("what there is no room for is counted")
    func more() {
        #expect(
            lines(status(), rows: 7).suffix(3) == [
                "! budget shop/pay can never allow  1 pod for 1m1s  1 of 1 healthy, needs 1, allows 0",
                "  scale Deployment shop/pay to 2 or more", "  and 4 more",
            ])
        #expect(lines(status(), rows: 6).last == "  and 4 more")
        #expect(
            lines(status(), rows: 5).last == "  and 5 more" || lines(status(), rows: 5).last?.hasPrefix("!") == true)
    }

    @Test(
        "each phase that has a pod has a cell of the bar, and the bar is full",
        arguments: [
            ([1, 0, 0, 1], 10, [5, 0, 0, 5]), ([5000, 1, 1, 0], 10, [8, 1, 1, 0]), ([0, 0, 3, 0], 7, [0, 0, 7, 0]),
            ([1, 1, 1, 1], 2, [1, 1, 1, 1]), ([0, 0, 0, 0], 10, [0, 0, 0, 0]), ([2, 1, 0, 0], 10, [7, 3, 0, 0]),
        ])
    func cells(counts: [Int], width: Int, cells: [Int]) { #expect(DrainView.cells(counts, in: width) == cells) }

    @Test("where the terminal has no other characters than ASCII, there are only such, and each phase has its letter")
    func onlyLetters() {
        let style = TerminalStyle(isLive: true, isColored: true, hasBlocks: false)
        for columns in [25, 40, 80] {
            let lines = DrainView(status()).lines(columns: columns, rows: 40, at: Hindrances.epoch, style: style)
            #expect(lines.allSatisfy { $0.text.utf8.allSatisfy { $0 < 0x80 } })
            #expect(Set(lines[1].text) == ["#", "t", "e", ".", "B"])
        }
    }

    @Test("advice that is cut after its third line says so", arguments: [(50, true), (100, false)])
    func longAdvice(columns: Int, isCut: Bool) {
        var view = DrainView(node: "node-a")
        view.blockers = [
            DrainView.Blocker(
                name: "budget shop/web", verdict: .unsatisfiable, pods: 1, since: Hindrances.epoch,
                // 19 fit into 98 columns.
                advice: repeatElement("word", count: 57).joined(separator: " "))
        ]
        let lines = view.lines(columns: columns, rows: 40, at: Hindrances.epoch, style: colors).map(\.text)
        #expect(lines.count == 1 + 1 + 3)
        #expect(lines.last?.hasSuffix("…") == isCut)
        #expect(lines.allSatisfy { PlainText.width($0) <= columns })
    }

    @Test("names and messages that would command a terminal do not")
    func hostile() {
        let events =
            Hindrances.events + [
                DrainEvent(
                    at: Hindrances.epoch,
                    .requestFailed(.list, message: "a\u{1B}]0;owned\u{7}\r\nb\u{9B}2J", retryIn: .seconds(1)))
            ]
        for line in DrainView(status(events)).lines(
            columns: 100, rows: 40, at: Hindrances.epoch, style: colors
        ) {
            #expect(Screen(line.rendered(isColored: true)).surprises.isEmpty)
            #expect(!line.text.contains("\n"))
        }
    }

    @Test("thousands of pods and blockers make no more lines than the terminal has")
    func many() {
        var events = Hindrances.events.prefix(2).map { $0 }
        for index in 0..<5000 {
            let blocker = Blocker.budget(namespace: "n", name: "b\(index)")
            for fact in [
                .podAdded(Hindrances.pod(index)), Hindrances.move(index, to: .blocked, blocker),
                Hindrances.wait(index, blocker),
            ] { events.append(DrainEvent(at: Hindrances.epoch, fact)) }
        }
        let shown = lines(status(events), rows: 20)
        #expect(shown.count == 20 || shown.count == 19)
        #expect(shown.last?.hasPrefix("  and 49") == true)
    }

    @Test("an agent that is asked over HTTP shows what a drain from here shows")
    func document() throws {
        let late = DrainEvent(at: Hindrances.epoch + .seconds(61), .stateChanged(.timedOut))
        for events in [[], Hindrances.events, Hindrances.events + [late, Hindrances.end]] {
            let status = status(events)
            var json: [UInt8] = []
            JSONLine.append(status.json, to: &json)
            let document = try DrainDocument.decoder.decode(DrainDocument.self, from: Data(json))
            var there = DrainView(document)
            var here = DrainView(status)
            there.counts = there.counts.filter { $0.value > 0 }
            here.stuck.sort { $0.pod < $1.pod }
            #expect(there == here)
        }
    }

    @Test("words of a newer agent are passed over, and an older one's document is enough")
    func otherVersions() throws {
        let text = """
            {"node":"n","state":"levitating","counts":{"gone":1,"floating":2},"blockers":[{"webhook":"w","since":
            "2027-01-15T08:00:00Z","blocked_pods":1,"verdict":"whimsical"}],"news":{}}
            """
        let document = try DrainDocument.decoder.decode(DrainDocument.self, from: Data(text.utf8))
        let view = DrainView(document)
        #expect(view.state == .idle && view.total == 1 && view.blockers[0].name == "webhook w")
    }
}
