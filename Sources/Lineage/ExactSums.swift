package import Diagnostics
package import Querying

/// Refuses sums and averages of doubles, which differ with the order in which threads add.
///
/// Types are known only once the tables are there, so this is no part of `analyze`. Sums within
/// macros are not seen.
///
/// - Parameters:
///   - sql: one SELECT, accepted by `analyze`.
///   - connection: sees its tables.
///   - file: the file `sql` is the text of.
/// - Throws: `lineage.inexact-result` with line and column; `query.*` if it does not bind.
package func checkExactSums(
    _ sql: String,
    connection: Connection,
    file: String
) throws(Failure) {
    let names = FunctionRules.aggregates.filter { $0.value == .exactArguments }.keys
    // A call has its name in the text; most statements have none, and binding takes a millisecond.
    let text = sql.lowercased()
    guard names.contains(where: text.contains) else { return }
    let tree = try connection.tree(sql, file: file)
    // First as it is, so that an error has its place.
    _ = try connection.describe(sql, file: file)
    for call in try connection.typedCalls(of: Set(names), in: tree) {
        let isInexact = call.isFloating || (call.name != "sum" && call.argumentType == "BIGNUM")
        guard isInexact else { continue }
        throw Failure(
            .inexactResult,
            "\(call.name)() of \(call.argumentType) depends on the order in which rows are added.",
            hint: "Add decimals: \(call.name)(x::DECIMAL(38,9)).",
            place: call.position?.place(in: file) ?? Place(file: file)
        )
    }
}
