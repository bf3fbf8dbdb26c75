package import Diagnostics

/// Chunks of two versions of a table that lie between chunks both have: a row that differs is in
/// one of them, and its pair, if it has one, in the other list.
package struct UnmatchedChunks: Sendable {
    package let before: [(segment: Int, chunk: Int)]
    package let after: [(segment: Int, chunk: Int)]
}

/// Calls `body` with the chunks that two versions do not have alike, run by run in key order,
/// until it gives false.
///
/// Reads the lists of chunks of differing segments, and no rows. Rows of both must pair up
/// (`SchemaComparison.canPairRows`), or what the runs hold means nothing.
/// - Returns: false if `body` stopped it.
/// - Throws: what reading lists and `body` throw.
/// - Complexity: linear in the segments, and in the chunks of those that differ.
@discardableResult
package func forEachUnmatchedRun<Before: ChunkSource, After: ChunkSource>(
    from before: Before,
    to after: After,
    _ body: (UnmatchedChunks) throws(Failure) -> Bool
) throws(Failure) -> Bool where Before.Identity == After.Identity {
    let segments = unmatchedRuns(
        before.segmentPieces.map(\.identity),
        after.segmentPieces.map(\.identity)
    )
    for run in segments {
        let old = try ChunkList(of: before, segments: run.before)
        let new = try ChunkList(of: after, segments: run.after)
        for chunks in unmatchedRuns(old.identities, new.identities) {
            let goesOn = try body(
                UnmatchedChunks(
                    before: Array(old.places[chunks.before]),
                    after: Array(new.places[chunks.after])
                )
            )
            guard goesOn else { return false }
        }
    }
    return true
}

/// The chunks of some segments in a row.
struct ChunkList<Identity: Hashable> {
    private(set) var identities: [Identity] = []
    private(set) var places: [(segment: Int, chunk: Int)] = []

    init<Source: ChunkSource>(
        of source: Source,
        segments: Range<Int>
    ) throws(Failure) where Source.Identity == Identity {
        for segment in segments {
            for (chunk, piece) in try source.chunkPieces(inSegment: segment).enumerated() {
                identities.append(piece.identity)
                places.append((segment, chunk))
            }
        }
    }
}

/// Pairs of ranges of two lists that do not match; what lies between them is equal.
///
/// Both lists are sorted by the same key and hold every key once, so equal pieces come in the
/// same order on both sides and a look-up by identity finds the whole common part. A match that
/// would go backwards can only come from corrupt lists and is passed over.
/// - Complexity: linear.
func unmatchedRuns<Identity: Hashable>(
    _ before: [Identity],
    _ after: [Identity]
) -> [(before: Range<Int>, after: Range<Int>)] {
    var places: [Identity: Int] = [:]
    places.reserveCapacity(before.count)
    for (index, identity) in before.enumerated() { places[identity] = index }
    var runs: [(before: Range<Int>, after: Range<Int>)] = []
    var nextBefore = 0
    var nextAfter = 0
    for index in 0...after.count {
        let match = index == after.count ? before.count : places[after[index]]
        guard let match, match >= nextBefore else { continue }
        if match > nextBefore || index > nextAfter {
            runs.append((nextBefore..<match, nextAfter..<index))
        }
        nextBefore = match + 1
        nextAfter = index + 1
    }
    return runs
}
