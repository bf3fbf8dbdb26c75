package import Diagnostics
package import Diffing
package import GitStore
import Records
package import Snapshots

extension Failure.Code {
    /// A column that no table of a difference has.
    package static let diffColumn = Self("diff.unknown-column")
}

/// The difference between two revisions of a warehouse, table by table.
package struct DiffReport {
    /// What to compare, and how.
    package struct Request {
        /// Tables to compare; all if empty.
        package var tables: [TableName] = []
        package var rules = DiffRules()
        /// SQL that must hold for a row before or after.
        package var condition: String?
        package var threads = 1
        package var memoryLimit: Int64?

        /// The request of a plain difference.
        package init() {}
    }

    /// What came of writing a report.
    package struct Outcome {
        /// Tables that differ.
        package var tables = 0
        /// Rows that the limit kept out.
        package var leftOut = 0
    }

    /// The tables whose content is not the same, in order of their names.
    package let tables: [TableDiff]
    private let request: Request

    /// Tables compared by whole rows although columns or a tolerance are asked for.
    package var wholeRowTables: [TableName] { tables.filter(\.ignoresRules).map(\.name) }

    /// Finds the tables that may differ; reads manifests only.
    ///
    /// - Throws: `diff.unknown-column`, `diff.condition`, what reading throws.
    package init(
        of store: SnapshotStore,
        from before: ObjectID?,
        to after: ObjectID?,
        _ request: Request
    ) throws(Failure) {
        self.request = request
        var names = Set(request.tables)
        if names.isEmpty {
            for tree in [before, after] {
                guard let tree else { continue }
                names.formUnion(try store.tables(inTree: tree))
            }
        }
        let condition = try request.condition.map { (sql) throws(Failure) in
            try RowCondition(sql, threads: request.threads, memoryLimit: request.memoryLimit)
        }
        var tables: [TableDiff] = []
        var columns: Set<String> = []
        for name in names.sorted() {
            let old = try before.flatMap { (tree) throws(Failure) in
                try store.snapshot(name, inTree: tree)
            }
            let new = try after.flatMap { (tree) throws(Failure) in
                try store.snapshot(name, inTree: tree)
            }
            let own = [old, new].flatMap { $0?.schema.dataColumns.map(\.name) ?? [] }
            columns.formUnion(own)
            let isEqual = old?.manifest.digest == new?.manifest.digest
            // A condition is checked for tables that are named even if they are equal.
            guard !isEqual || (condition != nil && request.tables.contains(name)) else { continue }
            guard request.rules.concerns(own) else { continue }
            do throws(Failure) {
                let table = try TableDiff(
                    name,
                    from: old,
                    to: new,
                    rules: request.rules,
                    condition: condition
                )
                if let table, !isEqual { tables.append(table) }
            } catch {
                guard condition != nil, request.tables.isEmpty else { throw error }
                throw Failure(
                    error.code,
                    "\(name): \(error.message)",
                    hint: [error.hint, "Name the tables that the condition is for."]
                        .compactMap { $0 }.joined(separator: " "),
                    place: error.place,
                    cause: error.cause
                )
            }
        }
        self.tables = tables
        try Self.check(request.rules.names, among: columns.sorted())
    }

    private static func check(_ names: [String], among columns: [String]) throws(Failure) {
        for name in names
        where !columns.contains(where: { $0.lowercased() == name.lowercased() }) {
            let near = nearest(to: name, among: columns)
            throw Failure(
                .diffColumn,
                "No table compared has a column '\(name)'.",
                hint: near.map { "Did you mean '\($0)'?" } ?? "List a table's columns: osodata show"
            )
        }
    }

    /// Names of the tables that differ; reads no more of a table than shows that.
    package func names() throws(Failure) -> [String] {
        guard !request.rules.isPlain || request.condition != nil else {
            return tables.map(\.table.name)
        }
        var names: [String] = []
        for table in tables {
            let summary = try table.forEachChange { (_) throws(Failure) in false }
            if table.isDifference(summary) { names.append(table.table.name) }
        }
        return names
    }

    /// The counts of the tables that differ.
    package func counts() throws(Failure) -> [StatRenderer.Line] {
        var lines: [StatRenderer.Line] = []
        for table in tables {
            let summary = try table.forEachChange { (_) throws(Failure) in true }
            guard table.isDifference(summary) else { continue }
            lines.append(
                StatRenderer.Line(
                    table: table.table.name,
                    summary: summary,
                    note: table.table.note
                )
            )
        }
        return lines
    }

    /// Writes the rows that differ, as they are found.
    ///
    /// - Parameters:
    ///   - writer: the format.
    ///   - limit: rows a table; nil for all, 0 for none, which then do not count as left out.
    ///   - emit: takes the text.
    /// - Returns: how many tables differ.
    /// - Throws: what reading and the condition throw.
    package func write(
        to writer: inout some DiffWriter,
        limit: Int?,
        emit: (String) -> Void
    ) throws(Failure) -> Outcome {
        var outcome = Outcome()
        emit(writer.start())
        for table in tables {
            var isOpen = false
            var seen = 0
            var shown = 0
            let summary = try table.forEachChange { (change) throws(Failure) in
                if !isOpen { emit(writer.begin(table.table)) }
                isOpen = true
                seen += 1
                guard shown < limit ?? .max else { return true }
                shown += 1
                emit(try writer.row(change))
                return true
            }
            if !isOpen {
                guard table.isDifference(summary) else { continue }
                emit(writer.begin(table.table))
            }
            let leftOut = limit == 0 ? 0 : seen - shown
            emit(writer.end(summary, leftOut: leftOut))
            outcome.tables += 1
            outcome.leftOut += leftOut
        }
        emit(writer.finish())
        return outcome
    }
}
