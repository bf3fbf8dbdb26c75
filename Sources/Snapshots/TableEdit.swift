package import Records

/// Rows to put into a table and to take out of it.
package struct TableEdit {
    /// What becomes of a row whose key the table has.
    package enum Collision {
        /// It is a failure.
        case refused
        /// It takes the place of the row that is there.
        case replaces
        /// The arbiter decides.
        case decided(any RowArbiter)
        /// The row that is there goes, and nothing comes.
        case removes
    }

    /// What an edit did.
    package struct Counts: Hashable, Sendable {
        /// Rows with a new key; in a table without key, rows that were put in.
        package var added = 0
        /// Rows that took the place of another one.
        package var replaced = 0
        /// Rows that the table had just so, or had another of that stays.
        package var unchanged = 0
        /// Rows taken out.
        package var removed = 0
        /// Keys to take out that the table has not.
        package var missing = 0
    }

    /// The rows, of the layout of the table; for `.removes` the columns of its key suffice.
    package let rows: SortedRows?
    package let collision: Collision
    /// Rows that go before any come.
    package let dropping: RowSelection?

    /// Puts rows into a table.
    /// - Parameters:
    ///   - rows: sorted; nil for none.
    ///   - collision: what becomes of a row whose key the table has; in a table without key, rows
    ///     are counted instead.
    ///   - dropping: rows that go first.
    package init(
        putting rows: SortedRows?,
        collision: Collision,
        dropping: RowSelection? = nil
    ) {
        self.rows = rows
        self.collision = collision
        self.dropping = dropping
    }
}
