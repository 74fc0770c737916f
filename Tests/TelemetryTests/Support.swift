import Telemetry

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

extension Registry {
    /// The lines of a scrape, without HELP and TYPE.
    func sampleLines() -> [String] {
        text(PrometheusText.render(collect())).split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }
}

/// What people, and those who wish them ill, put into label values, attributes and log fields.
let hostileTexts = [
    "", " ", "plain", #"quo"te"#, #"back\slash"#, #"ends in a backslash\"#, "new\nline", #"\n is no newline"#,
    "{a=\"b\"}",
    "comma,equals=", "tab\there", "carriage\rreturn", "nul\u{0}byte", "ansi \u{1b}[31mred", "del\u{7f}",
    "c1 \u{85}\u{9b}2J",
    "line\u{2028}paragraph\u{2029}", "bom\u{feff}", "grüße", "日本語", "🚀👨‍👩‍👧", "e\u{301}", "# HELP x", "NaN", "'single'",
]
