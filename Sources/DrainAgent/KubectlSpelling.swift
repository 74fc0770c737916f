/// kubectl writes its switches as `--force=true` too, and `--dry-run` without a value: both mean here what they mean
/// there.
enum KubectlSpelling {
    /// Those with a `--no-…`.
    private static let invertible: Set = [
        "--delete-emptydir-data", "--force", "--ignore-daemonsets", "--disable-eviction", "--follow-arrivals",
        "--progress",
    ]
    /// Those that are off unless they are given.
    private static let plain: Set = ["--http-prestop", "--wait", "--uncordon", "--simulate-only", "--watch"]

    static func translate(_ arguments: [String]) -> [String] {
        var result: [String] = []
        for (position, argument) in arguments.enumerated() {
            if argument == "--" { return result + arguments[position...] }
            result += translate(argument, next: position + 1 < arguments.count ? arguments[position + 1] : nil)
        }
        return result
    }

    private static func translate(_ argument: String, next: String?) -> [String] {
        if argument == "--dry-run", !["none", "client", "server"].contains(next) { return ["--dry-run=client"] }
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let isOn = Bool(parts[1].lowercased()) else { return [argument] }
        if invertible.contains(parts[0]) { return [isOn ? parts[0] : "--no-\(parts[0].dropFirst(2))"] }
        if plain.contains(parts[0]) { return isOn ? [parts[0]] : [] }
        return [argument]
    }
}
