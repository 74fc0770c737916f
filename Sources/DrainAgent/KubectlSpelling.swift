/// kubectl writes its switches as `--force=true` too, and `--dry-run` without a value: both mean here what they mean
/// there.
enum KubectlSpelling {
    private static let switches = [
        "--delete-emptydir-data", "--force", "--ignore-daemonsets", "--disable-eviction", "--follow-arrivals",
    ]

    static func translate(_ arguments: [String]) -> [String] {
        var result: [String] = []
        for (position, argument) in arguments.enumerated() {
            if argument == "--" { return result + arguments[position...] }
            result.append(translate(argument, next: position + 1 < arguments.count ? arguments[position + 1] : nil))
        }
        return result
    }

    private static func translate(_ argument: String, next: String?) -> String {
        if argument == "--dry-run", !["none", "client", "server"].contains(next) { return "--dry-run=client" }
        for name in switches {
            if argument == "\(name)=true" { return name }
            if argument == "\(name)=false" { return "--no-\(name.dropFirst(2))" }
        }
        return argument
    }
}
