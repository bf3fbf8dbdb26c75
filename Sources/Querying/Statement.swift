import CDuckDB
import Diagnostics

/// The statements of a text, parsed.
@safe
final class StatementList {
    private var extracted: duckdb_extracted_statements?
    let count: Int
    let sql: String
    let file: String?
    let connection: Connection

    /// - Throws: `query.syntax` with place, `query.not-one-select` if there is none.
    init(_ sql: String, file: String?, connection: Connection) throws(Failure) {
        self.sql = sql
        self.file = file
        self.connection = connection
        connection.openResult?.close()
        guard !sql.utf8.contains(0) else {
            throw Failure(
                .querySyntax,
                "The statement holds a character U+0000.",
                place: file.map { Place(file: $0) }
            )
        }
        count = unsafe Int(duckdb_extract_statements(connection.handle, sql, &extracted))
        guard count > 0 else {
            if let message = unsafe duckdb_extract_statements_error(extracted) {
                throw unsafe EngineError(String(cString: message)).failure(in: sql, file: file)
            }
            throw Failure(
                .queryNotOneSelect,
                "There is no statement.",
                hint: "Write a SELECT.",
                place: file.map { Place(file: $0) }
            )
        }
    }

    deinit { unsafe duckdb_destroy_extracted(&extracted) }

    /// Binds a statement.
    func prepare(_ index: Int) throws(Failure) -> Statement {
        var prepared: duckdb_prepared_statement?
        let state = unsafe duckdb_prepare_extracted_statement(
            connection.handle,
            extracted,
            idx_t(index),
            &prepared
        )
        let statement = unsafe Statement(prepared: prepared, list: self)
        guard state == DuckDBSuccess else {
            throw unsafe connection.failure(
                duckdb_prepare_error(statement.prepared),
                in: sql,
                file: file
            )
        }
        guard unsafe duckdb_nparams(statement.prepared) == 0 else {
            throw Failure(
                .queryInvalid,
                "The statement has a parameter.",
                hint: "Write the value itself.",
                place: file.map { Place(file: $0) }
            )
        }
        return statement
    }

    /// The one statement, which must be a SELECT.
    func onlySelect() throws(Failure) -> Statement {
        guard count == 1 else { throw notOneSelect("There are \(count) statements.") }
        let statement = try prepare(0)
        guard statement.isSelect else { throw notOneSelect("The statement is no SELECT.") }
        return statement
    }

    /// Starts a statement.
    func run(_ index: Int) throws(Failure) -> QueryResult { try prepare(index).run() }

    private func notOneSelect(_ message: String) -> Failure {
        Failure(
            .queryNotOneSelect,
            message,
            hint: "Write one SELECT.",
            place: file.map { Place(file: $0) }
        )
    }
}

/// A bound statement.
@safe
final class Statement {
    private(set) var prepared: duckdb_prepared_statement?
    let list: StatementList

    init(prepared: duckdb_prepared_statement?, list: StatementList) {
        unsafe self.prepared = prepared
        self.list = list
    }

    deinit { unsafe duckdb_destroy_prepare(&prepared) }

    var isSelect: Bool {
        unsafe duckdb_prepared_statement_type(prepared) == DUCKDB_STATEMENT_TYPE_SELECT
    }

    /// The columns of the result.
    func columns() -> [ResultColumn] {
        unsafe (0..<duckdb_prepared_statement_column_count(prepared)).map { index in
            unsafe ResultColumn(
                name: duckdb_prepared_statement_column_name(prepared, index),
                takingType: duckdb_prepared_statement_column_logical_type(prepared, index)
            )
        }
    }

    /// Starts the statement; rows stream.
    func run() throws(Failure) -> QueryResult {
        var pending: duckdb_pending_result?
        defer { unsafe duckdb_destroy_pending(&pending) }
        list.connection.openResult?.close()
        list.connection.database.scans.beginStatement()
        guard unsafe duckdb_pending_prepared_streaming(prepared, &pending) == DuckDBSuccess else {
            throw unsafe list.connection.failure(
                duckdb_pending_error(pending),
                in: list.sql,
                file: list.file
            )
        }
        let result = QueryResult(statement: self)
        list.connection.openResult = result
        try unsafe result.start(pending)
        return result
    }
}

extension Connection {
    /// What a failed call means: the failure of a scan if one is parked, else what DuckDB says.
    func failure(_ message: UnsafePointer<CChar>?, in sql: String, file: String?) -> Failure {
        if let parked = database.scans.takeFailure() { return parked }
        let text = unsafe message.map { unsafe String(cString: $0) }
        return EngineError(text ?? "DuckDB gave no reason").failure(in: sql, file: file)
    }
}

extension Connection {
    /// The tables of statements other than SELECT, as DuckDB finds them by binding; none where it
    /// cannot bind, since running the statement will say why.
    ///
    /// - Throws: `query.syntax` with place.
    func engineTableNames(_ sql: String, file: String?) throws(Failure) -> [String] {
        _ = try StatementList(sql, file: file, connection: self)
        var value = unsafe duckdb_get_table_names(handle, sql, true)
        guard unsafe value != nil else { return [] }
        defer { unsafe duckdb_destroy_value(&value) }
        return unsafe (0..<duckdb_get_list_size(value)).map { index in
            var name = unsafe duckdb_get_list_child(value, index)
            defer { unsafe duckdb_destroy_value(&name) }
            return unsafe takeText(duckdb_get_varchar(name)) ?? ""
        }.sorted()
    }
}
