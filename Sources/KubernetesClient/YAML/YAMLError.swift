/// What is wrong with a YAML document, and where.
struct YAMLError: Error, Equatable {
    var problem: String
    /// Both from 1.
    var line: Int
    var column: Int
}
