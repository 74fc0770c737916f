extension KeyedDecodingContainer {
    /// A number that Kubernetes keeps in 32 bits, and refuses beyond: no sum of such can overflow here.
    func decodeInt32IfPresent(forKey key: Key) throws -> Int? {
        try decodeIfPresent(Int32.self, forKey: key).map(Int.init)
    }
}
