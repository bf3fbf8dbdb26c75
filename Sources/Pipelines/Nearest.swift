package import Snapshots
import Diagnostics

/// The table that `table` is most likely a misspelling of: one of its layer, or else one of
/// another layer.
package func nearest(to table: TableName, among candidates: some Sequence<TableName>) -> TableName?
{
    let candidates = candidates.sorted()
    for group in [candidates.filter { $0.layer == table.layer }, candidates] {
        if let name = nearest(to: table.name, among: group.map(\.name)) {
            return group.first { $0.name == name }
        }
    }
    return nil
}
