import Foundation
import TestSupport
import Testing

@testable import GitStore

/// What a checkout leaves as it is.
struct CheckoutTests {
    @Test func `a file changed in the second of the index before still looks changed`() throws {
        let test = try TestRepository()
        // Then only time and size tell, as on most days.
        try test.git("config", "core.trustctime", "false")
        let notes = test.folder.path("work/notes")
        let index = test.folder.path("work/.git/index")
        func setTime(_ path: String, _ fraction: Double) throws {
            let date = Date(timeIntervalSince1970: 1_700_000_000 + fraction)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
        }
        try test.folder.write("one", "work/notes")
        try setTime(notes, 0.25)
        try test.git("add", "notes")
        try test.git("commit", "-qm", "notes")
        try setTime(index, 0.5)
        // In place: another inode would tell too.
        let file = try FileHandle(forWritingTo: URL(filePath: notes))
        try file.write(contentsOf: Data("two".utf8))
        try file.close()
        try setTime(notes, 0.75)
        let head = try #require(try test.repository.head().commit)
        try test.publish(["snapshots/a": [1]], on: head)
        #expect(try test.git("status", "--porcelain") == " M notes")
    }
}
