package import Codecs
import Diagnostics
package import GitStore
package import Records

/// What a snapshot says about itself: schema, sizes, digest and segments; `manifest.json`.
///
/// The text is canonical JSON with one segment a line (`Manifest+JSON.swift`).
package struct Manifest: Sendable {
    /// A table of more segments has them in groups, or its folder and its manifest would grow too
    /// large.
    package static let groupLimit = 1_024

    /// The version of the snapshot format that this program reads and writes.
    package static let format = "osodata.snapshot/1"

    package let schema: Schema
    /// Stored rows; in a table without key equal rows count once.
    package let rows: Int
    /// Bytes of all text, uncompressed.
    package let bytes: Int
    /// Identity of the table's content and schema (snapshot-format, section 5).
    package let digest: Digest
    package let segments: [SegmentInfo]
    /// One a column, in the order of `schema.columns`.
    package let statistics: [ColumnStatistics]
    /// What is in no digest.
    let history: ManifestHistory
    /// Segments above which this table is grouped.
    let groupLimit: Int

    /// Whether segments lie in folders of groups.
    var isGrouped: Bool { segments.count > groupLimit }
    /// The groups that the segments make.
    var groups: [SegmentGroup] { SegmentGroup.groups(segments, schema: schema) }

    /// A manifest of segments, with everything computed that follows from them.
    init(
        schema: Schema,
        segments: [SegmentInfo],
        history: ManifestHistory,
        groupLimit: Int = Manifest.groupLimit
    ) {
        self.init(
            schema: schema,
            rows: segments.reduce(0) { $0 + $1.rows },
            bytes: segments.reduce(0) { $0 + $1.bytes },
            digest: SnapshotDigests.table(
                schema: schema,
                segments: segments.map { ($0.digest, $0.rows) }
            ),
            segments: segments,
            statistics: ColumnStatistics.merged(segments.map(\.statistics), schema: schema),
            history: history,
            groupLimit: groupLimit
        )
    }

    /// A manifest that states what it is told.
    init(
        schema: Schema,
        rows: Int,
        bytes: Int,
        digest: Digest,
        segments: [SegmentInfo],
        statistics: [ColumnStatistics],
        history: ManifestHistory,
        groupLimit: Int
    ) {
        self.schema = schema
        self.rows = rows
        self.bytes = bytes
        self.digest = digest
        self.segments = segments
        self.statistics = statistics
        self.history = history
        self.groupLimit = groupLimit
    }
}

/// What a manifest carries from version to version of a table, besides the data.
struct ManifestHistory: Sendable {
    /// The highest column id this table ever gave out, so that ids are never used twice.
    var lastColumnID = 0
    /// The id of `_n` in a table without key.
    var countColumnID: Int?
    /// Members of the manifest that a newer writer put there.
    var unknown = UnknownMembers()
    /// What we do not know about columns, by column name.
    var unknownOfColumns: [String: UnknownMembers] = [:]
}

/// One segment as the manifest lists it: a folder of about 64 chunks.
package struct SegmentInfo: Sendable {
    package let digest: Digest
    package let rows: Int
    /// Bytes of its text, uncompressed.
    package let bytes: Int
    package let chunkCount: Int
    /// One a column, in the order of `schema.columns`.
    package let statistics: [ColumnStatistics]

    let unknown: UnknownMembers

    /// The name of its folder.
    package var folder: String { digest.short }
}

/// One chunk as `segment.json` lists it: sorted rows in one compressed file.
package struct ChunkInfo: Sendable {
    /// SHA-256 of the text.
    package let digest: Digest
    package let rows: Int
    /// Bytes of its text, uncompressed.
    package let bytes: Int
    /// One a column, in the order of `schema.columns`.
    package let statistics: [ColumnStatistics]

    let unknown: UnknownMembers
    /// The file in the repository; `.zero` if the segment's folder has none of this name.
    package internal(set) var blob = ObjectID.zero

    /// The name of its file.
    package var file: String { Self.file(digest) }

    static func file(_ digest: Digest) -> String { digest.short + suffix }

    static let suffix = ".ndjson.zst"
}

extension ColumnStatistics {
    /// The statistics of several parts together, one a column.
    static func merged(_ parts: [[ColumnStatistics]], schema: Schema) -> [ColumnStatistics] {
        guard var sum = parts.first else {
            return StatisticsBuilder(schema: schema).finish()
        }
        for part in parts.dropFirst() {
            for (index, column) in schema.columns.enumerated() {
                sum[index] = sum[index].merged(with: part[index], type: column.type)
            }
        }
        return sum
    }
}
