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
        "a b", "a%20b", "100%", "a#b", "a?b=c", "a\nb", "é", "a+b&c;d", "[a]", "a\\b",
    ])
    func `a path may have any characters`(name: String) throws {
        try withFolder { folder in
            let root = folder.path + "/" + name
            try FileManager.default.createDirectory(
                atPath: root,
                withIntermediateDirectories: true
            )
            try Data(name.utf8).write(to: URL(fileURLWithPath: root + "/x.txt"))
            let url = FileAddress.url(ofPath: root)
            #expect(FileAddress.path(of: url) == root)
            let fetcher = Fetcher(options: FakeTime().options(fileRoot: root))
            let (response, body) = try fetcher.bytes(FetchRequest(url: url + "/x.txt"))
            #expect(response.outcome == .fetched)
            #expect(String(decoding: body, as: UTF8.self) == name)
            let missing = try fetcher.bytes(FetchRequest(url: url + "/y.txt")).response
            #expect(missing.outcome == .missing)
        }
    }

    @Test(arguments: [
        ("file:///data", "/data"), ("file://samples/x", "samples/x"), ("FILE://a%20b", "a b"),
        ("file://a b#c", "a b#c"), ("file://100%", "100%"), ("https://a.b/c", nil),
    ])
    func `an address says which folder is meant`(url: String, path: String?) {
        #expect(FileAddress.path(of: url) == path)
    }

    @Test func `nothing is missing from a folder that is not there`() throws {
        try withFolder { folder in
            let root = folder.appending(path: "nowhere").path
            let fetcher = Fetcher(options: FakeTime().options(fileRoot: root))
            let thrown = failure {
                try fetcher.bytes(FetchRequest(url: "file://\(root)/a.txt"))
            }
            #expect((thrown as? Failure)?.code == .fetchAddress)
            #expect((thrown as? Failure)?.message == "There is no folder \"\(root)\".")
        }
    }

    @Test(.enabled(if: getuid() != 0, "root may read everything"), arguments: ["", "/a.txt"])
    func `what one may not read is not missing`(path: String) throws {
        try withFolder { folder in
            let locked = folder.appending(path: "in side").path + path
            func allow(_ mode: Int) throws {
                try FileManager.default.setAttributes(
                    [.posixPermissions: mode],
                    ofItemAtPath: locked
                )
            }
            try allow(0)
            defer { try? allow(0o755) }
            let thrown = failure { try fetch("in%20side/a.txt", in: folder) } as? Failure
            #expect(thrown?.code == .fetchAddress)
            #expect(thrown?.message == "\"\(locked)\" cannot be read.")
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
