import DrainReport
import Glibc

/// What the other end of a descriptor is, and can show.
enum Terminal {
    struct Size: Equatable {
        var columns: Int
        var rows: Int
    }

    static func isTerminal(descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// NO_COLOR (no-color.org) and dumb terminals are respected.
    static func isColorful(descriptor: Int32) -> Bool {
        guard isTerminal(descriptor: descriptor) else { return false }
        if let noColor = getenv("NO_COLOR"), noColor.pointee != 0 { return false }
        guard let kind = getenv("TERM") else { return true }
        return String(cString: kind) != "dumb"
    }

    /// `nil`: no terminal is there, or it does not say.
    static func size(descriptor: Int32) -> Size? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// False for a job in the background, which must not move a cursor that is the shell's.
    static func isOurs(descriptor: Int32) -> Bool {
        let group = tcgetpgrp(descriptor)
        // Not our controlling terminal, or a group that our container cannot see: nobody else's as far as we know.
        return group <= 0 || group == getpgrp()
    }
}

extension String {
    /// What others wrote (a webhook, a proxy) without line breaks and terminal commands.
    var onOneLine: String { PlainText.oneLine(self) }
}
