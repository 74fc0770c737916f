import FoundationEssentials
import Glibc

// libFuzzer's `main` calls these two. Which input is fuzzed says DRAIN_AGENT_FUZZ_TARGET; `?` prints what there is.

private nonisolated(unsafe) var target = FuzzTarget.pod

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> CInt {
    let name = ProcessInfo.processInfo.environment["DRAIN_AGENT_FUZZ_TARGET"] ?? ""
    let known = FuzzTarget.allCases.map(\.rawValue)
    if name == "?" {
        print(known.joined(separator: "\n"))
        exit(0)
    }
    guard let named = FuzzTarget(rawValue: name) else {
        say("DRAIN_AGENT_FUZZ_TARGET is none of \(known.joined(separator: " ")): \"\(name)\"")
        exit(64)
    }
    target = named
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.check(Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}

/// Ends the process unless `holds`: libFuzzer keeps the input.
func require(_ holds: Bool, _ property: @autoclosure () -> String) {
    guard !holds else { return }
    say("broken: \(property())")
    abort()
}

private func say(_ text: String) {
    let line = Array("fuzz: \(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}
