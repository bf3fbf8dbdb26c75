import CDuckDB
package import Diagnostics

/// The rows of a query, made while they are asked for.
@safe
package final class QueryResult {
    /// Name and type of each column.
    package let columns: [ResultColumn]

    private var result = unsafe duckdb_result()
    /// Keeps the statement, the connection and the engine alive.
    private let statement: Statement
    private let readers: [VectorReader]
    private var isClosed = false
    private var isEnded = false

    init(statement: Statement) {
        self.statement = statement
        columns = statement.columns()
        readers = columns.map { VectorReader(column: $0.name, type: $0.engineType) }
    }

    deinit { unsafe duckdb_destroy_result(&result) }

    /// Ends the rows, so that another statement may run.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        unsafe duckdb_destroy_result(&result)
    }

    func start(_ pending: duckdb_pending_result?) throws(Failure) {
        guard unsafe duckdb_execute_pending(pending, &result) == DuckDBSuccess else {
            throw unsafe failure(duckdb_result_error(&result))
        }
    }

    /// The next rows, or nil after the last ones; ends the use of the chunk before.
    ///
    /// - Throws: `query.*`, and the failure of a scan.
    package func nextChunk() throws(Failure) -> ResultChunk? {
        guard let vectors = try nextVectors() else { return nil }
        return ResultChunk(vectors: vectors, readers: readers)
    }

    func nextVectors() throws(Failure) -> VectorChunk? {
        guard !isEnded else { return nil }
        guard !isClosed else {
            throw Failure(
                .queryInterrupted,
                "The rows of this query ended when another statement started.",
                hint: "Read all rows first, or use another connection."
            )
        }
        if let chunk = unsafe duckdb_fetch_chunk(result) { return unsafe VectorChunk(chunk) }
        isEnded = true
        if let message = unsafe duckdb_result_error(&result) {
            throw unsafe failure(message)
        }
        if let parked = statement.list.connection.database.scans.takeFailure() { throw parked }
        return nil
    }

    private func failure(_ message: UnsafePointer<CChar>?) -> Failure {
        unsafe statement.list.connection.failure(
            message,
            in: statement.list.sql,
            file: statement.list.file
        )
    }
}

/// Owns a data chunk.
@safe
final class VectorChunk {
    private var chunk: duckdb_data_chunk?
    let rowCount: Int

    init(_ chunk: duckdb_data_chunk) {
        unsafe self.chunk = chunk
        rowCount = unsafe Int(duckdb_data_chunk_get_size(chunk))
    }

    deinit { unsafe duckdb_destroy_data_chunk(&chunk) }

    /// Points a reader at a column.
    func bind(_ reader: VectorReader, toColumn index: Int) {
        unsafe reader.bind(duckdb_data_chunk_get_vector(chunk, idx_t(index)))
    }
}

/// Some rows of a result.
package final class ResultChunk {
    private let vectors: VectorChunk
    private let readers: [VectorReader]

    /// How many rows, at least one.
    package var rowCount: Int { vectors.rowCount }

    init(vectors: VectorChunk, readers: [VectorReader]) {
        self.vectors = vectors
        self.readers = readers
        for (index, reader) in readers.enumerated() { vectors.bind(reader, toColumn: index) }
    }

    /// Appends the JSON text of a cell, spelled as the format spells it; `null` for NULL.
    ///
    /// - Throws: `query.type` for a type without a text, with the cast to write.
    package func appendJSON(row: Int, column: Int, to out: inout [UInt8]) throws(Failure) {
        try readers[column].appendJSON(row, to: &out)
    }

    /// The JSON text of each cell of a row, spelled as the format spells it; `null` for NULL.
    ///
    /// - Throws: `query.type` for a type without a text, with the cast to write.
    package func jsonTexts(row: Int) throws(Failure) -> [String] {
        var texts: [String] = []
        texts.reserveCapacity(readers.count)
        var text: [UInt8] = []
        for reader in readers {
            text.removeAll(keepingCapacity: true)
            try reader.appendJSON(row, to: &text)
            texts.append(String(decoding: text, as: UTF8.self))
        }
        return texts
    }
}
