import Codecs
package import Diagnostics
import Records

/// `manifest.json`, members in the order they are written:
///
///     bytes           bytes of all text, uncompressed
///     class           "large" or "small": how the table is cut
///     columns         one a line: {"doc"?,"id","name","nullable","type"}; `_n` last without a key
///     digest          the table's digest, 64 hex digits
///     format          "osodata.snapshot/1"
///     key             names of the key columns; [] without a key
///     last_column_id  highest column id ever given out
///     rows            stored rows
///     segments        one a line: {"bytes","chunks","digest","rows","statistics"}; of a table of
///                     many, `groups` in its place: {"bytes","digest","rows","segments","statistics"}
///     statistics      of the table: {column: {"max"?,"min"?,"nulls","set"?}}
///
/// and `segment.json`: `bytes`, `chunks` (one a line: {"bytes","digest","rows","statistics"}),
/// `digest`, `format`, `rows`, `statistics`.
extension Manifest {
    /// The text of `manifest.json`.
    package func serialized() -> [UInt8] {
        var object = CanonicalObject(unknown: history.unknown)
        object.set("bytes", bytes)
        object.set("class", schema.cutClass.rawValue)
        object.set("columns", lines: schema.columns.map(columnLine))
        object.set("digest", digest.hex)
        object.set("format", Self.format)
        if isGrouped { object.set("groups", lines: groups.map { $0.line(schema) }) }
        object.set("key", schema.key)
        object.set("last_column_id", history.lastColumnID)
        object.set("rows", rows)
        if !isGrouped { object.set("segments", lines: segments.map { $0.line(schema) }) }
        object.set("statistics", json: statisticsJSON(statistics, schema))
        return object.bytes(lineBreaks: true)
    }

    private func columnLine(_ column: Column) -> [UInt8] {
        var object = CanonicalObject(
            unknown: history.unknownOfColumns[column.name] ?? UnknownMembers()
        )
        let isCount = schema.isMultiset && column.name == Schema.countColumn
        if let doc = column.doc { object.set("doc", doc) }
        object.set("id", isCount ? history.countColumnID ?? column.id : column.id)
        object.set("name", column.name)
        object.set("nullable", column.isNullable)
        object.set("type", column.type.description)
        return object.bytes()
    }

    /// Reads `manifest.json`.
    /// - Parameters:
    ///   - bytes: its text.
    ///   - file: what it is called in messages.
    ///   - groupLimit: segments above which a table is grouped.
    ///   - groupFiles: gives the path and the text of `group.json` in each of some folders.
    /// - Throws: `snapshot.malformed-manifest`, `snapshot.unknown-format`. Sizes, digest and
    ///   statistics are taken as they are stated; `verify` checks them.
    package init(
        parsing bytes: [UInt8],
        file: String = "manifest.json",
        groupLimit: Int = Manifest.groupLimit,
        groupFiles: (_ folders: [String]) throws(Failure) -> [(path: String, text: [UInt8])] = {
            (_) throws(Failure) in []
        }
    ) throws(Failure) {
        let document = try parseManifestText(bytes, file: file)
        var reader = ManifestObject(document.root, file: file)
        try reader.checkFormat()
        let className = try reader.string("class")
        guard let cutClass = CutClass(rawValue: className) else {
            throw reader.failure("has the class \"\(className)\"")
        }
        var columns: [Column] = []
        var history = ManifestHistory()
        for node in try reader.list("columns") {
            var column = ManifestObject(node, file: file)
            let name = try column.string("name")
            columns.append(
                Column(
                    id: try column.count("id"),
                    name: name,
                    type: try column.type("type"),
                    isNullable: try column.bool("nullable"),
                    doc: try column.optionalString("doc")
                )
            )
            let unknown = try column.unknown()
            if !unknown.isEmpty { history.unknownOfColumns[name] = unknown }
        }
        var key: [String] = []
        for node in try reader.list("key") {
            guard let name = node.string else { throw reader.failure("has a key that is no name") }
            key.append(name)
        }
        let schema = try reader.schema(columns: columns, key: key, cutClass: cutClass)
        var segments: [SegmentInfo] = []
        if let folders = try reader.groupFolders() {
            for (path, text) in try groupFiles(folders) {
                segments += try SegmentGroup.segments(parsing: text, schema: schema, file: path)
            }
        } else {
            segments = try reader.segments(schema)
        }
        let (rows, byteCount) = (try reader.count("rows"), try reader.count("bytes"))
        let digest = try reader.digest("digest")
        let statistics = try reader.statistics("statistics", schema)
        history.lastColumnID = max(
            try reader.count("last_column_id"),
            columns.map(\.id).max() ?? 0
        )
        history.countColumnID = schema.isMultiset ? columns.last?.id : nil
        history.unknown = try reader.unknown()
        self.init(
            schema: schema,
            rows: rows,
            bytes: byteCount,
            digest: digest,
            segments: segments,
            statistics: statistics,
            history: history,
            groupLimit: groupLimit
        )
    }
}

