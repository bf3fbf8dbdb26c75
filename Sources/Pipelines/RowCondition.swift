package import Diagnostics
package import Diffing
import Querying
package import Records
import Snapshots

extension Failure.Code {
    /// A condition that does not fit a table.
    package static let diffCondition = Self("diff.condition")
}

/// A condition in SQL over the columns of a row, asked of rows in batches.
package final class RowCondition {
    private let sql: String
    private let connection: Connection

    /// Starts an engine for the condition.
    /// - Throws: `query.*`.
    package init(_ sql: String, threads: Int, memoryLimit: Int64?) throws(Failure) {
        self.sql = sql
        connection = try Database(options: .init(threads: threads, memoryLimit: memoryLimit))
            .connect()
    }

    /// The condition for the rows of one table before and after.
    ///
    /// A side without a column that the condition names has no row for which it holds; at least
    /// one side must have all.
    /// - Throws: `diff.condition` with the column and a near one; what DuckDB says of the SQL.
    package func bound(from before: Schema, to after: Schema) throws(Failure) -> Bound {
        var sides: [Side?] = []
        var problem: Failure?
        for (name, schema) in [("diff_before", before), ("diff_after", after)] {
            let side = try Side(schema, name: try TableName(layer: "meta", name: name))
            do throws(Failure) {
                try connection.attach(RowSet(schema: side.schema), as: side.name)
                _ = try connection.describe(side.statement(sql))
                sides.append(side)
            } catch {
                sides.append(nil)
                problem = explained(error, schema)
            }
        }
        if sides[0] == nil, sides[1] == nil, let problem { throw problem }
        return Bound(condition: self, before: sides[0], after: sides[1])
    }

    /// The failure with the place in the condition, and the column that was meant.
    private func explained(_ failure: Failure, _ schema: Schema) -> Failure {
        // The condition starts on the second line of the statement.
        let place = failure.place.flatMap { place in
            place.line.map { Place(file: "--where", line: $0 - 1, column: place.column) }
        }
        let lines = sql.split(separator: "\n", omittingEmptySubsequences: false).count
        if let line = place?.line, line > lines {
            // What stands behind the condition is ours.
            return Failure(
                failure.code,
                "The condition '\(sql)' is not complete, or closes a parenthesis too many."
            )
        }
        let start = "Referenced column \""
        guard failure.message.hasPrefix(start) else {
            return Failure(
                failure.code,
                failure.message,
                hint: failure.hint,
                place: place,
                cause: failure.cause
            )
        }
        let name = String(failure.message.dropFirst(start.count).prefix { $0 != "\"" })
        let names = schema.dataColumns.map(\.name)
        let near = nearest(to: name, among: names)
        return Failure(
            .diffCondition,
            "There is no column '\(name)'.",
            hint: near.map { "Did you mean '\($0)'?" }
                ?? "The columns are \(names.joined(separator: ", ")).",
            place: place
        )
    }

    /// The numbers of the rows for which the condition holds.
    fileprivate func matches(
        _ rows: [(number: Int, row: [UInt8])],
        _ side: Side?
    ) throws(Failure) -> Set<Int> {
        guard let side, !rows.isEmpty else { return [] }
        var set = RowSet(schema: side.schema)
        for (number, row) in rows { try set.append(row: side.numbered(row, number)) }
        var numbers: Set<Int> = []
        do throws(Failure) {
            try connection.attach(set, as: side.name)
            let result = try connection.query(side.statement(sql))
            while let chunk = try result.nextChunk() {
                for index in 0..<chunk.rowCount {
                    if let text = try chunk.jsonTexts(row: index).first, let number = Int(text) {
                        numbers.insert(number)
                    }
                }
            }
        } catch {
            throw explained(error, side.schema)
        }
        return numbers
    }

    /// The rows before or after as a table for the engine: with a number in front.
    fileprivate struct Side {
        let name: TableName
        let schema: Schema
        private let number: String
        private let isMultiset: Bool

        init(_ schema: Schema, name: TableName) throws(Failure) {
            var number = "row_number"
            while schema.columns.contains(where: { $0.name.lowercased() == number }) {
                number += "_"
            }
            self.name = name
            self.number = number
            isMultiset = schema.isMultiset
            self.schema = try Schema(
                columns: [Column(id: 0, name: number, type: .int64, isNullable: false)]
                    + schema.dataColumns,
                key: [number],
                cutClass: schema.cutClass
            )
        }

        func statement(_ sql: String) -> String {
            // A line of its own, so that a comment in it ends.
            "SELECT \"\(number)\" FROM \(name) WHERE (\n\(sql)\n)"
        }

        /// A row in canonical text, without its count, with the number in front.
        func numbered(_ row: [UInt8], _ value: Int) -> [UInt8] {
            var rest = row[...]
            if isMultiset, let comma = rest.lastIndex(of: UInt8(ascii: ",")) {
                rest = rest[..<comma]
            } else {
                rest = rest.dropLast()
            }
            return Array("{\"\(number)\":\(value),".utf8) + rest.dropFirst()
                + [UInt8(ascii: "}")]
        }
    }

    /// A condition with the columns of one table.
    package struct Bound {
        fileprivate let condition: RowCondition
        fileprivate let before: Side?
        fileprivate let after: Side?

        /// The changes for whose row before or after the condition holds, in their order.
        package func filter(_ changes: [RowChange]) throws(Failure) -> [RowChange] {
            var rows: (before: [(number: Int, row: [UInt8])], after: [(number: Int, row: [UInt8])])
            rows = ([], [])
            for (number, change) in changes.enumerated() {
                if let row = change.before { rows.before.append((number, row)) }
                if let row = change.after { rows.after.append((number, row)) }
            }
            let numbers = try condition.matches(rows.before, before)
                .union(try condition.matches(rows.after, after))
            return numbers.sorted().map { changes[$0] }
        }
    }
}
