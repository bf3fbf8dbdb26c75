import Codecs
import Diagnostics
import Records
import Snapshots

/// The first rows of a snapshot as a person reads them.
enum FirstRows {
    /// The cells of the first `limit` rows, as JSON.
    ///
    /// Reads no more chunks than the rows need.
    static func cells(of snapshot: Snapshot, limit: Int) throws(Failure) -> [[[UInt8]]] {
        let reader = RowReader(schema: snapshot.schema)
        var cells: [Range<Int>] = []
        var rows: [[[UInt8]]] = []
        for segment in snapshot.manifest.segments.indices where rows.count < limit {
            for chunk in try snapshot.chunks(inSegment: segment) {
                guard rows.count < limit else { return rows }
                try snapshot.require([chunk])
                let lines = try snapshot.text(of: chunk)
                    .split(separator: UInt8(ascii: "\n"), maxSplits: limit - rows.count)
                for line in lines.prefix(limit - rows.count) {
                    let row = Array(line) + [UInt8(ascii: "\n")]
                    try unsafe row.withUnsafeBufferPointer { (bytes) throws(Failure) in
                        try unsafe reader.cells(bytes, into: &cells)
                    }
                    rows.append(cells.map { Array(row[$0]) })
                }
            }
        }
        return rows
    }

    /// Whether a column's cells stand to the right.
    static func isNumber(_ type: ColumnType) -> Bool {
        switch type {
        case .int64, .double, .decimal, .uint256: true
        case .bool, .string, .bytes, .date, .timestamp, .list, .json: false
        }
    }

    /// A cell's JSON text as a person reads it: strings without quotes.
    static func plain(_ json: [UInt8]) -> String {
        if json.first == UInt8(ascii: "\""), case .string(let text)? = try? JSONValue(parsing: json)
        {
            return text
        }
        return String(decoding: json, as: UTF8.self)
    }
}
