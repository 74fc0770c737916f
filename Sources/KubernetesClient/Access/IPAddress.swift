internal import Glibc

/// An IPv4 or IPv6 address.
struct IPAddress: Sendable, Equatable {
    /// 4 or 16 of them; an IPv4 address that is written as IPv6 has 4.
    let bytes: [UInt8]

    init?(_ text: String) {
        let name = text.prefix { $0 != "%" }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, String(name), &bytes) == 1 {
            self.bytes = Array(bytes[..<4])
        } else if inet_pton(AF_INET6, String(name), &bytes) == 1 {
            let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            self.bytes = isMapped ? Array(bytes[12...]) : bytes
        } else {
            return nil
        }
    }

    var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }

    func isIn(_ network: IPAddress, prefix: Int) -> Bool {
        guard bytes.count == network.bytes.count else { return false }
        return (0..<prefix).allSatisfy { bit in
            (bytes[bit / 8] ^ network.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }
}
