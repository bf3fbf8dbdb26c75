import Diagnostics
import Records
import Synchronization

@testable import Querying

/// Chunks of canonical text as a table; a chunk may fail.
final class TextSource: ScanSource {
    let schema: Schema
    let chunks: [Result<String, Failure>]
    let read = Atomic<Int>(0)
    /// What scans asked for.
    let asked = Mutex<[RowFilter]>([])

    init(_ schema: Schema, chunks: [Result<String, Failure>]) {
        self.schema = schema
        self.chunks = chunks
    }

    convenience init(_ schema: Schema, _ text: String) {
        self.init(schema, chunks: [.success(text)])
    }

    var rows: Int {
        chunks.reduce(0) { sum, chunk in
            sum + ((try? chunk.get())?.utf8.count { $0 == UInt8(ascii: "\n") } ?? 1)
        }
    }

    func chunks(matching filter: RowFilter) -> ScanSelection {
        asked.withLock { $0.append(filter) }
        return ScanSelection(Array(chunks.indices))
    }

    func text(ofChunk index: Int) throws(Failure) -> [UInt8] {
        read.add(1, ordering: .relaxed)
        return [UInt8](try chunks[index].get().utf8)
    }
}

extension Schema {
    /// A schema of `name type` pairs; a type that ends in `?` is nullable.
    init(_ columns: [(String, String)], key: [String]) throws {
        try self.init(
            columns: columns.enumerated().map { index, column in
                let isNullable = column.1.hasSuffix("?")
                return Column(
                    id: index + 1,
                    name: column.0,
                    type: try ColumnType(
                        parsing: isNullable ? String(column.1.dropLast()) : column.1
                    ),
                    isNullable: isNullable
                )
            },
            key: key,
            cutClass: .small
        )
    }
}

/// A fresh engine.
func connection(threads: Int = 2) throws -> Connection {
    try Database(options: .init(threads: threads)).connect()
}

extension Connection {
    /// All rows as JSON texts.
    func rows(_ sql: String) throws -> [[String]] {
        let result = try query(sql)
        var rows: [[String]] = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount { rows.append(try chunk.jsonTexts(row: row)) }
        }
        return rows
    }

    /// The failure a statement ends in.
    func failure(_ sql: String, file: String? = nil) -> Failure? {
        do throws(Failure) {
            let result = try query(sql, file: file)
            while try result.nextChunk() != nil {}
            return nil
        } catch {
            return error
        }
    }
}
