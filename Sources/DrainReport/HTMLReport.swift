import DrainEngine
import Timestamps

/// A report as one HTML file that needs nothing else: no script, no font, no picture from anywhere.
public struct HTMLReport {
    private let report: Report

    public init(_ report: Report) { self.report = report }

    public var text: String {
        var page = Markup()
        page.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
        page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        // Should a name ever get through: nothing may be loaded, and nothing may run.
        page.raw(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
        page.element("title", title)
        page.raw("\n<style>")
        page.raw(Self.style)
        page.raw("</style></head><body>\n")
        for warning in report.warnings { page.element("p", with: [("class", "warning")], warning) }
        if report.drains.count > 1 { fleet(&page) }
        for drain in report.drains { DrainSection(drain).draw(into: &page) }
        page.raw("</body></html>\n")
        return page.text
    }

    private var title: String {
        let drains = report.drains
        return drains.count == 1 ? "Drain of \(drains[0].node): \(drains[0].outcome)" : "\(drains.count) drains"
    }

    private func fleet(_ page: inout Markup) {
        page.element("h1", "\(report.drains.count) drains")
        page.table(
            ["node", "outcome", "start", "took", "pods", "waited"],
            report.drains.map { drain in
                [
                    drain.node, drain.outcome, drain.start.rfc3339(), Amount.text(drain.seconds),
                    "\(drain.counts.total)", drain.headline(CriticalPath(drain).verdict),
                ]
            })
        Gantt(report.drains).draw(into: &page)
    }

    private static let style: StaticString = """
        :root{color-scheme:light dark;--ink:#1c2128;--soft:#57606a;--line:#d0d7de;--ground:#fff;--queued:#c3c9d1;\
        --evicting:#2f81c7;--blocked:#c93c37;--retrying:#c98a17;--terminating:#3d9a50;--drain:#8096b0}
        @media(prefers-color-scheme:dark){:root{--ink:#dfe5ec;--soft:#9aa5b1;--line:#39424e;--ground:#14181d;\
        --queued:#4a5361;--evicting:#5aa9e6;--blocked:#f0716c;--retrying:#e3b341;--terminating:#57b96b;--drain:#6d86a3}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);max-width:1100px;\
        margin:2em auto;padding:0 1em}
        h1{font-size:1.5em;margin:1.5em 0 .3em}h2{font-size:1.1em;margin:1.6em 0 .4em}
        .headline{font-size:1.15em;margin:.2em 0 1em}.soft{color:var(--soft)}
        .warning{border-left:4px solid var(--retrying);padding-left:.7em}
        .wide{overflow-x:auto}table{border-collapse:collapse;font-size:.92em}
        th,td{text-align:left;padding:.2em 1em .2em 0;border-bottom:1px solid var(--line);vertical-align:top}
        th{color:var(--soft);font-weight:600}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1em 1em;margin:0}
        dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        svg{width:100%;height:auto;font:11px ui-monospace,monospace}svg text{fill:var(--ink)}
        .tick{stroke:var(--line)}.key{display:inline-block;width:.9em;height:.9em;margin:0 .3em 0 1em}
        .queued{fill:var(--queued);background:var(--queued)}.evicting{fill:var(--evicting);background:var(--evicting)}
        .blocked{fill:var(--blocked);background:var(--blocked)}.retrying{fill:var(--retrying);background:var(--retrying)}
        .terminating{fill:var(--terminating);background:var(--terminating)}.drain{fill:var(--drain)}

        """
}

/// One drain on the page.
private struct DrainSection {
    let drain: DrainStory
    let findings: Findings

    init(_ drain: DrainStory) {
        self.drain = drain
        findings = Findings(drain)
    }

    func draw(into page: inout Markup) {
        page.element("h1", "node/\(drain.node) \(drain.endingText)")
        let headline = drain.headline(findings.path.verdict)
        if !headline.isEmpty { page.element("p", with: [("class", "headline")], headline) }
        page.element("dl") { list in
            for (name, text) in drain.facts {
                list.element("dt", name)
                list.element("dd", text)
            }
        }
        timeline(&page)
        path(&page)
        tables(&page)
    }

    private func timeline(_ page: inout Markup) {
        guard !drain.pods.isEmpty else { return }
        page.element("h2", "Timeline")
        page.element("p", with: [("class", "soft")]) { legend in
            for phase in PhaseLook.shown {
                legend.element("span", with: [("class", "key \(phase.rawValue)")], "")
                legend.plain(phase.rawValue)
            }
        }
        Gantt(drain).draw(into: &page)
    }

    private func path(_ page: inout Markup) {
        page.element("h2", "Critical path")
        page.element("p", with: [("class", "soft")], "From the end back: what was waited for at each moment.")
        page.table(
            ["after", "took", "waited for", "pod"],
            findings.path.longestSteps(60).map { step in
                [
                    Amount.text((step.start - drain.start).inSeconds), Amount.text(step.seconds), step.cause.text,
                    step.pod,
                ]
            })
    }

    private func tables(_ page: inout Markup) {
        func table(_ title: String, _ head: [String], _ rows: [[String]]) {
            guard !rows.isEmpty else { return }
            page.element("h2", title)
            page.table(head, rows)
        }
        table(
            "Who said not now", ["who", "pods", "longest", "in all", "refusals", "verdict", "its words"],
            findings.blockers.map { blocker in
                [
                    blocker.name, "\(blocker.pods)", Amount.text(blocker.longest), Amount.text(blocker.seconds),
                    "\(blocker.refusals)", blocker.judgement, blocker.message,
                ]
            })
        table(
            "Answers to \(findings.attempts) eviction requests, \(findings.retries) of them retries",
            ["answer", "times", "pods"], findings.answers.map { [$0.word, "\($0.count)", "\($0.pods)"] })
        table(
            "Slowest pods", ["pod", "took"] + PhaseLook.shown.map(\.rawValue) + ["requests", "fate"],
            findings.slowest.prefix(20).map { pod in
                [pod.title, Amount.text(pod.lifetime)] + PhaseLook.shown.map { Amount.text(pod.seconds[$0] ?? 0) }
                    + ["\(pod.attempts)", pod.fate]
            })
        table(
            "Not gone in time", ["pod", "facts"],
            findings.stuck.map { [$0.title, $0.terminationFacts.joined(separator: "; ")] })
        table(
            drain.ending == .cutOff ? "On their way when the file ends, or failed" : "Failed or left",
            ["pod", "fate", "why"], findings.unfinished.map { [$0.title, $0.fate, $0.message] })
        table(
            "What was done, and what others did", ["when", "what"],
            drain.happenings.map { [$0.at.rfc3339(), $0.text] })
    }
}