extension SegmentInfo {
    func line(_ schema: Schema) -> [UInt8] {
        var object = CanonicalObject(unknown: unknown)
        object.set("bytes", bytes)
        object.set("chunks", chunkCount)
        object.set("digest", digest.hex)
        object.set("rows", rows)
        object.set("statistics", json: statisticsJSON(statistics, schema))
        return object.bytes()
    }

    init(_ object: inout ManifestObject, schema: Schema) throws(Failure) {
        digest = try object.digest("digest")
        rows = try object.count("rows")
        bytes = try object.count("bytes")
        chunkCount = try object.count("chunks")
        statistics = try object.statistics("statistics", schema)
        unknown = try object.unknown()
    }
}

/// What `segment.json` says: the chunks of one segment.
struct SegmentFile: Sendable {
    static let name = "segment.json"

    let digest: Digest
    let rows: Int
    let bytes: Int
    let chunks: [ChunkInfo]
    let statistics: [ColumnStatistics]
    let unknown: UnknownMembers

    init(chunks: [ChunkInfo], schema: Schema) {
        self.chunks = chunks
        digest = SnapshotDigests.segment(chunks: chunks.map { ($0.digest, $0.rows) })
        rows = chunks.reduce(0) { $0 + $1.rows }
        bytes = chunks.reduce(0) { $0 + $1.bytes }
        statistics = ColumnStatistics.merged(chunks.map(\.statistics), schema: schema)
        unknown = UnknownMembers()
    }

    /// The line of the manifest that stands for this segment.
    var info: SegmentInfo {
        SegmentInfo(
            digest: digest,
            rows: rows,
            bytes: bytes,
            chunkCount: chunks.count,
            statistics: statistics,
            unknown: UnknownMembers()
        )
    }

    func serialized(_ schema: Schema) -> [UInt8] {
        var object = CanonicalObject(unknown: unknown)
        object.set("bytes", bytes)
        object.set("chunks", lines: chunks.map { $0.line(schema) })
        object.set("digest", digest.hex)
        object.set("format", Manifest.format)
        object.set("rows", rows)
        object.set("statistics", json: statisticsJSON(statistics, schema))
        return object.bytes(lineBreaks: true)
    }

    /// Reads `segment.json` of a table of `schema`; `file` says which in messages.
    init(parsing bytes: [UInt8], schema: Schema, file: String) throws(Failure) {
        let document = try parseManifestText(bytes, file: file)
        var object = ManifestObject(document.root, file: file)
        try object.checkFormat()
        digest = try object.digest("digest")
        rows = try object.count("rows")
        self.bytes = try object.count("bytes")
        statistics = try object.statistics("statistics", schema)
        var chunks: [ChunkInfo] = []
        for node in try object.list("chunks") {
            var chunk = ManifestObject(node, file: file)
            chunks.append(try ChunkInfo(&chunk, schema: schema))
        }
        self.chunks = chunks
        unknown = try object.unknown()
    }
}

extension ChunkInfo {
    fileprivate func line(_ schema: Schema) -> [UInt8] {
        var object = CanonicalObject(unknown: unknown)
        object.set("bytes", bytes)
        object.set("digest", digest.hex)
        object.set("rows", rows)
        object.set("statistics", json: statisticsJSON(statistics, schema))
        return object.bytes()
    }

    fileprivate init(_ object: inout ManifestObject, schema: Schema) throws(Failure) {
        digest = try object.digest("digest")
        rows = try object.count("rows")
        bytes = try object.count("bytes")
        statistics = try object.statistics("statistics", schema)
        unknown = try object.unknown()
    }
}

/// `{column: {"max"?,"min"?,"nulls","set"?}}`.
func statisticsJSON(_ statistics: [ColumnStatistics], _ schema: Schema) -> [UInt8] {
    var object = CanonicalObject()
    for (column, value) in zip(schema.columns, statistics) {
        var entry = CanonicalObject()
        if let maximum = value.maximum { entry.set("max", json: maximum) }
        if let minimum = value.minimum { entry.set("min", json: minimum) }
        entry.set("nulls", value.nulls)
        if let set = value.set {
            entry.set(
                "set",
                json: Array("[".utf8) + set.joined(separator: [UInt8(ascii: ",")]) + [
                    UInt8(ascii: "]")
                ]
            )
        }
        object.set(column.name, json: entry.bytes())
    }
    return object.bytes()
}
