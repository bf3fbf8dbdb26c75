/// What to fetch, and what it may cost.
package struct FetchRequest: Sendable {
    /// `http:`, `https:` or `file:`.
    package var url: String
    /// Sent as they are; `Authorization` and `Cookie` are not sent on to another host.
    package var headers: [(name: String, value: String)]
    /// What is sent: the request is a POST of it then, and not led elsewhere.
    package var body: [UInt8]?
    /// ETag of the copy at hand: an unchanged body is answered with `notModified`.
    package var ifNoneMatch: String?
    /// `Last-Modified` of the copy at hand, as the server spelled it.
    package var ifModifiedSince: String?
    /// A larger body is refused; bytes as they come over the wire.
    package var maximumBytes: Int64
    /// Seconds for making a connection.
    package var connectSeconds: Double
    /// Seconds for all attempts and the waits between them.
    package var timeLimitSeconds: Double
    /// Seconds without a byte after which an attempt is given up.
    package var stallSeconds: Double

    /// Makes a request; the limits suit files of up to 1 GiB.
    package init(
        url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil,
        ifNoneMatch: String? = nil,
        ifModifiedSince: String? = nil,
        maximumBytes: Int64 = 1 << 30,
        connectSeconds: Double = 20,
        timeLimitSeconds: Double = 900,
        stallSeconds: Double = 60
    ) {
        self.url = url
        self.headers = headers
        self.body = body
        self.ifNoneMatch = ifNoneMatch
        self.ifModifiedSince = ifModifiedSince
        self.maximumBytes = maximumBytes
        self.connectSeconds = connectSeconds
        self.timeLimitSeconds = timeLimitSeconds
        self.stallSeconds = stallSeconds
    }
}

/// What came back; the body went to the sink.
package struct FetchResponse: Sendable {
    /// What a fetch can end with that is not a failure.
    package enum Outcome: Sendable {
        case fetched
        /// 304: the copy at hand is current; no body.
        case notModified
        /// 404 or 410, or no such file; no body.
        case missing
    }

    package let outcome: Outcome
    /// The HTTP status; 200 or 404 for `file:`.
    package let status: Int
    /// Headers of the last answer, names in lower case.
    package let headers: [(name: String, value: String)]
    /// Where the body came from, after redirects.
    package let finalURL: String
    /// Bytes given to the sink in the attempt that succeeded.
    package let bytes: Int64
    /// How often it was tried, from 1.
    package let attempts: Int

    /// The last value of a header, by its name in lower case.
    package func header(_ name: String) -> String? {
        headers.last { $0.name == name }?.value
    }

    package var etag: String? { header("etag") }
    package var lastModified: String? { header("last-modified") }
}

/// How a fetch is getting on.
package struct FetchProgress: Sendable {
    /// What has just happened.
    package enum Event: Sendable, Equatable {
        case receiving
        /// The attempt failed; the next one starts after `seconds`.
        case retrying(seconds: Double, reason: String)
        case finished
    }

    package let url: String
    package let event: Event
    /// From 1.
    package let attempt: Int
    /// Bytes received in this attempt.
    package let bytes: Int64
    /// Bytes there will be, if the server said.
    package let totalBytes: Int64?
    /// Mean of this attempt.
    package let bytesPerSecond: Int64

    /// Seconds to the end at the mean rate, if that can be said.
    package var secondsLeft: Double? {
        guard let totalBytes, bytesPerSecond > 0, totalBytes >= bytes else { return nil }
        return Double(totalBytes - bytes) / Double(bytesPerSecond)
    }
}
