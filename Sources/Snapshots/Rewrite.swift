package import Diagnostics
import Diffing
import Records

/// What a version of a table wrote again, beside what it changed: the chunks that the version
/// before has not, by the lists of chunks alone.
package struct Rewrite: Sendable {
    package let before: Snapshot
    package let after: Snapshot
    /// Bytes of the text of those chunks.
    package let bytes: Int
    /// How many they are.
    package let chunks: Int
    /// How many chunks the new version has.
    package let allChunks: Int
    /// The chunks that only one of both has.
    let runs: [UnmatchedChunks]

    /// Compares the lists of two versions.
    ///
    /// Gives nil where rows of both are not cut, ordered and spelled alike, so that all chunks are
    /// others whatever changed, and for tables without a key.
    /// - Parameters:
    ///   - before: a version.
    ///   - after: a later one.
    /// - Throws: what reading lists throws.
    package init?(from before: Snapshot, to after: Snapshot) throws(Failure) {
        guard !after.schema.isMultiset, after.schema.spellsRows(as: before.schema) else {
            return nil
        }
        var runs: [UnmatchedChunks] = []
        var (bytes, chunks) = (0, 0)
        try forEachUnmatchedRun(from: before, to: after) { (run) throws(Failure) in
            for place in run.after {
                // What is stated may be anything; a sum that runs over is no more wrong.
                bytes &+= try after.chunks(inSegment: place.segment)[place.chunk].bytes
            }
            chunks += run.after.count
            runs.append(run)
            return true
        }
        self.before = before
        self.after = after
        self.bytes = bytes
        self.chunks = chunks
        allChunks = after.manifest.segments.reduce(0) { $0 &+ $1.chunkCount }
        self.runs = runs
    }
}
