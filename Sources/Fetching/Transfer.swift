import CCurl
import Diagnostics

/// One attempt at one request.
///
/// Lives for the length of `run`.
@safe
final class Transfer {
    /// Takes bytes of the body as they arrive.
    typealias Sink = (UnsafeRawBufferPointer) throws(Failure) -> Void

    /// How an attempt ended.
    struct End {
        let code: CURLcode
        let status: Int
        let message: String
        let finalURL: String
    }

    /// Answers longer than this are not kept to be shown beside an error status.
    private static let shownBytes = 300
    /// Progress is told at most this often, in microseconds.
    private static let progressInterval: Int64 = 200_000

    private let request: FetchRequest
    private let handle: CurlHandle
    private let sink: Sink
    private let tell: (_ bytes: Int64, _ total: Int64?, _ rate: Int64) -> Void
    private let isCancelled: @Sendable () -> Bool

    /// Headers of the last answer; those of redirects are dropped.
    private(set) var headers: [(name: String, value: String)] = []
    /// Of the last status line; 200 for files.
    private(set) var status = 200
    /// Bytes of the body given to the sink.
    private(set) var delivered: Int64 = 0
    /// What the sink threw; the transfer was stopped for it.
    private(set) var sinkFailure: Failure?
    private(set) var isTooLarge = false
    private(set) var wasCancelled = false
    /// The start of an answer that is no success.
    private(set) var complaint: [UInt8] = []
    private var lastTold: Int64 = .min / 2

    init(
        _ request: FetchRequest,
        handle: CurlHandle,
        isCancelled: @escaping @Sendable () -> Bool,
        sink: @escaping Sink,
        tell: @escaping (_ bytes: Int64, _ total: Int64?, _ rate: Int64) -> Void
    ) {
        self.request = request
        self.handle = handle
        self.isCancelled = isCancelled
        unsafe self.sink = sink
        self.tell = tell
    }

    /// Performs the transfer, in at most `seconds`.
    func run(options: FetchOptions, seconds: Double) -> End {
        unsafe curl_easy_reset(handle.raw)
        configure(options, seconds: seconds)
        var list: UnsafeMutablePointer<curl_slist>?
        defer { unsafe curl_slist_free_all(list) }
        for (name, value) in headersToSend {
            unsafe list = curl_slist_append(list, "\(name): \(value)")
        }
        _ = unsafe shim_curl_set_headers(handle.raw, list)

        return unsafe withUnsafeTemporaryAllocation(
            of: CChar.self,
            capacity: Int(CURL_ERROR_SIZE)
        ) { message in
            unsafe message.initialize(repeating: 0)
            let start = UnsafeMutableRawPointer(message.baseAddress)
            _ = unsafe shim_curl_set_pointer(handle.raw, CURLOPT_ERRORBUFFER, start)
            let code = unsafe curl_easy_perform(handle.raw)
            _ = unsafe shim_curl_set_pointer(handle.raw, CURLOPT_ERRORBUFFER, nil)
            let said = unsafe message.baseAddress.map { unsafe String(cString: $0) } ?? ""
            return End(
                code: code,
                status: status,
                message: said.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : said,
                finalURL: handle.string(CURLINFO_EFFECTIVE_URL) ?? request.url
            )
        }
    }

    private var headersToSend: [(name: String, value: String)] {
        var all = request.headers
        if let tag = request.ifNoneMatch { all.append((name: "If-None-Match", value: tag)) }
        if let time = request.ifModifiedSince {
            all.append((name: "If-Modified-Since", value: time))
        }
        return all
    }

