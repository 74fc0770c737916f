/// The media types a client asks for (RFC 9110, section 12.5.1).
public struct AcceptHeader: Sendable, Equatable {
    private let ranges: [MediaRange]

    /// Nil (no header) and an empty text accept everything.
    public init(parsing text: String?) {
        ranges = QualityList(parsing: text ?? "").members.map(MediaRange.init)
    }

    /// The offer the client likes best, nil if it accepts none; among equals the first.
    ///
    /// An offer may carry parameters (`application/openmetrics-text;version=1.0.0`). One that both sides name has to
    /// agree; one that only the client names is ignored, because scrapers send parameters newer than this server.
    public func prefers(_ offers: [String]) -> String? {
        guard !ranges.isEmpty else { return offers.first }
        var best: (offer: String, quality: Int)?
        for offer in offers {
            let quality = quality(of: offer)
            if quality > best?.quality ?? 0 { best = (offer, quality) }
        }
        return best?.offer
    }

    /// The most specific range that matches decides; of equally specific ones the most willing.
    private func quality(of offer: String) -> Int {
        guard let offered = QualityList(parsing: offer).members.first else { return 0 }
        let matching = ranges.filter { $0.matches(offered) }
        guard let closest = matching.map(\.specificity).max() else { return 0 }
        return matching.filter { $0.specificity == closest }.map(\.quality).max() ?? 0
    }
}

/// `text/html`, `text/*` or `*/*`, with parameters.
private struct MediaRange: Sendable, Equatable {
    var type: Substring
    var subtype: Substring
    var parameters: [String: String]
    var quality: Int

    init(_ member: QualityList.Member) {
        let parts = member.value.split(separator: "/", maxSplits: 1)
        type = parts.first ?? ""
        subtype = parts.count == 2 ? parts[1] : ""
        parameters = member.parameters
        quality = member.quality
    }

    /// Every type, one type, one subtype, one subtype with parameters.
    var specificity: Int {
        if type == "*" { return 0 }
        if subtype == "*" { return 1 }
        return parameters.isEmpty ? 2 : 3
    }

    func matches(_ offer: QualityList.Member) -> Bool {
        let offered = MediaRange(offer)
        guard type == "*" || type == offered.type, subtype == "*" || subtype == offered.subtype else { return false }
        return parameters.allSatisfy { name, value in offered.parameters[name].map { $0 == value } ?? true }
    }
}
