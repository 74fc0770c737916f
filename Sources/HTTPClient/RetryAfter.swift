public import Timestamps

/// How long a server wants to be left alone.
public enum RetryAfter {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// From `Retry-After`: seconds, or a date, which counts from the server's own `Date` where it sends one.
    public static func duration(_ headers: HTTPHeaders, now: Timestamp) -> Duration? {
        guard let value = headers["Retry-After"] else { return nil }
        if let seconds = Int64(value) { return seconds >= 0 ? .seconds(seconds) : nil }
        guard let date = moment(value) else { return nil }
        return max(.zero, date - (headers["Date"].flatMap(moment) ?? now))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the only form of a date that HTTP still sends.
    private static func moment(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else {
            return nil
        }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }
}
