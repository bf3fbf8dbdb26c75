import Codecs
import Lineage
package import Diagnostics
package import GitStore
package import Querying
package import Records
import Snapshots

/// The SQL engine as models see it: the warehouse's macros, and nothing from outside.
package enum ModelEngine {
    /// Opens an engine with the macros of `models/macros.sql`, which spills beside the repository's
    /// other working files.
    ///
    /// - Throws: `query.*` with the place in the macro file.
    package static func connect(
        files: some WarehouseFiles,
        repository: Repository,
        options: Runner.Options
    ) throws(Failure) -> Connection {
        let database = try Database(
            options: .init(
                threads: options.threads,
                memoryLimit: options.memoryLimit,
                tempDirectory: EngineFolder.path(in: repository)
            )
        )
        let connection = try database.connect()
        try define(asOf: nil, on: connection)
        if try files.read(Model.macrosFile) != nil {
            let text = try files.requiredText(Model.macrosFile, hint: "Restore the file.")
            try connection.execute(text, file: Model.macrosFile)
        }
        return connection
    }

    /// What the engine is, as part of a fingerprint.
    package static var name: String {
        "duckdb \(Database.engineVersion) " + Database.engineSettings.joined(separator: " ")
    }

    /// Defines `as_of()`; nil makes it NULL.
    package static func define(asOf: String?, on connection: Connection) throws(Failure) {
        // `asOf` is our own spelling of a timestamp, never a user's text.
        let value = asOf.map { "TIMESTAMP '\($0)'" } ?? "NULL::TIMESTAMP"
        try connection.execute("CREATE OR REPLACE MACRO as_of() AS \(value)")
    }

    /// Runs a model over tables the connection sees.
    ///
    /// - Returns: the rows, sorted by the model's key.
    /// - Throws: `query.*`, `records.duplicate-key`, `model.*`, at the model's file.
    package static func run(
        _ model: Model,
        connection: Connection,
        limit: SortLimit? = nil
    ) throws(Failure) -> SortedRows {
        let schema = try checkedSchema(of: model, connection: connection)
        return try rows(of: model, schema: schema, connection: connection, limit: limit)
    }

    /// The columns of a model's table, whose statement is found fit to be run.
    ///
    /// - Throws: `query.*`, `model.*`, `lineage.inexact-result`, at the model's file.
    static func checkedSchema(
        of model: Model,
        connection: Connection
    ) throws(Failure) -> Schema {
        do {
            let schema = try schema(of: model, connection: connection)
            try checkExactSums(model.sql, connection: connection, file: model.file)
            return schema
        } catch {
            throw error.at(Place(file: model.file))
        }
    }

    /// The rows of a model whose columns are known, of what the connection sees.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - schema: its columns.
    ///   - connection: sees the tables it reads.
    ///   - limit: how much memory the rows may take before they go to disk; nil for any.
    ///   - condition: SQL that the rows have to meet; nil for all.
    /// - Returns: the rows, sorted by the model's key.
    /// - Throws: `query.*`, `records.duplicate-key`, at the model's file.
    static func rows(
        of model: Model,
        schema: Schema,
        connection: Connection,
        limit: SortLimit?,
        where condition: String? = nil
    ) throws(Failure) -> SortedRows {
        // A statement may end in a comment.
        let sql = condition.map { "SELECT * FROM (\(model.sql)\n) WHERE \($0)" } ?? model.sql
        do {
            return try connection.materialize(sql, schema: schema, file: model.file, limit: limit)
        } catch {
            throw error.at(Place(file: model.file))
        }
    }

    /// The columns of a model's table, of what the connection sees.
    static func schema(of model: Model, connection: Connection) throws(Failure) -> Schema {
        let described = try connection.describe(model.sql, file: model.file)
        let names = described.map(\.name)
        for key in model.key where !names.contains(key) {
            throw Failure(
                .modelFile,
                "The key column '\(key)' is not among the columns of '\(model.table)'.",
                hint: nearest(to: key, among: names).map { "Did you mean '\($0)'?" }
                    ?? "Columns: \(names.joined(separator: ", "))."
            )
        }
        for documented in (Array(model.columnDocs.keys) + Array(model.renames.keys)).sorted()
        where !names.contains(documented) {
            throw Failure(
                .modelFile,
                "The header of '\(model.table)' names a column '\(documented)' that the SELECT does not make.",
                hint: nearest(to: documented, among: names).map { "Did you mean '\($0)'?" }
            )
        }
        var columns: [Column] = []
        for (index, column) in described.enumerated() {
            guard let type = column.type else {
                throw Failure(
                    .modelFile,
                    "The column '\(column.name)' has the type \(column.duckType), which snapshots do not hold.",
                    hint: "Cast it: \(column.name)::BIGINT, ::DECIMAL(38,0) or ::VARCHAR."
                )
            }
            columns.append(
                Column(
                    id: index + 1,
                    name: column.name,
                    type: type,
                    isNullable: !model.key.contains(column.name),
                    doc: model.columnDocs[column.name]
                )
            )
        }
        return try Schema(columns: columns, key: model.key, cutClass: model.cutClass)
    }
}
