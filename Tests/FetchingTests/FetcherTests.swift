import Diagnostics
import Fetching
import Foundation
import Synchronization
import Testing

/// A fetcher against a server on loopback.
///
/// Time is made up: nothing here really waits.
struct FetcherTests {
    let time = FakeTime()

    private func fetcher(_ change: (inout FetchOptions) -> Void = { _ in }) -> Fetcher {
        var options = time.options()
        change(&options)
        return Fetcher(options: options)
    }

    private func code(_ body: () throws -> Void) -> Failure.Code? {
        do {
            try body()
            return nil
        } catch {
            return Failure(wrapping: error).code
        }
    }

    @Test func `a body comes with its headers`() throws {
        let server = try LoopbackServer { _, _ in
            .init(
                headers: ["ETag: \"a1\"", "Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT"],
                body: "hello"
            )
        }
        defer { server.stop() }
        let events = Mutex<[FetchProgress]>([])
        let fetcher = Fetcher(options: time.options()) { event in
            events.withLock { $0.append(event) }
        }
        let (response, body) = try fetcher.bytes(FetchRequest(url: server.url("/x")))
        #expect(String(decoding: body, as: UTF8.self) == "hello")
        #expect(response.outcome == .fetched)
        #expect(response.etag == "\"a1\"")
        #expect(response.lastModified == "Thu, 01 Jan 2015 00:00:00 GMT")
        #expect(response.bytes == 5)
        #expect(response.attempts == 1)
        #expect(server.requests.first?.contains("User-Agent: osodata-test\r\n") == true)
        let last = events.withLock { $0.last }
        #expect(last?.event == .finished)
        #expect(last?.bytes == 5)
    }

    @Test func `a copy at hand is asked about and not sent again`() throws {
        let server = try LoopbackServer { request, _ in
            request.contains("If-None-Match: \"a1\"\r\n")
                ? .init("304 Not Modified", headers: ["ETag: \"a1\""]) : .init(body: "new")
        }
        defer { server.stop() }
        let request = FetchRequest(url: server.url("/x"), ifNoneMatch: "\"a1\"")
        let (response, body) = try fetcher().bytes(request)
        #expect(response.outcome == .notModified)
        #expect(body.isEmpty)
        let time = "Thu, 01 Jan 2015 00:00:00 GMT"
        _ = try fetcher().bytes(FetchRequest(url: server.url("/y"), ifModifiedSince: time))
        #expect(server.requests.last?.contains("If-Modified-Since: \(time)\r\n") == true)
    }

    @Test(arguments: ["404 Not Found", "410 Gone"])
    func `what is not there is missing, and its page is no body`(status: String) throws {
        let server = try LoopbackServer { _, _ in .init(status, body: "<html>sorry</html>") }
        defer { server.stop() }
        let (response, body) = try fetcher().bytes(FetchRequest(url: server.url("/x")))
        #expect(response.outcome == .missing)
        #expect(body.isEmpty)
        #expect(server.requests.count == 1)
    }

    // MARK: Trying again

    @Test(arguments: ["7", "Thu, 01 Jan 2026 00:00:07 GMT"])
    func `the wait a server asks for is kept`(retryAfter: String) throws {
        let server = try LoopbackServer { _, index in
            index == 0
                ? .init(
                    "429 Too Many Requests",
                    headers: ["Retry-After: \(retryAfter)"],
                    body: "no"
                )
                : .init(body: "yes")
        }
        defer { server.stop() }
        let (response, body) = try fetcher().bytes(FetchRequest(url: server.url("/x")))
        #expect(String(decoding: body, as: UTF8.self) == "yes")
        #expect(response.attempts == 2)
        #expect(time.sleeps == [7])
    }

    @Test func `GitHub's exhausted limit is waited for`() throws {
        let reset = FakeTime.start / 1_000_000 + 30
        let server = try LoopbackServer { _, index in
            index == 0
                ? .init(
                    "403 Forbidden",
                    headers: ["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: \(reset)"]
                ) : .init(body: "yes")
        }
        defer { server.stop() }
        _ = try fetcher().bytes(FetchRequest(url: server.url("/x")))
        #expect(time.sleeps == [30])
    }

