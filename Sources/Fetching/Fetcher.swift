import CCurl
package import Diagnostics
import Synchronization

/// Fetches `http:`, `https:` and `file:` addresses, all on one path.
///
/// Servers must prove who they are. What may pass by itself (429, most of 5xx, a broken
/// connection) is tried again, later each time, or when the server says.
package final class Fetcher: Sendable {
    private let options: FetchOptions
    private let progress: @Sendable (FetchProgress) -> Void
    /// Handles not in use, kept for their open connections.
    private let idle = Mutex<[CurlHandle]>([])
    private let backoff: Mutex<Backoff>

    /// Makes a fetcher; `progress` is called from the threads that fetch.
    package init(
        options: FetchOptions,
        progress: @escaping @Sendable (FetchProgress) -> Void = { _ in }
    ) {
        self.options = options
        self.progress = progress
        backoff = Mutex(
            Backoff(
                seed: options.jitterSeed,
                base: options.backoffSeconds,
                maximum: options.maximumBackoffSeconds
            )
        )
    }

    /// Fetches a body into memory.
    ///
    /// - Throws: see `fetch(_:restart:into:)`.
    package func bytes(
        _ request: FetchRequest
    ) throws(Failure) -> (response: FetchResponse, body: [UInt8]) {
        var body: [UInt8] = []
        let response = unsafe try fetch(request) {
            body.removeAll(keepingCapacity: true)
        } into: { (part) throws(Failure) in
            unsafe body.append(contentsOf: part)
        }
        return (response, body)
    }

    /// Fetches a body, giving it to `sink` piece by piece as it arrives.
    ///
    /// `restart` is called when an attempt failed after bytes were given: forget them, the body comes
    /// again from its start. A failure of `sink` ends the fetch and is thrown.
    ///
    /// - Throws: `fetch.address`, `fetch.too-large`, `fetch.timeout`, `fetch.transport`,
    ///   `fetch.certificate`, `fetch.status`, `fetch.cancelled`, or what `sink` throws.
    package func fetch(
        _ request: FetchRequest,
        restart: () -> Void,
        into sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> FetchResponse {
        if let ready = try Self.checkAddress(request.url, root: options.fileRoot) { return ready }
        let start = options.now()
        var attempt = 1
        while true {
            guard !options.isCancelled() else { throw Self.cancelled(request.url) }
            let left = request.timeLimitSeconds - Double(options.now() - start) / 1e6
            let result = unsafe try attemptOnce(
                request,
                attempt: attempt,
                seconds: left,
                into: sink
            )
            switch result {
            case .success(let response):
                return response
            case .failed(let failure, let asked, let delivered):
                guard attempt <= options.retries else {
                    throw Self.adding("Tried \(attempt) times.", to: failure)
                }
                let wait = asked ?? backoff.withLock { $0.wait(afterAttempt: attempt) }
                let rest = request.timeLimitSeconds - Double(options.now() - start) / 1e6
                guard wait < rest else { throw Self.outOfTime(failure, wait: wait, asked: asked) }
                if delivered > 0 { restart() }
                progress(
                    FetchProgress(
                        url: request.url,
                        event: .retrying(seconds: wait, reason: failure.message),
                        attempt: attempt,
                        bytes: 0,
                        totalBytes: nil,
                        bytesPerSecond: 0
                    )
                )
                options.sleep(wait)
                attempt += 1
            }
        }
    }

    // MARK: One attempt

    /// How an attempt ended, if not for good.
    private enum Attempt {
        case success(FetchResponse)
        /// May go better next time; `asked` is the wait the server wants.
        case failed(Failure, asked: Double?, delivered: Int64)
    }

    private func attemptOnce(
        _ request: FetchRequest,
        attempt: Int,
        seconds: Double,
        into sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> Attempt {
        guard let handle = idle.withLock({ $0.popLast() }) ?? CurlHandle() else {
            throw Failure(.fetchTransport, "libcurl gave no handle.")
        }
        defer { idle.withLock { $0.append(handle) } }
        return unsafe try withoutActuallyEscaping(sink) { (sink) throws(Failure) -> Attempt in
            let transfer = unsafe Transfer(
                request,
                handle: handle,
                isCancelled: options.isCancelled,
                sink: sink,
                tell: { [progress] bytes, total, rate in
                    progress(
                        FetchProgress(
                            url: request.url,
                            event: .receiving,
                            attempt: attempt,
                            bytes: bytes,
                            totalBytes: total,
                            bytesPerSecond: rate
                        )
                    )
                }
            )
            let end = transfer.run(options: options, seconds: max(seconds, 0.001))
            return try judge(end, of: transfer, request, attempt: attempt, handle: handle)
        }
    }

    private func judge(
        _ end: Transfer.End,
        of transfer: Transfer,
        _ request: FetchRequest,
        attempt: Int,
        handle: CurlHandle
    ) throws(Failure) -> Attempt {
        if let failure = transfer.sinkFailure { throw failure }
        if transfer.wasCancelled { throw Self.cancelled(request.url) }
        if transfer.isTooLarge || end.code == CURLE_FILESIZE_EXCEEDED {
            throw Failure(
                .fetchTooLarge,
                "\"\(request.url)\" is larger than \(request.maximumBytes) bytes."
            )
        }
        guard end.code == CURLE_OK else {
            let failure = try Self.failure(of: end, request)
            return .failed(failure, asked: nil, delivered: transfer.delivered)
        }
        let outcome: FetchResponse.Outcome
        switch end.status {
        case 200..<300: outcome = .fetched
        case 304: outcome = .notModified
        case 404, 410: outcome = .missing
        default:
            let asked = Backoff.asked(by: transfer.headers, now: options.now())
            let failure = Self.refusal(end.status, transfer.complaint, request)
            guard Self.mayPass(end.status, isAskedToWait: asked != nil) else { throw failure }
            return .failed(failure, asked: asked, delivered: 0)
        }
        progress(
            FetchProgress(
                url: request.url,
                event: .finished,
                attempt: attempt,
                bytes: transfer.delivered,
                totalBytes: transfer.delivered,
                bytesPerSecond: handle.large(CURLINFO_SPEED_DOWNLOAD_T)
            )
        )
        return .success(
            FetchResponse(
                outcome: outcome,
                status: end.status,
                headers: transfer.headers,
                finalURL: end.finalURL,
                bytes: transfer.delivered,
                attempts: attempt
            )
        )
    }

    /// Checks scheme and, for files, place; a file that is not there is answered at once.
    private static func checkAddress(
        _ url: String,
        root: String?
    ) throws(Failure) -> FetchResponse? {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        switch scheme {
        case "http", "https":
            return nil
        case "file":
            guard try FileAddress.check(url, root: root) == .missing else { return nil }
            return FetchResponse(
                outcome: .missing,
                status: 404,
                headers: [],
                finalURL: url,
                bytes: 0,
                attempts: 1
            )
        default:
            throw Failure(
                .fetchAddress,
                "\"\(url)\" is not an address that can be fetched.",
                hint: "Use an http:, https: or file: address."
            )
        }
    }
}
