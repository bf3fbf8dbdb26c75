import Diagnostics
package import GitStore
import Records
package import Snapshots

/// That a table's key makes its runs write much more than they change, and which would not.
///
/// The order of the key is the order in which rows lie (docs/format.md, Keys and order). With the
/// time behind other columns the rows of a run go into every chunk, and every chunk is written
/// again; with the time first they go behind all others.
package struct KeyAdvice: Sendable {
    package let table: TableName
    /// The commit that was looked at.
    package let commit: ObjectID
    /// Bytes of text of the chunks it wrote, of those the table had not.
    package let rewritten: Int
    /// Bytes of text of the rows it added or changed.
    package let changed: Int
    /// Whether not all of these chunks were looked at to find how much changed.
    package let isEstimate: Bool
    /// Chunks it wrote, and chunks the table has.
    package let chunks: (written: Int, all: Int)
    package let key: [String]
    /// The column that should come first.
    package let column: String
    /// The model whose header has the key; nil for an imported table.
    package let file: String?

    /// A run that writes no more times what it changes is as it should be.
    static let patience = 5
    /// Nor is it worth a word below so many chunks: a single edit rewrites one of them.
    static let leastChunks = 8
    /// Fewer chunks and rows that changed are no sample to go by.
    private static let leastSample = (chunks: 4, rows: 6)
    /// Another key must save so much to be worth writing a table anew.
    private static let worthwhile = 3.0

    /// How much text is read to find out what changed: some chunks of each of both versions.
    static func sampleLimit(_ cutClass: CutClass) -> Int { max(4 << 20, 16 * cutClass.target) }

    /// Looks at the last version of a table that wrote many chunks; gives nil if there is nothing
    /// to say of it.
    ///
    /// - Parameters:
    ///   - table: a table.
    ///   - file: the model that makes it, if one does.
    ///   - versions: its last versions, newest first.
    ///   - store: what is read from.
    /// - Throws: what reading throws.
    init?(
        _ table: TableName,
        file: String?,
        versions: [TableVersion],
        store: SnapshotStore
    ) throws(Failure) {
        var newer = try versions.first?.tree.flatMap { (tree) throws(Failure) in
            try store.snapshot(table, tree: tree)
        }
        for version in versions {
            guard let after = newer, let tree = version.previousTree,
                let before = try store.snapshot(table, tree: tree),
                let rewrite = try Rewrite(from: before, to: after)
            else { return nil }
            newer = before
            guard rewrite.chunks >= Self.leastChunks,
                rewrite.bytes >= Self.leastChunks * after.schema.cutClass.target
            else { continue }
            try self.init(table, file: file, commit: version.commit.id, rewrite: rewrite)
            return
        }
        return nil
    }

    /// Judges one version.
    private init?(
        _ table: TableName,
        file: String?,
        commit: ObjectID,
        rewrite: Rewrite
    ) throws(Failure) {
        let schema = rewrite.after.schema
        let sample = try RewriteSample(
            of: rewrite,
            limit: Self.sampleLimit(schema.cutClass)
        )
        guard sample.chunks >= Self.leastSample.chunks,
            sample.changedRows >= Self.leastSample.rows,
            sample.bytes > Self.patience * sample.changedBytes
        else { return nil }
        // Where the old rows end, a chunk is written again with any key.
        let limit = Double(rewrite.bytes) / Self.worthwhile - Double(schema.cutClass.target)
        let columns = try sample.columns(upTo: limit / Double(rewrite.after.manifest.bytes))
        guard let column = columns.first else { return nil }
        self.table = table
        self.file = file
        self.commit = commit
        rewritten = rewrite.bytes
        changed = Int(Double(sample.changedBytes) / Double(sample.bytes) * Double(rewrite.bytes))
        isEstimate = sample.chunks < rewrite.chunks
        chunks = (rewrite.chunks, rewrite.allChunks)
        key = schema.key
        self.column = column
    }
}

extension KeyAdvice {
    /// How many times what changed was written.
    package var times: Int { (rewritten + changed / 2) / max(changed, 1) }

    /// The key with the column first.
    package var betterKey: [String] { [column] + key.filter { $0 != column } }

    /// What was seen, in two sentences.
    package var text: String {
        "\(table): commit \(commit.hex.prefix(12)) rewrote \(byteText(rewritten)) of text for "
            + "\(isEstimate ? "about " : "")\(byteText(changed)) of new and changed rows "
            + "(\(times) times). Its key (\(key.joined(separator: ", "))) spreads them over "
            + "\(chunks.written) of \(chunks.all) chunks; with \(column) first they would lie "
            + "together."
    }

    /// What to do about it.
    package var hint: String {
        let names = betterKey
        let change =
            if let file {
                "key = [\(names.map { "\"\($0)\"" }.joined(separator: ", "))] in \(file)"
            } else {
                "osodata import \(table) FILE --key \(names.joined(separator: ","))"
            }
        guard !key.contains(column) else { return change }
        return change + "; \(column) then is part of what names a row"
    }
}