    @Test func `an error of the server is tried again, and one seed gives one jitter`() throws {
        let server = try LoopbackServer { _, index in
            index % 2 == 0 ? .init("500 Internal Server Error") : .init(body: "yes")
        }
        defer { server.stop() }
        _ = try fetcher().bytes(FetchRequest(url: server.url("/x")))
        _ = try fetcher().bytes(FetchRequest(url: server.url("/x")))
        _ = try fetcher { $0.jitterSeed = 1 }.bytes(FetchRequest(url: server.url("/x")))
        #expect(time.sleeps.count == 3)
        #expect(time.sleeps.allSatisfy { (0.25..<0.5).contains($0) })
        #expect(time.sleeps[0] == time.sleeps[1])
        #expect(time.sleeps[1] != time.sleeps[2])
    }

    @Test func `the waits double, and then it is given up`() throws {
        let server = try LoopbackServer { _, _ in
            .init("503 Service Unavailable", body: "down for now")
        }
        defer { server.stop() }
        let thrown =
            failure { try fetcher().bytes(FetchRequest(url: server.url("/x"))) } as? Failure
        #expect(thrown?.code == .fetchStatus)
        #expect(thrown?.message.contains("503") == true)
        #expect(thrown?.message.hasSuffix("Tried 5 times.") == true)
        #expect(thrown?.cause == "down for now")
        #expect(server.requests.count == 5)
        #expect(time.sleeps.count == 4)
        for (index, seconds) in time.sleeps.enumerated() {
            let whole = 0.5 * Double(1 << index)
            #expect((whole / 2..<whole).contains(seconds))
        }
    }

    @Test(arguments: [
        "400 Bad Request", "401 Unauthorized", "403 Forbidden", "501 Not Implemented",
    ])
    func `a refusal is not tried again`(status: String) throws {
        let server = try LoopbackServer { _, _ in .init(status) }
        defer { server.stop() }
        #expect(code { _ = try fetcher().bytes(.init(url: server.url("/x"))) } == .fetchStatus)
        #expect(server.requests.count == 1)
        #expect(time.sleeps.isEmpty)
    }

    @Test func `a wait past the time limit ends it at once and says when to come back`() throws {
        let server = try LoopbackServer { _, _ in
            .init("429 Too Many Requests", headers: ["Retry-After: 3600"])
        }
        defer { server.stop() }
        let thrown =
            failure { try fetcher().bytes(FetchRequest(url: server.url("/x"))) } as? Failure
        #expect(thrown?.code == .fetchStatus)
        #expect(thrown?.hint?.contains("3600 seconds") == true)
        #expect(time.sleeps.isEmpty)
    }

    @Test func `a broken body starts again from its beginning`() throws {
        let server = try LoopbackServer { _, index in
            index == 0
                ? .init(raw: "200 OK", headers: ["Content-Length: 10"], body: "0123")
                : .init(body: "0123456789")
        }
        defer { server.stop() }
        var body = ""
        var restarts = 0
        let request = FetchRequest(url: server.url("/x"))
        let response = unsafe try fetcher().fetch(request) {
            restarts += 1
            body = ""
        } into: { (part) throws(Failure) in
            body += unsafe String(decoding: part, as: UTF8.self)
        }
        #expect(body == "0123456789")
        #expect(restarts == 1)
        #expect(response.bytes == 10)
        #expect(response.attempts == 2)
    }

    @Test func `a body that always breaks off is a failure`() throws {
        let server = try LoopbackServer { _, _ in
            .init(raw: "200 OK", headers: ["Content-Length: 10"], body: "0123")
        }
        defer { server.stop() }
        #expect(code { _ = try fetcher().bytes(.init(url: server.url("/x"))) } == .fetchTransport)
        #expect(server.requests.count == 5)
    }

    @Test func `nobody there is a failure after all attempts`() throws {
        let server = try LoopbackServer { _, _ in .init() }
        server.stop()
        #expect(code { _ = try fetcher().bytes(.init(url: server.url("/x"))) } == .fetchTransport)
        #expect(time.sleeps.count == 4)
    }

