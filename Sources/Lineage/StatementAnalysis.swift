package import Codecs
package import Diagnostics
package import Querying
package import Snapshots

/// What a model's statement reads and is.
package struct StatementAnalysis: Sendable {
    /// A function the statement calls.
    package struct Function: Hashable, Sendable {
        /// In lower case.
        package let name: String
        package let line: Int
        package let column: Int
    }

    /// The tables it reads, macros resolved; each once, sorted.
    package let tables: [TableName]
    /// Digest of the statement's tree without positions and of the macros it uses: white space,
    /// comments and the case of keywords do not change it.
    package let fingerprint: Digest
    /// Whether it calls `as_of()`, itself or by a macro.
    package let usesAsOf: Bool
    /// The functions the statement itself calls, in its order; operators left out.
    package let functions: [Function]
    /// What gives another result for another order of rows wherever its ORDER BY leaves ties
    /// (`row_number`, `list`, `limit` and their like), and sums within macros; the runner tries
    /// such a statement out.
    package let orderSensitive: [Function]
}

/// Reads a model's statement, without running it; the tables need not be there.
///
/// - Parameters:
///   - sql: one SELECT.
///   - connection: parses it, and holds the warehouse's macros.
///   - file: the file `sql` is the text of.
/// - Returns: what it reads and is.
/// - Throws: `query.syntax`, `query.not-one-select`; `lineage.*` with line and column for what
///   would make the result differ from one run to the next (docs/models.md lists it).
package func analyze(
    _ sql: String,
    connection: Connection,
    file: String
) throws(Failure) -> StatementAnalysis {
    let tree = try connection.tree(sql, file: file)
    let walk: StatementWalk
    do {
        walk = try StatementWalk(tree, connection: connection)
    } catch {
        throw error.at(Place(file: file))
    }
    if let refusal = walk.firstRefusal { throw refusal.failure(in: file) }

    var tables: Set<TableName> = []
    for table in walk.tables {
        guard table.path.count == 2 else {
            throw Failure(
                .tableWithoutLayer,
                table.path.count == 1
                    ? "The table \"\(table.name)\" is named without its layer."
                    : "\"\(table.name)\" is no table of the warehouse.",
                hint: "Write layer.table, as in marts.projects_v1.",
                place: table.position?.place(in: file) ?? Place(file: file)
            )
        }
        do {
            tables.insert(try TableName(layer: table.path[0], name: table.path[1]))
        } catch {
            throw error.at(table.position?.place(in: file) ?? Place(file: file))
        }
    }
    var text = "statement \(tree.withoutPositions)\n"
    for name in walk.macros.sorted() where name != StatementWalk.asOf {
        text += "macro \((connection.macroDefinition(name) ?? []).joined(separator: " "))\n"
    }
    return StatementAnalysis(
        tables: tables.sorted(),
        fingerprint: .of(text),
        usesAsOf: walk.macros.contains(StatementWalk.asOf),
        functions: walk.functions,
        orderSensitive: walk.orderSensitive
    )
}
