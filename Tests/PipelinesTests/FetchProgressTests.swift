import Testing

@testable import Fetching
@testable import Pipelines

/// The line that tells how a fetch is getting on.
struct FetchProgressTests {
    private func text(
        _ event: FetchProgress.Event = .receiving,
        url: String = "https://example.org/2025-01-01-0.json.gz",
        bytes: Int64 = 0,
        of total: Int64? = nil,
        rate: Int64 = 0
    ) -> String {
        FetchProgress(
            url: url,
            event: event,
            attempt: 1,
            bytes: bytes,
            totalBytes: total,
            bytesPerSecond: rate
        ).text
    }

    @Test func `file, size, rate and time left are told as far as known`() {
        #expect(text() == "2025-01-01-0.json.gz: 0 kB")
        #expect(text(bytes: 999_999) == "2025-01-01-0.json.gz: 999 kB")
        #expect(text(bytes: 1_000_000) == "2025-01-01-0.json.gz: 1 MB")
        #expect(text(bytes: 5_000, of: 9_000_000) == "2025-01-01-0.json.gz: 5 kB of 9 MB")
        #expect(text(bytes: 5_000, rate: 2_000) == "2025-01-01-0.json.gz: 5 kB, 2 kB/s")
        #expect(
            text(bytes: 1_000_000, of: 4_000_001, rate: 1_000_000)
                == "2025-01-01-0.json.gz: 1 MB of 4 MB, 1 MB/s, 4 s left"
        )
    }

    @Test func `the end is told as the way there`() {
        #expect(
            text(.finished, bytes: 2_000_000, rate: 500) == "2025-01-01-0.json.gz: 2 MB, 0 kB/s"
        )
    }

    @Test func `another try says why and when`() {
        #expect(
            text(.retrying(seconds: 1.2, reason: "HTTP 503"))
                == "2025-01-01-0.json.gz: HTTP 503; again in 2 s"
        )
    }

    @Test func `an address without a file is told as it is`() {
        #expect(text(url: "https://example.org/") == "example.org: 0 kB")
        #expect(text(url: "///") == "///: 0 kB")
    }
}
