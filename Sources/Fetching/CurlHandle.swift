import CCurl

/// An easy handle of libcurl, with its open connections.
///
/// One thread at a time.
@safe
final class CurlHandle: @unchecked Sendable {
    // @unchecked Sendable: the fetcher lends a handle to one transfer at a time.
    let raw: UnsafeMutableRawPointer

    /// Makes a handle; nil without memory.
    init?() {
        Self.started
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe raw = handle
    }

    deinit { unsafe curl_easy_cleanup(raw) }

    /// libcurl is started once, before the first call, and never shut down.
    private static let started: Void = {
        _ = shim_curl_global_init()
    }()

    func set(_ option: CURLoption, _ value: Int) {
        _ = unsafe shim_curl_set_long(raw, option, value)
    }

    func set(_ option: CURLoption, large value: Int64) {
        _ = unsafe shim_curl_set_large(raw, option, curl_off_t(value))
    }

    /// libcurl copies the string.
    func set(_ option: CURLoption, _ value: String) {
        _ = unsafe shim_curl_set_string(raw, option, value)
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        _ = unsafe shim_curl_get_long(raw, info, &value)
        return value
    }

    func large(_ info: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        _ = unsafe shim_curl_get_large(raw, info, &value)
        return Int64(value)
    }

    func string(_ info: CURLINFO) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard unsafe shim_curl_get_string(raw, info, &value) == CURLE_OK, let text = unsafe value
        else { return nil }
        return unsafe String(cString: text)
    }
}
