import Diagnostics
import Records

/// The columns of a new version with the ids of the version before.
///
/// An id stays with a column for life, also through a rename, and is never given out twice.
struct ColumnIDs: Sendable {
    let schema: Schema
    /// What the new version's manifest carries on.
    let history: ManifestHistory

    /// Gives every column the id it had (under its name or, by `was`, its old name) or a new one.
    init(
        _ schema: Schema,
        previous: Manifest?,
        was: [String: String]
    ) throws(Failure) {
        var old: [String: Int] = [:]
        for column in previous?.schema.dataColumns ?? [] { old[column.name] = column.id }
        var history = previous?.history ?? ManifestHistory()
        var taken: Set<Int> = []
        var columns: [Column] = []
        for var column in schema.dataColumns {
            // Under its own name first: a model keeps saying `was` long after the rename.
            let known = old[column.name] ?? was[column.name].flatMap { old[$0] }
            if let known, !taken.contains(known) {
                column.id = known
            } else {
                history.lastColumnID += 1
                column.id = history.lastColumnID
            }
            taken.insert(column.id)
            columns.append(column)
        }
        if schema.isMultiset, history.countColumnID == nil {
            history.lastColumnID += 1
            history.countColumnID = history.lastColumnID
        }
        self.schema = try Schema(columns: columns, key: schema.key, cutClass: schema.cutClass)
        self.history = history
    }
}
