import Diagnostics
import TestSupport
import Testing

@testable import GitStore

/// Reading from a batch whose objects the repository does not have yet.
struct BatchTests {
    @Test
    func `objects are read from memory, from the pack being written, and from the repository`()
        throws
    {
        let test = try TestRepository()
        _ = try test.commit(["a": "1"], "first")
        let batch = ObjectBatch(repository: test.repository)
        var random = SeededRandom()
        var added: [(id: ObjectID, bytes: [UInt8])] = []
        // Stored and deflated, empty and past the buffer; after the hundredth they are in a pack.
        for index in 0..<250 {
            let size = index % 100 == 7 ? 1_500_000 : index % 50 == 0 ? 0 : random.int(1...3_000)
            let bytes = Array("\(index) ".utf8) + random.bytes(size)
            let id = try batch.addBlob(index == 50 ? [] : bytes, deflate: index % 2 == 0)
            added.append((id, index == 50 ? [] : bytes))
            #expect(batch.contains(id) && !test.repository.contains(id))
            // The newest lies in the buffer, an earlier one in the file.
            for (id, bytes) in [added[index], added[index / 2]] {
                #expect(try batch.blob(id) == bytes)
            }
        }
        let tree = try batch.addTree([
            TreeEntry(name: "x", mode: TreeEntry.fileMode, id: added[3].id)
        ])
        #expect(try batch.tree(tree).map(\.id) == [added[3].id])
        let committed = try #require(
            try test.repository.entry(
                path: "a",
                inTree: test.repository.commit(test.repository.resolve("HEAD")).tree
            )
        )
        #expect(try batch.blob(committed.id) == Array("1".utf8))
        let unknown = try #require(ObjectID(hex: String(repeating: "12", count: 20)))
        #expect(throws: Failure.self) { try batch.blob(unknown) }
        // What was written is read from the repository.
        let written = try batch.write()
        for (id, bytes) in added { #expect(try batch.blob(id) == bytes) }
        written.release()
    }
}
