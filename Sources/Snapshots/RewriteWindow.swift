import Codecs
import Diagnostics
import Diffing
import Records

/// A chunk of the new version, and the rows of the old one that lie where its rows lie.
struct RewriteWindow {
    let before: LoadedChunks<Digest>
    let after: LoadedChunks<Digest>
}

/// Reads windows, and no more than so many bytes of text.
struct RewriteReader {
    private let rewrite: Rewrite
    private let reader: RowReader
    private(set) var bytesLeft: Int

    /// Reads windows of `rewrite`, `limit` bytes of text at most.
    init(_ rewrite: Rewrite, limit: Int) {
        self.rewrite = rewrite
        reader = RowReader(schema: rewrite.after.schema)
        bytesLeft = limit
    }

    /// Reads the window of one of the rewritten chunks.
    ///
    /// Which old chunks hold the same part of the order statistics tell but roughly, so reading
    /// starts where the place in the list points to and goes on until the part is covered.
    /// - Returns: nil if that takes more than may still be read.
    /// - Throws: what reading throws.
    mutating func window(
        _ run: UnmatchedChunks,
        chunk index: Int
    ) throws(Failure) -> RewriteWindow? {
        let schema = rewrite.after.schema
        let chunk = try Self.info(run.after[index], of: rewrite.after)
        guard let text = try text(of: chunk, rewrite.after), let part = try keys(text) else {
            return nil
        }
        var after = LoadedChunks<Digest>(schema: schema)
        after.append(Piece(identity: chunk.digest, rows: chunk.rows, bytes: chunk.bytes), text)
        var before = LoadedChunks<Digest>(schema: schema)
        let candidates = try candidates(
            run.before,
            KeyRange(chunk.statistics, schema: schema)
        )
        guard !candidates.isEmpty else { return RewriteWindow(before: before, after: after) }

        /// Reads an old chunk into the window, as far as it lies there; gives its first and last
        /// key.
        func add(
            _ index: Int,
            _ put: (inout LoadedChunks<Digest>, Piece<Digest>, [UInt8]) -> Void
        ) throws(Failure) -> (first: [UInt8], last: [UInt8])? {
            let chunk = try Self.info(run.before[index], of: rewrite.before)
            guard let text = try self.text(of: chunk, rewrite.before), let keys = try keys(text)
            else { return nil }
            let start = try reader.start(ofRowsFrom: part.first, in: text)
            // No key lies between a key and the same with a byte more.
            let end = try reader.start(ofRowsFrom: part.last + [0], in: text)
            if start < end {
                put(
                    &before,
                    Piece(identity: chunk.digest, rows: chunk.rows, bytes: end - start),
                    Array(text[start..<end])
                )
            }
            return keys
        }
        let guess = run.before.count * (2 * index + 1) / (2 * run.after.count)
        var low = min(max(guess, candidates.lowerBound), candidates.upperBound - 1)
        var high = low
        guard var bounds = try add(low, { $0.append($1, $2) }) else { return nil }
        while low > candidates.lowerBound, part.first.lexicographicallyPrecedes(bounds.first) {
            low -= 1
            guard let keys = try add(low, { $0.prepend($1, $2) }) else { return nil }
            bounds.first = keys.first
        }
        while high < candidates.upperBound - 1, bounds.last.lexicographicallyPrecedes(part.last) {
            high += 1
            guard let keys = try add(high, { $0.append($1, $2) }) else { return nil }
            bounds.last = keys.last
        }
        return RewriteWindow(before: before, after: after)
    }

    /// The old chunks that may have rows in a range.
    ///
    /// Halving on bounds that overlap leaves out none: whatever it passes over lies before or
    /// behind the range for certain.
    private func candidates(
        _ places: [(segment: Int, chunk: Int)],
        _ range: KeyRange
    ) throws(Failure) -> Range<Int> {
        func first(
            _ isBehind: (KeyRange) -> Bool
        ) throws(Failure) -> Int {
            var (low, high) = (0, places.count)
            while low < high {
                let middle = (low + high) / 2
                let chunk = try Self.info(places[middle], of: rewrite.before)
                if isBehind(KeyRange(chunk.statistics, schema: rewrite.before.schema)) {
                    high = middle
                } else {
                    low = middle + 1
                }
            }
            return low
        }
        let start = try first { !$0.precedes(range) }
        let end = try first { range.precedes($0) }
        return start..<max(start, end)
    }

    private static func info(
        _ place: (segment: Int, chunk: Int),
        of snapshot: Snapshot
    ) throws(Failure) -> ChunkInfo {
        try snapshot.chunks(inSegment: place.segment)[place.chunk]
    }

    private mutating func text(
        of chunk: ChunkInfo,
        _ snapshot: Snapshot
    ) throws(Failure) -> [UInt8]? {
        guard chunk.bytes <= bytesLeft else { return nil }
        bytesLeft -= chunk.bytes
        // The checksum of the frame is enough for what is not passed on.
        return try snapshot.text(of: chunk, checksDigest: false)
    }

    /// The keys of the first and the last row; nil if there is none.
    private func keys(
        _ text: [UInt8]
    ) throws(Failure) -> (first: [UInt8], last: [UInt8])? {
        guard !text.isEmpty else { return nil }
        let whole = 0..<text.count
        return (
            try reader.sortKey(
                ofRow: RowReader.row(around: 0, in: text, within: whole),
                in: text
            ),
            try reader.sortKey(
                ofRow: RowReader.row(around: text.count - 1, in: text, within: whole),
                in: text
            )
        )
    }
}
