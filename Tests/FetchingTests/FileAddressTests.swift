import Diagnostics
import Fetching
import Foundation
import Testing

/// Reading `file:` addresses, and not reading those outside the folder.
struct FileAddressTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "osodata-fetching-\(UUID().uuidString)")
        let inside = folder.appending(path: "in side")
        try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("kept".utf8).write(to: inside.appending(path: "a.txt"))
        try Data("secret".utf8).write(to: folder.appending(path: "b.txt"))
        try FileManager.default.createSymbolicLink(
            at: inside.appending(path: "link.txt"),
            withDestinationURL: folder.appending(path: "b.txt")
        )
        try body(folder)
    }

    private func fetch(_ path: String, in folder: URL) throws -> (FetchResponse, [UInt8]) {
        let root = folder.appending(path: "in side").path
        let options = FakeTime().options(fileRoot: root)
        let prefix = folder.path.replacing(" ", with: "%20")
        return try Fetcher(options: options).bytes(FetchRequest(url: "file://\(prefix)/\(path)"))
    }

    @Test func `a file in the folder is read`() throws {
        try withFolder { folder in
            let (response, body) = try fetch("in%20side/a.txt", in: folder)
            #expect(response.outcome == .fetched)
            #expect(response.status == 200)
            #expect(String(decoding: body, as: UTF8.self) == "kept")
        }
    }

    @Test func `a file that is not there is missing`() throws {
        try withFolder { folder in
            let (response, _) = try fetch("in%20side/c.txt", in: folder)
            #expect(response.outcome == .missing)
        }
    }

    @Test(arguments: [
        "b.txt", "in%20side/../b.txt", "in%20side/%2e%2e/b.txt", "in%20side/link.txt",
        "in%20side", "in%20side2/a.txt",
    ])
    func `nothing else is read`(path: String) throws {
        try withFolder { folder in
            let thrown = failure { try fetch(path, in: folder) } as? Failure
            #expect(thrown?.code == .fetchAddress)
        }
    }
}
