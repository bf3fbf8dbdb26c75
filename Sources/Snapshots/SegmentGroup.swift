import Codecs
import Diagnostics
import Records

/// Some segments of a large table, in a folder of their own (docs/format.md, Files).
struct SegmentGroup: Sendable {
    static let fileName = "group.json"

    let segments: [SegmentInfo]
    let digest: Digest
    let rows: Int
    let bytes: Int
    let statistics: [ColumnStatistics]

    /// The name of its folder.
    var folder: String { digest.short }

    private init(_ segments: [SegmentInfo], schema: Schema) {
        self.segments = segments
        digest = SnapshotDigests.group(segments: segments.map { ($0.digest, $0.rows) })
        rows = segments.reduce(0) { $0 + $1.rows }
        bytes = segments.reduce(0) { $0 + $1.bytes }
        statistics = ColumnStatistics.merged(segments.map(\.statistics), schema: schema)
    }

    /// All segments of a table in groups: one ends with a segment whose digest's first six bits are
    /// zero, so that a change moves the ends of no other group.
    static func groups(_ segments: [SegmentInfo], schema: Schema) -> [SegmentGroup] {
        var groups: [SegmentGroup] = []
        var start = 0
        for (index, segment) in segments.enumerated()
        where segment.digest.prefix >> 58 == 0 || index == segments.count - 1 {
            groups.append(SegmentGroup(Array(segments[start...index]), schema: schema))
            start = index + 1
        }
        return groups
    }

    /// The line of the manifest that stands for this group.
    func line(_ schema: Schema) -> [UInt8] {
        var object = CanonicalObject()
        object.set("bytes", bytes)
        object.set("digest", digest.hex)
        object.set("rows", rows)
        object.set("segments", segments.count)
        object.set("statistics", json: statisticsJSON(statistics, schema))
        return object.bytes()
    }

    /// The text of `group.json`.
    func serialized(_ schema: Schema) -> [UInt8] {
        var object = CanonicalObject()
        object.set("bytes", bytes)
        object.set("digest", digest.hex)
        object.set("format", Manifest.format)
        object.set("rows", rows)
        object.set("segments", lines: segments.map { $0.line(schema) })
        object.set("statistics", json: statisticsJSON(statistics, schema))
        return object.bytes(lineBreaks: true)
    }

    /// The segments that `group.json` lists; `file` says which in messages.
    static func segments(
        parsing bytes: [UInt8],
        schema: Schema,
        file: String
    ) throws(Failure) -> [SegmentInfo] {
        let document = try parseManifestText(bytes, file: file)
        var object = ManifestObject(document.root, file: file)
        try object.checkFormat()
        return try object.segments(schema)
    }
}

extension Manifest {
    /// Entries of the largest folder of the table.
    package var largestFolder: Int {
        let chunks = segments.map(\.chunkCount).max() ?? 0
        let sizes = isGrouped ? groups.map { $0.segments.count + 1 } : [segments.count + 2]
        return max(chunks + 1, sizes.max() ?? 0, isGrouped ? sizes.count + 2 : 0)
    }
}

extension ManifestObject {
    /// The list of segments.
    mutating func segments(_ schema: Schema) throws(Failure) -> [SegmentInfo] {
        var segments: [SegmentInfo] = []
        for node in try list("segments") {
            var segment = part(node)
            segments.append(try SegmentInfo(&segment, schema: schema))
        }
        return segments
    }

    /// The names of the folders of groups; nil if the table has none.
    mutating func groupFolders() throws(Failure) -> [String]? {
        guard has("groups") else { return nil }
        var folders: [String] = []
        for node in try list("groups") {
            var group = part(node)
            folders.append(try group.digest("digest").short)
        }
        return folders
    }
}
