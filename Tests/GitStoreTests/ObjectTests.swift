import Diagnostics
import TestSupport
import Testing

@testable import GitStore

/// Reading: ids, revisions, trees, commits, history.
struct ObjectTests {
    @Test func `an id survives its spellings`() throws {
        let hex = "00ff10e2d3c4b5a697887766554433221100fedc"
        let id = try #require(ObjectID(hex: hex))
        #expect(id.hex == hex && id.description == hex)
        #expect(ObjectID(bytes: id.bytes) == id)
        #expect(ObjectID(hex: hex.uppercased()) == id)
        #expect(ObjectID(id.raw) == id)
        for bad in ["", "0", String(hex.dropLast()), hex + "0", "g" + hex.dropFirst()] {
            #expect(ObjectID(hex: bad) == nil)
        }
    }

    @Test func `ids sort as their bytes do`() throws {
        var random = SeededRandom(seed: 7)
        let ids = (0..<300).compactMap { _ in ObjectID(bytes: random.bytes(20)) }
        let byBytes = ids.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        #expect(ids.sorted() == byBytes)
    }

    @Test func `revisions are found by every spelling`() throws {
        let test = try TestRepository()
        let first = try test.commit(["a": "1"], "first")
        let second = try test.commit(["a": "2"], "second")
        try test.git("tag", "light", "HEAD~1")
        try test.git("tag", "-a", "-m", "x", "heavy", "HEAD~1")
        let repository = test.repository
        for name in ["HEAD~1", "HEAD^", "light", "heavy", first.hex, String(first.hex.prefix(8))] {
            #expect(try repository.resolve(name) == first, "\(name)")
        }
        for name in ["HEAD", "main", "refs/heads/main", "@"] {
            #expect(try repository.resolve(name) == second, "\(name)")
        }
    }

    @Test(arguments: ["nothing", "", "HEAD~9", "a b", "HEAD:a", "HEAD^{tree}", "main..other", "^"])
    func `a revision that names no commit is a failure`(_ name: String) throws {
        let test = try TestRepository()
        try test.commit(["a": "1"])
        let failure = #expect(throws: Failure.self) { try test.repository.resolve(name) }
        #expect(failure?.code == .unknownRevision)
        #expect(failure?.hint != nil)
    }

    @Test func `trees and blobs are read as git wrote them`() throws {
        let test = try TestRepository()
        let head = try test.commit(["a.txt": "one\n", "b/c/d": "two\n", "b.x": "", "b/e": "three"])
        let repository = test.repository
        let root = try repository.commit(head).tree
        #expect(try repository.tree(root).map(\.name) == ["a.txt", "b.x", "b"])
        let file = try #require(try repository.entry(path: "b/c/d", inTree: root))
        #expect(file.mode == TreeEntry.fileMode && !file.isTree)
        #expect(try repository.blob(file.id) == Array("two\n".utf8))
        #expect(ObjectID(ofBlob: Array("two\n".utf8)) == file.id)
        #expect(try repository.entry(path: "b/c", inTree: root)?.isTree == true)
        #expect(try repository.entry(path: "", inTree: root)?.id == root)
        #expect(try repository.entry(path: "b/none", inTree: root) == nil)
        #expect(try repository.entry(path: "a.txt/none", inTree: root) == nil)
        #expect(repository.contains(file.id) && !repository.contains(.zero))
        let missing = #expect(throws: Failure.self) { try repository.blob(.zero) }
        #expect(missing?.code == .missingObject)
        let wrong = #expect(throws: Failure.self) { try repository.blob(root) }
        #expect(wrong?.code == .wrongObjectType)
        #expect(wrong?.message == "The object '\(root)' is a tree where a blob belongs.")
    }

    @Test func `a commit says what git says`() throws {
        let test = try TestRepository()
        let message = "run: 2 tables\nchanged\n\nBody.\n\nOsodata-Run: 7\nOsodata-As-Of: a\n  b\n"
        let id = try test.commit(["a": "1"], message)
        let commit = try test.repository.commit(id)
        #expect(commit.author == TestRepository.person)
        #expect(commit.parents.isEmpty)
        #expect(commit.summary == "run: 2 tables changed")
        #expect(commit.trailers.map(\.key) == ["Osodata-Run", "Osodata-As-Of"])
        #expect(commit.trailers.map(\.value) == ["7", "a b"])
        #expect(String(decoding: commit.message, as: UTF8.self) == message)
    }

