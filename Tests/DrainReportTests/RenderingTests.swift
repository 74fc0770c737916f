import FoundationEssentials
import Telemetry
import TestSupport
import Testing

@testable import DrainReport

@Suite("Renderings of a report")
struct RenderingTests {
    private func text(_ report: Report, width: Int = 80, isColored: Bool = false) -> String {
        TextReport(report, width: width, isColored: isColored).lines.joined(separator: "\n") + "\n"
    }

    private func golden(_ name: String, _ actual: String) throws {
        #expect(try Golden.text(name, renewedFrom: Array(actual.utf8)) == actual)
    }

    @Test("text of a drain that a budget held up")
    func shop() throws { try golden("report-shop.txt", text(report(.shop()))) }

    @Test("text of two nodes, one of which met everything")
    func fleet() throws { try golden("report-fleet.txt", text(report(.shop(), Worlds.troubled), width: 110)) }

    @Test("text of a file that was cut off")
    func cut() throws { try golden("report-cut.txt", text(report([("cut.jsonl", Worlds.cut)]))) }

    @Test("text of a drain that was gone on with")
    func resumed() throws { try golden("report-resumed.txt", text(report(Worlds.resumed))) }

    @Test("HTML of two nodes")
    func html() throws { try golden("report-fleet.html", HTMLReport(report(.shop(), Worlds.troubled)).text) }

    @Test("JSON of two nodes")
    func json() throws {
        var bytes: [UInt8] = []
        JSONLine.append(report(.shop(), Worlds.troubled).json, to: &bytes)
        try golden("report-fleet.json", String(decoding: bytes, as: UTF8.self) + "\n")
    }

    @Test("no line is wider than the terminal, whatever the names", arguments: [80, 81, 120, 300])
    func width(columns: Int) {
        for report in [
            report(.shop(), Worlds.troubled, Worlds.hostile), report(Worlds.many(500)), report(Worlds.hostile),
        ] {
            for line in TextReport(report, width: columns, isColored: false).lines {
                #expect(PlainText.width(line) <= columns, "\(line)")
            }
        }
    }

    @Test("hostile names command no terminal, and break no line")
    func hostileText() {
        for line in TextReport(report(Worlds.hostile), width: 100, isColored: false).lines {
            for scalar in line.unicodeScalars {
                #expect(
                    scalar.value >= 0x20 && scalar.value != 0x7F && scalar.value != 0x202E, "\(line.debugDescription)")
            }
        }
    }

    @Test("hostile names are text in HTML: no element, no attribute, no script of theirs")
    func hostileHTML() {
        let page = HTMLReport(report(Worlds.hostile)).text
        #expect(page.contains("&lt;img src=x onerror=alert(1)&gt;"))
        #expect(!page.contains("<img") && !page.contains("<script") && !page.contains("</script"))
        #expect(!page.contains("\u{1B}") && !page.contains("\u{202E}"))
    }

    @Test("the page loads nothing from anywhere")
    func selfContained() {
        let page = HTMLReport(report(.shop(), Worlds.troubled)).text
        let outside = page.split(separator: "http://www.w3.org/2000/svg").joined()
        for word in ["http:", "https:", "src=", "url(", "@import", "<link", "<script"] {
            #expect(!outside.contains(word))
        }
    }

    @Test("500 pods: 40 in text and the rest counted, all of them in HTML and JSON")
    func many() throws {
        let report = report(Worlds.many(500))
        let lines = TextReport(report, width: 80, isColored: false).lines
        #expect(lines.contains("  and 460 pods that took less time"))
        #expect(lines.count < 120)
        let page = HTMLReport(report).text
        // Queued, evicting, terminating; the first one did not queue.
        #expect(page.split(separator: "<rect").count == 3 * 500)
        #expect(page.contains("<title>batch/job-0</title>") && page.contains("<title>batch/job-499</title>"))
    }

    @Test("colors only where they are wanted")
    func colors() {
        #expect(!text(report(.shop())).contains("\u{1B}"))
        #expect(text(report(.shop()), isColored: true).contains("\u{1B}[31mBBB"))
    }
}
