import Codecs
package import Diagnostics
import Diffing
import Foundation
package import GitStore
package import Querying
import Records
package import Snapshots

/// A statement over the tables of a revision, and of others that it names.
///
/// Besides what DuckDB knows, a statement may say
/// - `marts.projects_v1 AT (VERSION => 'HEAD~1')`, or `"marts.projects_v1@HEAD~1"`;
/// - `changes('marts.projects_v1', 'HEAD~1', 'HEAD')`: a difference (`ChangesTable`);
/// - `$name`: a value given beside it.
package struct SnapshotQuery {
    package let connection: Connection
    private let statement: EditedStatement
    private let file: String?
    private let written: String?
    /// The tables that are read from the cache.
    package private(set) var cached: [Snapshot] = []
    /// The tables that are scanned.
    package private(set) var scanned: [Snapshot] = []
    private let cache: TableCache?
    private let spillFolder: String?

    /// Whether the engine has put something into a folder, which only the engine removes.
    package var hasSpilled: Bool {
        spillFolder.map { FileManager.default.fileExists(atPath: $0) } ?? false
    }

    /// Opens an engine with a view for every table the statement names.
    ///
    /// - Parameters:
    ///   - warehouse: the repository.
    ///   - tree: the revision's tree; nil for a repository without a commit.
    ///   - statement: the SQL; only the tables it names become views.
    ///   - file: what failures name as their place.
    ///   - values: texts to be put in for `$name`, by name.
    ///   - written: the file that `writeParquet` writes; nil if it is not called.
    ///   - cache: where tables may be read from instead of the repository; nil for nowhere.
    ///   - isConfined: whether the statement must be one SELECT, changes no setting and spills
    ///     nothing.
    ///   - options: threads and memory.
    ///   - start: an engine that is being opened; nil to open one.
    /// - Throws: `query.unknown-table` with a near name, `query.not-one-select`, `query.parameter`, `git.unknown-revision`,
    ///   `query.*`.
    package init(
        _ warehouse: Warehouse,
        tree: ObjectID?,
        statement: String,
        file: String? = nil,
        values: [String: String] = [:],
        written: String? = nil,
        cache: TableCache? = nil,
        isConfined: Bool = false,
        options: Runner.Options,
        start: EngineStart? = nil
    ) throws(Failure) {
        spillFolder = isConfined ? nil : EngineFolder.path(in: warehouse.repository)
        connection = try Self.connect(
            writing: written,
            spillingTo: spillFolder,
            options,
            start
        )
        self.file = file
        self.written = written
        self.cache = cache
        var revisions = RevisionTables(warehouse, connection, cache, options)
        let parsed =
            isConfined
            ? try connection.tree(statement, file: file)
            : try connection.statementTree(statement.explained, file: file)
        // To find the tables of what is no SELECT, DuckDB binds it, and may open what it names.
        if parsed == nil { try connection.seal() }
        revisions.extremes = parsed?.extremes
        let uses = parsed?.revisionUses() ?? []
        let missing = Set(values.keys).subtracting(uses.compactMap(\.parameterName)).min()
        if let missing {
            throw Failure(
                .queryParameter,
                "The statement has no parameter '$\(missing)'.",
                hint: "Write $\(missing) where the value shall stand."
            )
        }
        var replacements: [(range: Range<Int>, text: String)] = []
        for use in uses {
            replacements += try revisions.replacements(for: use, values, in: statement, file)
        }
        self.statement = EditedStatement(statement, replacing: replacements)
        var names = parsed?.tablePaths ?? []
        if parsed == nil || !replacements.isEmpty {
            names = try self.statement.explaining { () throws(Failure) in
                try connection.tablePaths(self.statement.sql.explained, file: file)
            }
        }
        try revisions.attach(names.filter { $0.first?.hasPrefix("@") != true }, at: tree)
        if parsed != nil { try connection.seal(locked: isConfined) }
        cached = revisions.cached
        scanned = revisions.scanned
    }

    /// An engine that is not sealed yet, and may write one file when it is.
    private static func connect(
        writing file: String?,
        spillingTo folder: String?,
        _ options: Runner.Options,
        _ start: EngineStart? = nil
    ) throws(Failure) -> Connection {
        try Database(
            options: .init(
                threads: options.threads,
                memoryLimit: options.memoryLimit,
                tempDirectory: folder,
                files: file.map { [$0] } ?? [],
                isSealed: false
            ),
            start: start
        ).connect()
    }

    /// Whether a failure may be due to a file of the cache; removes those in use if so, so that the
    /// same statement can be run again.
    package func dropsCache(after failure: Failure) -> Bool {
        let isDamage =
            failure.code == .engineBug
            || failure.code == .queryFailed
                && ["orrupt", "checksum"].contains { failure.message.contains($0) }
        guard let cache, !cached.isEmpty, isDamage else { return false }
        for snapshot in cached { cache.remove(snapshot) }
        return true
    }

    /// Opens an engine with views of tables, to write them to a database of DuckDB's.
    ///
    /// - Parameters:
    ///   - warehouse: the repository.
    ///   - tree: the revision's tree.
    ///   - tables: the tables.
    ///   - written: the file that `writeDatabase` writes.
    ///   - options: threads and memory.
    /// - Throws: `query.unknown-table` with a near name.
    package init(
        _ warehouse: Warehouse,
        tree: ObjectID?,
        tables: [TableName],
        written: String,
        options: Runner.Options
    ) throws(Failure) {
        spillFolder = EngineFolder.path(in: warehouse.repository)
        connection = try Self.connect(writing: nil, spillingTo: spillFolder, options)
        statement = EditedStatement("", replacing: [])
        file = nil
        cache = nil
        self.written = written
        var revisions = RevisionTables(warehouse, connection, nil, options)
        try revisions.attach(tables.map { [$0.layer, $0.name] }, at: tree)
    }

    /// Writes tables to a database of DuckDB's, in schemas named as their layers.
    ///
    /// - Throws: `query.*`.
    package func writeDatabase(_ tables: [TableName]) throws(Failure) {
        guard let written else { return }
        try connection.execute("ATTACH \(quotedLiteral(written)) AS osodata_export")
        for table in tables {
            let name = "\(quotedIdentifier(table.layer)).\(quotedIdentifier(table.name))"
            try connection.execute(
                """
                CREATE SCHEMA IF NOT EXISTS osodata_export.\(quotedIdentifier(table.layer));
                CREATE TABLE osodata_export.\(name) AS FROM \(name)
                """
            )
        }
        try connection.execute("DETACH osodata_export")
    }

    /// Starts the statement.
    ///
    /// - Returns: its rows, to be asked for.
    /// - Throws: `query.*`.
    package func run() throws(Failure) -> QueryResult {
        try statement.explaining { () throws(Failure) in
            try connection.query(statement.sql, file: file)
        }
    }

    /// Writes the rows as Parquet, compressed by zstd, to the file named at first.
    ///
    /// Whole numbers of 256 bits, which Parquet does not have, become text.
    ///
    /// - Throws: `query.*`.
    package func writeParquet() throws(Failure) {
        guard let written else { return }
        let columns = try statement.explaining { () throws(Failure) in
            try connection.describe(statement.sql, file: file)
        }
        let texts = columns.filter { $0.type == .uint256 }.map {
            "\(quotedIdentifier($0.name))::VARCHAR AS \(quotedIdentifier($0.name))"
        }
        let replaced = texts.isEmpty ? "" : " REPLACE (\(texts.joined(separator: ", ")))"
        let whole = statement.wrapped(
            in: "COPY (SELECT *\(replaced) FROM (",
            "\n)) TO \(quotedLiteral(written)) (FORMAT parquet, COMPRESSION zstd)"
        )
        try whole.explaining { () throws(Failure) in
            try connection.execute(whole.sql, file: file)
        }
    }

    /// The next rows of a result, with failures at their place in the statement as it was written.
    package func next(of result: QueryResult) throws(Failure) -> ResultChunk? {
        try statement.explaining { () throws(Failure) in try result.nextChunk() }
    }
}

extension RevisionUse {
    /// The name of the parameter this is, or has its revision from.
    fileprivate var parameterName: String? {
        if case .parameter(let name, _) = self { return name }
        return nil
    }
}

extension Failure.Code {
    /// A statement names a table that is not there.
    package static let queryUnknownTable = Self("query.unknown-table")
    /// A value without a parameter, or a parameter without a value.
    package static let queryParameter = Self("query.parameter")
}