    @Test(arguments: ["subject", "Key: value", "a\n\nno trailer here\nKey: value", ""])
    func `what is no trailer is not taken for one`(_ message: String) throws {
        let text = "tree \(ObjectID.zero)\n\n\(message)"
        #expect(try CommitInfo(id: .zero, parsing: Array(text.utf8)).trailers.isEmpty)
    }

    @Test func `odd commits are read as well as may be`() throws {
        func parse(_ author: [UInt8], _ rest: String = "", _ message: [UInt8] = []) throws
            -> CommitInfo
        {
            let start = Array("tree \(ObjectID.zero)\nauthor ".utf8) + author
            let bytes = start + Array("\n\(rest)\n".utf8) + message
            return try CommitInfo(id: .zero, parsing: bytes)
        }
        let latin = try parse(
            Array("Ren".utf8) + [0xE9] + Array(" <r@x> 5 -0330".utf8),
            "encoding ISO-8859-1\n",
            [0xFC]
        )
        #expect(latin.author == Signature(name: "René", email: "r@x", time: 5, offset: -210))
        #expect(latin.message == Array("ü".utf8))
        #expect(try parse([0xE9, 60, 62]).author.name == "\u{FFFD}")
        #expect(try parse(Array("no mail".utf8)).author.name == "no mail")
        #expect(try parse(Array("a <b> c> 1 +0000".utf8)).author.email == "b> c")
        #expect(try parse(Array("a <b> 99999999999999999999 x".utf8)).author.time == .max)
        #expect(try parse([]).author == Signature(name: "", email: "", time: 0, offset: 0))
        let signed = try parse(Array("a <b> 1 +0000".utf8), "gpgsig x\n author y\n\n", [65])
        #expect(signed.author.name == "a")
        #expect(throws: Failure.self) { try CommitInfo(id: .zero, parsing: Array("x".utf8)) }
    }

    @Test func `a tree whose bytes are cut off is refused`() throws {
        let bytes = Array("100644 a".utf8) + [0] + [UInt8](repeating: 1, count: 20)
        #expect(try TreeText.parse(bytes, id: .zero).count == 1)
        for count in 1..<bytes.count {
            let failure = #expect(throws: Failure.self) {
                try TreeText.parse(Array(bytes.prefix(count)), id: .zero)
            }
            #expect(failure?.code == .malformedObject)
        }
    }

    @Test func `history is walked as git log --topo-order does`() throws {
        let test = try TestRepository()
        try test.commit(["a": "0"], "root")
        for round in 0..<3 {
            try test.git("checkout", "-q", "-b", "side\(round)")
            try test.commit(["s\(round)": "1"], "side \(round) one")
            try test.commit(["s\(round)": "2"], "side \(round) two")
            try test.git("checkout", "-q", "main")
            try test.commit(["a": "\(round + 1)"], "main \(round)")
            try test.git("merge", "-q", "--no-ff", "-m", "merge \(round)", "side\(round)")
        }
        let head = try test.repository.resolve("HEAD")
        var seen: [ObjectID] = []
        try test.repository.walk(from: head) {
            let waiting = $0.parents.filter { seen.contains($0) }
            #expect(waiting.isEmpty, "a parent came before its child")
            seen.append($0.id)
            return true
        }
        let all = try test.git("rev-list", "HEAD").split(separator: "\n").map(String.init)
        #expect(seen.map(\.hex).sorted() == all.sorted())
        var first: [String] = []
        try test.repository.walk(from: head, firstParent: true) {
            first.append($0.id.hex)
            return first.count < 4
        }
        let expected = try test.git("rev-list", "--first-parent", "-n4", "HEAD")
        #expect(first.joined(separator: "\n") == expected)
    }
}
