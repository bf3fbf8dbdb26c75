/// How a fetcher behaves, and all it gets from outside: clock, sleep, randomness, trust.
package struct FetchOptions: Sendable {
    /// Further attempts after the first.
    package var retries = 4
    /// Seconds before the first retry; doubles with each.
    package var backoffSeconds = 0.5
    /// A wait of our own choosing is never longer, in seconds.
    package var maximumBackoffSeconds = 60.0
    /// Decides the jitter, so that tests can foresee it.
    package var jitterSeed: UInt64 = 0
    package var userAgent: String
    /// `file:` addresses are refused unless they lie in this folder; nil refuses all.
    package var fileRoot: String?
    /// PEM file of the certificates to trust (`SSL_CERT_FILE`); nil for the system's.
    package var certificateFile: String?
    /// Waits that many seconds.
    package var sleep: @Sendable (Double) -> Void
    /// The time, microseconds since 1970; for `Retry-After` and the time limit.
    package var now: @Sendable () -> Int64
    /// Asked about once a second during a transfer and before each wait.
    package var isCancelled: @Sendable () -> Bool = { false }

    /// Makes options with the usual numbers.
    package init(
        userAgent: String,
        fileRoot: String? = nil,
        certificateFile: String? = nil,
        sleep: @escaping @Sendable (Double) -> Void,
        now: @escaping @Sendable () -> Int64
    ) {
        self.userAgent = userAgent
        self.fileRoot = fileRoot
        self.certificateFile = certificateFile
        self.sleep = sleep
        self.now = now
    }
}
