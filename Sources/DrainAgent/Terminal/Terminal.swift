import Glibc

/// What the other end of a descriptor can show.
enum Terminal {
    static func isTerminal(descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// NO_COLOR (no-color.org) and dumb terminals are respected.
    static func isColorful(descriptor: Int32) -> Bool {
        guard isTerminal(descriptor: descriptor) else { return false }
        if let noColor = getenv("NO_COLOR"), noColor.pointee != 0 { return false }
        guard let kind = getenv("TERM") else { return true }
        return String(cString: kind) != "dumb"
    }

    /// Its width; `nil`: no terminal is there.
    static func columns(descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}

extension String {
    /// What others wrote (a webhook, a proxy) without line breaks and terminal commands.
    var onOneLine: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.isControl ? " " : $0 }))
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
