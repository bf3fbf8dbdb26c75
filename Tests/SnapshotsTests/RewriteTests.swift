import Codecs
import Diagnostics
import Diffing
import Foundation
import GitStore
import Records
import TestSupport
import Testing

@testable import Snapshots

/// What versions write again, and what of it changed.
struct RewriteTests {
    /// Two versions of a table, committed one after the other.
    private func versions(
        _ before: RowSet,
        _ after: RowSet,
        _ world: World
    ) throws -> (before: Snapshot, after: Snapshot) {
        try world.commit(before, "raw.t")
        let old = try world.snapshot("raw.t")
        try world.commit(after, "raw.t")
        return (old, try world.snapshot("raw.t"))
    }

    /// What all rows that a version added or changed amount to, by comparing whole versions.
    private func changes(_ pair: (before: Snapshot, after: Snapshot)) throws -> [Int] {
        var found = [0, 0]
        try differences(from: pair.before, to: pair.after) { (change) throws(Failure) in
            if let row = change.after {
                found[0] += 1
                found[1] += row.count + 1
            }
            return true
        }
        return found
    }

    /// What looking at the chunks one by one finds.
    private func sampled(_ rewrite: Rewrite, limit: Int = .max) throws -> [Int] {
        let sample = try RewriteSample(of: rewrite, limit: limit)
        #expect(sample.chunks == rewrite.chunks && sample.bytes == rewrite.bytes)
        return [sample.changedRows, sample.changedBytes]
    }

    @Test(arguments: 0..<24)
    func `chunk by chunk the same changes are found as in the whole`(seed: Int) throws {
        let table = try RandomTable(seed: seed)
        guard !table.schema.isMultiset else { return }
        let world = try World()
        let pair = try versions(table.before, table.after, world)
        let rewrite = try #require(try Rewrite(from: pair.before, to: pair.after))
        #expect(try sampled(rewrite) == changes(pair), "seed \(seed)")
    }

    /// Rows whose first columns tell nothing of where a chunk lies: one is the same in all rows,
    /// the bounds of the other are cut before the texts differ.
    private func blind(_ ids: some Sequence<Int>, changed: Set<Int> = []) throws -> RowSet {
        let columns = [("a", "int64"), ("u", "string"), ("id", "int64"), ("v", "int64")]
        let filler = String(repeating: "x", count: 300)
        return try rowSet(
            try schema(columns, key: ["a", "u", "id"]),
            ids.map { id in
                let url = "https://example.org/\(filler)\(1_000_000 + id / 3)"
                return #"{"a":1,"u":"\#(url)","id":\#(id),"v":\#(changed.contains(id) ? 1 : 0)}"#
            }
        )
    }

    @Test func `a chunk's old rows are found where statistics tell nothing`() throws {
        var random = SeededRandom(seed: 5)
        for _ in 0..<4 {
            let world = try World()
            let old = Set((0..<9_000).filter { _ in !random.oneIn(20) })
            // Many rows in one place, so that old and new chunks stand elsewhere in the lists.
            let bulk = Set(2_000..<2_000 + random.int(0...2_000))
            let changed = Set((0..<9_000).filter { _ in random.oneIn(40) })
            let new = old.filter { _ in !random.oneIn(60) }.union(bulk)
            let pair = try versions(
                try blind(old.sorted()),
                try blind(new.sorted(), changed: changed),
                world
            )
            let rewrite = try #require(try Rewrite(from: pair.before, to: pair.after))
            try #require(rewrite.chunks > 20)
            #expect(try sampled(rewrite) == changes(pair))
        }
    }

