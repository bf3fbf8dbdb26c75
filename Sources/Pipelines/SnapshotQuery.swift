package import Diagnostics
package import GitStore
package import Querying
import Snapshots

/// A connection that sees the tables of a revision.
package enum SnapshotQuery {
    /// Opens an engine with a view for every table the statement names.
    ///
    /// - Parameters:
    ///   - warehouse: the repository.
    ///   - tree: the revision's tree; nil for a repository without a commit.
    ///   - statement: the SQL; only the tables it names become views.
    ///   - options: threads and memory.
    /// - Returns: the connection, for this statement.
    /// - Throws: `query.unknown-table` with a near name.
    package static func connect(
        _ warehouse: Warehouse,
        tree: ObjectID?,
        statement: String,
        options: Runner.Options
    ) throws(Failure) -> Connection {
        let database = try Database(
            options: .init(threads: options.threads, memoryLimit: options.memoryLimit)
        )
        let connection = try database.connect()
        guard let tree else { return connection }
        let available = try warehouse.store.tables(inTree: tree)
        let named = try connection.tableNames(statement)
        var folders: [ObjectID] = []
        for name in named {
            guard let table = try? TableName(parsing: name),
                let folder = try warehouse.repository.entry(path: table.path, inTree: tree)
            else { continue }
            folders.append(folder.id)
        }
        try warehouse.store.require(.lists, ofTables: folders)
        for name in named {
            guard let table = try? TableName(parsing: name) else {
                guard let meant = available.first(where: { $0.name == name }) else { continue }
                throw Failure(
                    .queryUnknownTable,
                    "The table '\(name)' is named without its layer.",
                    hint: "Did you mean '\(meant)'?"
                )
            }
            guard let snapshot = try warehouse.store.snapshot(table, inTree: tree) else {
                let near = nearest(to: table, among: available)
                throw Failure(
                    .queryUnknownTable,
                    "There is no table '\(name)'.",
                    hint: near.map { "Did you mean '\($0)'?" } ?? "List the tables: osodata tables"
                )
            }
            try connection.attach(snapshot, as: table)
        }
        return connection
    }
}

extension Failure.Code {
    /// A statement names a table that is not there.
    package static let queryUnknownTable = Self("query.unknown-table")
}