    // MARK: Limits

    @Test func `a body that stops coming runs into the time limit`() throws {
        let server = try LoopbackServer { _, _ in
            .init(raw: "200 OK", headers: ["Content-Length: 10"], body: "0123", hangs: true)
        }
        defer { server.stop() }
        let request = FetchRequest(url: server.url("/x"), timeLimitSeconds: 0.2)
        #expect(code { _ = try fetcher { $0.retries = 0 }.bytes(request) } == .fetchTimeout)
    }

    @Test(arguments: [true, false])
    func `a body over the limit is refused`(isLengthStated: Bool) throws {
        let body = String(repeating: "x", count: 2000)
        let server = try LoopbackServer { _, _ in
            isLengthStated ? .init(body: body) : .init(raw: "200 OK", headers: [], body: body)
        }
        defer { server.stop() }
        let request = FetchRequest(url: server.url("/x"), maximumBytes: 1999)
        #expect(code { _ = try fetcher().bytes(request) } == .fetchTooLarge)
        let enough = FetchRequest(url: server.url("/x"), maximumBytes: 2000)
        #expect(try fetcher().bytes(enough).body.count == 2000)
        #expect(server.requests.count == 2)
    }

    @Test func `what the sink throws ends it`() throws {
        let server = try LoopbackServer { _, _ in .init(body: "hello") }
        defer { server.stop() }
        let mine = Failure(.init("test.full"), "The sink is full.")
        let thrown = code {
            _ = unsafe try fetcher().fetch(.init(url: server.url("/x"))) {
            } into: { (_) throws(Failure) in
                throw mine
            }
        }
        #expect(thrown == mine.code)
        #expect(server.requests.count == 1)
    }

    @Test func `a user can stop it`() throws {
        let server = try LoopbackServer { _, _ in .init("503 Service Unavailable") }
        defer { server.stop() }
        let fetcher = fetcher { $0.isCancelled = { true } }
        #expect(code { _ = try fetcher.bytes(.init(url: server.url("/x"))) } == .fetchCancelled)
        #expect(time.sleeps.isEmpty)
    }

    // MARK: Redirects and addresses

    @Test func `a redirect is followed, and secrets stay with their host`() throws {
        let target = try LoopbackServer { _, _ in .init(body: "there") }
        defer { target.stop() }
        let there = target.url("/there", host: "localhost")
        let server = try LoopbackServer { _, _ in
            .init("302 Found", headers: ["Location: \(there)", "ETag: \"old\""], body: "moved")
        }
        defer { server.stop() }
        let request = FetchRequest(
            url: server.url("/x"),
            headers: [(name: "Authorization", value: "Bearer secret")]
        )
        let (response, body) = try fetcher().bytes(request)
        #expect(String(decoding: body, as: UTF8.self) == "there")
        #expect(response.finalURL == there)
        #expect(response.etag == nil)
        #expect(server.requests.first?.contains("secret") == true)
        #expect(target.requests.first?.contains("secret") == false)
    }

    @Test func `a redirect to a file is refused`() throws {
        let server = try LoopbackServer { _, _ in
            .init("302 Found", headers: ["Location: file:///etc/hostname"])
        }
        defer { server.stop() }
        let fetcher = fetcher { $0.fileRoot = "/" }
        #expect(code { _ = try fetcher.bytes(.init(url: server.url("/x"))) } == .fetchAddress)
        #expect(server.requests.count == 1)
    }

    @Test func `a redirect without end is refused`() throws {
        let server = try LoopbackServer { _, _ in .init("302 Found", headers: ["Location: /x"]) }
        defer { server.stop() }
        #expect(code { _ = try fetcher().bytes(.init(url: server.url("/x"))) } == .fetchAddress)
    }

    @Test(arguments: [
        "ftp://example.org/x", "gopher://x", "no address", "", "http://", "file:///etc/hostname",
    ])
    func `other addresses are refused`(url: String) {
        #expect(code { _ = try fetcher().bytes(.init(url: url)) } == .fetchAddress)
    }
}
