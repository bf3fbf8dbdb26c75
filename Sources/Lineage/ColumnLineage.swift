import Codecs
package import Diagnostics
package import Querying
package import Snapshots

/// Which columns of which tables each column of a statement is computed from.
///
/// It names more rather than less: what a column is made of is among its sources, or among the
/// filters, or there is a reason in `unknown`.
package struct ColumnLineage: Sendable {
    /// One column that the statement gives.
    package struct Output: Sendable {
        package let name: String
        /// Sorted, each once.
        package let sources: [ColumnName]
        /// Whether its values are those of the sources, taken over as they are through any number
        /// of subqueries.
        package let isUnchanged: Bool
        /// Why there may be more sources; empty if there are not.
        package let unknown: [String]
        /// Where the expression stands that computes it, or that names it last; in a macro, where
        /// the macro is called.
        package let position: SourcePosition?
    }

    /// In their order.
    package let outputs: [Output]
    /// The columns that decide which rows there are, or in which order they come; sorted, each once.
    ///
    /// Those in WHERE, ON, USING, GROUP BY, HAVING, QUALIFY, ORDER BY, LIMIT, DISTINCT and set
    /// operations, and lists that are unnested, anywhere but in an expression of one column.
    package let filters: [ColumnName]
    /// Why there may be more filters; empty if there are not.
    package let unknownFilters: [String]
    /// Why there may be more columns than `outputs`, and in another order; nil if there are not.
    package let unknownOutputs: Output?
    /// The tables whose rows are read; sorted, each once.
    package let tables: [TableName]

    /// What a column is made of; for one that is not among `outputs` what all others are, if there
    /// may be others.
    ///
    /// - Parameter name: in any case.
    /// - Returns: nil if there is no such column.
    package func output(named name: String) -> Output? {
        outputs.first { $0.name.lowercased() == name.lowercased() } ?? unknownOutputs
    }
}

/// Finds what each column of a statement is made of, without running it.
///
/// - Parameters:
///   - sql: one SELECT.
///   - connection: parses it, and holds the warehouse's macros.
///   - file: the file `sql` is the text of.
///   - columns: the columns of a table in their order; nil if they are not known.
/// - Returns: columns, filters and tables.
/// - Throws: `query.syntax`, `query.not-one-select`. What cannot be followed is no error.
package func columnLineage(
    _ sql: String,
    connection: Connection,
    file: String? = nil,
    columns: @escaping (TableName) -> [String]?
) throws(Failure) -> ColumnLineage {
    let tree = try connection.tree(sql, file: file)
    var resolver = ColumnResolver(connection: connection, columns: columns)
    let query = resolver.query(tree.root, .init())
    func output(_ column: RelationColumn) -> ColumnLineage.Output {
        ColumnLineage.Output(
            name: resolver.name(of: column) ?? "?",
            sources: column.origins.sources.sorted(),
            isUnchanged: column.origins.isUnchanged,
            unknown: column.origins.unknown.sorted(),
            position: column.offset.map { SourcePosition(byte: $0, in: sql) }
        )
    }
    let rest = query.relation.rests.reduce(into: Origins.none) { $0.add($1.all) }
    return ColumnLineage(
        outputs: query.relation.columns.map(output),
        filters: query.filters.sources.sorted(),
        unknownFilters: query.filters.unknown.sorted(),
        unknownOutputs: query.relation.rests.isEmpty
            ? nil : output(RelationColumn(name: .given("*"), origins: rest, offset: nil)),
        tables: resolver.tables.sorted()
    )
}