    private func configure(_ options: FetchOptions, seconds: Double) {
        handle.set(CURLOPT_URL, request.url)
        handle.set(CURLOPT_USERAGENT, options.userAgent)
        // Timeouts must not be made with SIGALRM in a program with threads.
        handle.set(CURLOPT_NOSIGNAL, 1)
        handle.set(CURLOPT_PROTOCOLS_STR, "http,https,file")
        handle.set(CURLOPT_FOLLOWLOCATION, request.body == nil ? 1 : 0)
        handle.set(CURLOPT_MAXREDIRS, 10)
        // Who asked for https gets https: a redirect may not take the proof away.
        let isSecure = request.url.lowercased().hasPrefix("https:")
        handle.set(CURLOPT_REDIR_PROTOCOLS_STR, isSecure ? "https" : "http,https")
        handle.set(CURLOPT_SSL_VERIFYPEER, 1)
        handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        if let file = options.certificateFile { handle.set(CURLOPT_CAINFO, file) }
        handle.set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.connectSeconds))
        handle.set(CURLOPT_TIMEOUT_MS, Self.milliseconds(seconds))
        handle.set(CURLOPT_LOW_SPEED_LIMIT, 1)
        handle.set(CURLOPT_LOW_SPEED_TIME, max(1, Int(request.stallSeconds)))
        handle.set(CURLOPT_MAXFILESIZE_LARGE, large: request.maximumBytes)

        if let body = request.body {
            handle.set(CURLOPT_POST, 1)
            handle.set(CURLOPT_POSTFIELDSIZE_LARGE, large: Int64(body.count))
            unsafe body.withUnsafeBytes { bytes in
                let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                _ = unsafe shim_curl_set_pointer(handle.raw, CURLOPT_COPYPOSTFIELDS, start)
            }
        }
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe shim_curl_set_pointer(handle.raw, CURLOPT_WRITEDATA, context)
        _ = unsafe shim_curl_set_pointer(handle.raw, CURLOPT_HEADERDATA, context)
        _ = unsafe shim_curl_set_pointer(handle.raw, CURLOPT_XFERINFODATA, context)
        _ = unsafe shim_curl_set_data(handle.raw, CURLOPT_WRITEFUNCTION) {
            (bytes, size, count, context) in
            guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
            let me = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            let all = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            return unsafe me.take(all) ? size * count : 0
        }
        _ = unsafe shim_curl_set_data(handle.raw, CURLOPT_HEADERFUNCTION) {
            (bytes, size, count, context) in
            guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
            let me = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            let all = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            me.takeHeader(unsafe String(decoding: all, as: UTF8.self))
            return size * count
        }
        handle.set(CURLOPT_NOPROGRESS, 0)
        _ = unsafe shim_curl_set_progress(handle.raw) { (context, total, now, _, _) in
            guard let context = unsafe context else { return 0 }
            let me = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return me.advance(received: Int64(now), total: Int64(total)) ? 0 : 1
        }
    }

    /// Gives bytes to the sink; false stops the transfer.
    private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard (200..<300).contains(status) else {
            let room = Self.shownBytes - complaint.count
            if room > 0 { unsafe complaint.append(contentsOf: bytes.prefix(room)) }
            return true
        }
        guard delivered + Int64(bytes.count) <= request.maximumBytes else {
            isTooLarge = true
            return false
        }
        delivered += Int64(bytes.count)
        do throws(Failure) {
            unsafe try sink(bytes)
            return true
        } catch {
            // An error cannot cross libcurl: it waits here until the transfer has ended.
            sinkFailure = error
            return false
        }
    }

    private func takeHeader(_ line: String) {
        // A character is "\r\n" too: compare without them.
        let line = line.trimmingSuffix { $0.isNewline || $0 == " " }
        if line.hasPrefix("HTTP/") {
            headers = []
            complaint = []
            let parts = line.split(separator: " ", maxSplits: 2)
            status = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append((name: line[..<colon].lowercased(), value: String(value)))
        }
    }

    /// Tells how far the transfer is; false stops it.
    private func advance(received: Int64, total: Int64) -> Bool {
        let time = handle.large(CURLINFO_TOTAL_TIME_T)
        guard time - lastTold >= Self.progressInterval else { return true }
        lastTold = time
        if isCancelled() {
            wasCancelled = true
            return false
        }
        if (200..<300).contains(status), received > 0 {
            let rate = handle.large(CURLINFO_SPEED_DOWNLOAD_T)
            tell(received, total > 0 ? total : nil, rate)
        }
        return true
    }

    private static func milliseconds(_ seconds: Double) -> Int {
        max(1, Int(min(seconds, 1e6) * 1000))
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ isDropped: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, isDropped(last) { rest.removeLast() }
        return rest
    }
}

extension String {
    fileprivate func trimmingSuffix(_ isDropped: (Character) -> Bool) -> Substring {
        self[...].trimmingSuffix(isDropped)
    }
}
