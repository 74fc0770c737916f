import DrainEngine

/// How a phase is drawn in text.
struct PhaseLook {
    var letter: Character
    /// For a terminal: select graphic rendition.
    var sequence: String

    static let shown: [PodPhase] = [.queued, .evicting, .blocked, .retrying, .terminating]

    init(_ phase: PodPhase) {
        switch phase {
        case .queued: self.init(letter: "·", sequence: "2")
        case .evicting: self.init(letter: "e", sequence: "36")
        case .blocked: self.init(letter: "B", sequence: "31")
        case .retrying: self.init(letter: "r", sequence: "33")
        case .terminating, .gone, .failed: self.init(letter: "t", sequence: "32")
        }
    }

    private init(letter: Character, sequence: String) {
        self.letter = letter
        self.sequence = sequence
    }
}
