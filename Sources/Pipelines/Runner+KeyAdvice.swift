import Diagnostics
import GitStore
import Records
import Snapshots

/// Looking back at what the last runs wrote.
extension Runner {
    /// So far back is looked, and at so many versions of a table: keys show in every run.
    private static let lookBack = (commits: 50, versions: 3)

    /// Finds tables whose key makes runs write much more than they change.
    ///
    /// Only keys that somebody can choose are looked at: those of models, unless the header has
    /// another one already, and of imported tables. What is missing or damaged is passed over, and
    /// nothing is fetched: a plan must not fail, or wait, for advice.
    /// - Parameter imported: whether to look at imported tables, which no plan has.
    /// - Returns: what to say of each, sorted by name.
    package func keyAdvice(imported: Bool) -> [KeyAdvice] {
        let models = graph.nodes.map(\.model).filter { model in
            let schema = committed[model.table]?.schema
            return schema?.key == model.key && schema?.cutClass == model.cutClass
        }
        let files = Dictionary(uniqueKeysWithValues: models.map { ($0.table, $0.file) })
        var names = Set(files.keys)
        if imported {
            names.formUnion(tables.filter { $0.value.provenance?.kind == .imported }.keys)
        }
        let store = warehouse.store.withoutFetching
        guard let head = try? warehouse.headCommit(),
            let versions = try? store.recentVersions(
                of: names,
                from: head,
                commits: Self.lookBack.commits,
                versions: Self.lookBack.versions
            )
        else { return [] }
        let changed = versions.sorted { $0.key < $1.key }
        let advice = try? parallelMap(changed.count, threads: options.threads, state: {}) {
            (index, _) throws(Failure) -> KeyAdvice? in
            let (table, versions) = changed[index]
            return try? KeyAdvice(table, file: files[table], versions: versions, store: store)
        }
        return advice?.compactMap(\.self) ?? []
    }
}
