internal import CCurl

/// Owns a libcurl easy handle and what libcurl expects to outlive it. For one thread.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private let errorBuffer: UnsafeMutablePointer<CChar>
    private var lists: [UnsafeMutablePointer<curl_slist>] = []

    /// Before the first handle, once, whatever thread comes first.
    private static let isInitialized = ccurl_global_init() == CURLE_OK

    init() throws(HTTPFailure) {
        guard Self.isInitialized, let pointer = curl_easy_init() else {
            throw HTTPFailure(.closed, "libcurl cannot be initialized")
        }
        self.pointer = pointer
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        ccurl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorBuffer)
    }

    deinit {
        curl_easy_cleanup(pointer)
        for list in lists { curl_slist_free_all(list) }
        errorBuffer.deallocate()
    }

    /// What went wrong, as libcurl says it; empty if it says nothing.
    var errorText: String { String(cString: errorBuffer) }

    func info(_ info: CURLINFO) -> Int {
        var value = 0
        ccurl_get_long(pointer, info, &value)
        return value
    }

    func set(_ option: CURLoption, _ value: Int) throws(HTTPFailure) {
        try check(ccurl_set_long(pointer, option, value), option)
    }

    func set(_ option: CURLoption, _ value: Bool) throws(HTTPFailure) { try set(option, value ? 1 : 0) }

    /// `nil` unsets an option that has a default.
    func set(_ option: CURLoption, _ value: String?) throws(HTTPFailure) {
        guard value?.utf8.contains(0) != true else { throw HTTPFailure(.malformed, "a NUL byte in the request") }
        try check(ccurl_set_string(pointer, option, value), option)
    }

    func set(_ option: CURLoption, pem: [UInt8]) throws(HTTPFailure) {
        let code = pem.withUnsafeBytes { ccurl_set_blob(pointer, option, $0.baseAddress, $0.count) }
        guard code == CURLE_OK else { throw HTTPFailure(.credential, String(cString: curl_easy_strerror(code))) }
    }

    func set(_ option: CURLoption, lines: [String]) throws(HTTPFailure) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else { continue }
            list = longer
        }
        guard let list else { return }
        lists.append(list)
        try check(ccurl_set_list(pointer, option, list), option)
    }

    /// libcurl keeps a copy.
    func set(body: [UInt8]) throws(HTTPFailure) {
        let size = ccurl_set_size(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
        try check(size, CURLOPT_POSTFIELDSIZE_LARGE)
        let code = body.withUnsafeBytes { bytes in
            // An empty array may have no address, and libcurl would take that for "no body".
            guard let address = bytes.baseAddress else { return ccurl_set_string(pointer, CURLOPT_COPYPOSTFIELDS, "") }
            return ccurl_set_pointer(pointer, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: address))
        }
        try check(code, CURLOPT_COPYPOSTFIELDS)
    }

    private func check(_ code: CURLcode, _ option: CURLoption) throws(HTTPFailure) {
        guard code != CURLE_OK else { return }
        let reason = String(cString: curl_easy_strerror(code))
        throw HTTPFailure(.malformed, "libcurl refuses option \(option.rawValue): \(reason)")
    }
}