    @Test func `where chunks end at the same rows, each is read with little else`() throws {
        let world = try World()
        let changed = Set(stride(from: 0, to: 9_000, by: 50))
        let pair = try versions(try blind(0..<9_000), try blind(0..<9_000, changed: changed), world)
        let rewrite = try #require(try Rewrite(from: pair.before, to: pair.after))
        try #require(rewrite.chunks > 20)
        #expect(try sampled(rewrite, limit: 2 * rewrite.bytes) == changes(pair))
        let part = try RewriteSample(of: rewrite, limit: rewrite.bytes)
        #expect(part.chunks > rewrite.chunks / 3 && part.chunks < rewrite.chunks * 2 / 3)
        // Every fiftieth row changed, wherever one looks.
        let share = Double(part.changedBytes) / Double(part.bytes)
        #expect(share > 0.015 && share < 0.025, "\(share)")
        #expect(try RewriteSample(of: rewrite, limit: 1000).chunks == 0)
    }

    @Test func `lists tell what was written, and no row is read for it`() throws {
        let world = try World()
        let changed = Set([10, 4_000])
        let pair = try versions(try blind(0..<9_000), try blind(0..<9_000, changed: changed), world)
        let (old, new) = (try pair.before.allChunks(), try pair.after.allChunks())
        let known = Set(old.map(\.digest))
        let fresh = new.filter { !known.contains($0.digest) }
        try #require(fresh.count == 2)
        try world.removeChunks(of: pair.before)
        try world.removeChunks(of: pair.after)
        let store = try world.again()
        let table = pair.before.table
        let before = try #require(try store.snapshot(table, tree: pair.before.tree))
        let after = try #require(try store.snapshot(table, tree: pair.after.tree))
        let rewrite = try #require(try Rewrite(from: before, to: after))
        #expect(rewrite.chunks == 2 && rewrite.allChunks == new.count)
        #expect(rewrite.bytes == fresh.reduce(0) { $0 + $1.bytes })
        #expect(throws: Failure.self) { try RewriteSample(of: rewrite, limit: .max) }
    }

    @Test func `another key, class or column, and no key, are no rewriting to judge`() throws {
        let columns = [("a", "int64"), ("b", "int64")]
        let lines = [#"{"a":1,"b":1}"#]
        func rewrite(_ before: RowSet, _ after: RowSet) throws -> Rewrite? {
            let pair = try versions(before, after, World())
            return try Rewrite(from: pair.before, to: pair.after)
        }
        let rows = try rowSet(try schema(columns, key: ["a"]), lines)
        #expect(try rewrite(rows, rows) != nil)
        let other = try rowSet(try schema(columns, key: ["a", "b"]), lines)
        #expect(try rewrite(rows, other) == nil)
        let large = try rowSet(try schema(columns, key: ["a"], cutClass: .large), lines)
        #expect(try rewrite(rows, large) == nil)
        let wide = try rowSet(
            try schema(columns + [("c", "int64")], key: ["a"]),
            [#"{"a":1,"b":1,"c":null}"#]
        )
        #expect(try rewrite(rows, wide) == nil)
        let none = try rowSet(try schema(columns), [#"{"a":1,"b":1,"_n":1}"#])
        #expect(try rewrite(none, none) == nil)
    }

    @Test func `every beginning of a spread is spread`() {
        for count in 0..<300 {
            #expect(RewriteSample.spread(count).sorted() == Array(0..<count))
        }
        for count in [50, 220, 1000] {
            for part in [5, 10, 20] {
                let chosen = RewriteSample.spread(count).prefix(part).sorted()
                let gaps = zip([0] + chosen, chosen + [count]).map { $1 - $0 }
                #expect(gaps.max() ?? 0 <= 3 * count / part, "\(part) of \(count): \(chosen)")
            }
        }
    }
}

extension World {
    /// Removes the rows of a version from the repository.
    func removeChunks(of snapshot: Snapshot) throws {
        if FileManager.default.fileExists(atPath: folder.path(".git/objects/pack")),
            try !FileManager.default.contentsOfDirectory(
                atPath: folder.path(".git/objects/pack")
            ).isEmpty
        {
            try unpack()
        }
        for chunk in try snapshot.allChunks() {
            let hex = chunk.blob.hex
            try? FileManager.default.removeItem(
                atPath: folder.path(".git/objects/\(hex.prefix(2))/\(hex.dropFirst(2))")
            )
        }
    }
}
