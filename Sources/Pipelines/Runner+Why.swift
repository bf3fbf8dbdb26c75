import Codecs
package import Diagnostics
import GitStore
import Lineage
import Records
import Snapshots

extension Plan {
    /// One thing that is another than when a table was made.
    package struct Change: Sendable, Equatable {
        /// `input raw.t`, `models/marts/t.sql`, `key`, `as_of`.
        package let what: String
        /// What it was and is; nil where it was not there, or is not any more.
        package let before: String?
        package let after: String?
        /// Lines of a file, `- old` and `+ new`.
        package var lines: [String] = []
    }
}

extension Runner {
    /// How many changed lines or files are told one by one.
    private static let changeLimit = 20

    /// What changed since the tables of a step were made, in the words of who wrote it.
    ///
    /// - Returns: nothing for a step that is up to date, new, or asks upstream.
    /// - Throws: what git says.
    package func changes(of step: Plan.Step) throws(Failure) -> [Plan.Change] {
        guard step.reason != .upToDate, step.reason != .isNew, let table = step.tables.first,
            let current = tables[table]?.provenance, committed[table] != nil
        else { return [] }
        switch step.kind {
        case .build(let node): return try changes(of: node, since: current)
        case .configuration: return try fileChanges([Configuration.fileName], of: table)
        case .directory:
            return try fileChanges(directoryPaths(), and: configuration.directory, of: table)
        case .extract: return []
        }
    }

    private func changes(
        of node: Graph.Node,
        since current: Provenance
    ) throws(Failure) -> [Plan.Change] {
        let asOf = try asOf(for: node.model.table)
        let wanted = provenance(of: node, asOf: asOf)
        var changes: [Plan.Change] = []
        if wanted.statement != current.statement {
            let paths = [node.model.file, Model.macrosFile]
            changes += try fileChanges(paths, of: node.model.table, text: \.statementLines)
        }
        if wanted.settings != current.settings { changes += try settingsChanges(of: node.model) }
        if wanted.engine != current.engine {
            changes.append(.init(what: "engine", before: current.engine, after: wanted.engine))
        }
        if wanted.asOf != current.asOf {
            changes.append(.init(what: "as_of", before: current.asOf, after: wanted.asOf))
        }
        let before = Dictionary(uniqueKeysWithValues: current.inputs.map { ($0.table, $0.digest) })
        let after = Dictionary(uniqueKeysWithValues: wanted.inputs.map { ($0.table, $0.digest) })
        for table in Set(before.keys).union(after.keys).sorted() where before[table] != after[table]
        {
            changes.append(
                .init(
                    what: "input \(table)",
                    before: before[table].map { String($0.short.prefix(12)) },
                    after: after[table].map { String($0.short.prefix(12)) }
                )
            )
        }
        return changes
    }

    /// The files that were there when a table was made.
    private func filesThatMade(_ table: TableName) throws(Failure) -> CommitFiles? {
        guard let head = try warehouse.headCommit(),
            let origin = try warehouse.commitThatMade(table, from: head)
        else { return nil }
        let tree = try warehouse.repository.commit(origin).tree
        return CommitFiles(repository: warehouse.repository, tree: tree)
    }

    /// Files that are other than when a table was made, with the lines that are; of a folder, those
    /// that are gone, too.
    private func fileChanges(
        _ paths: [String],
        and folder: String? = nil,
        of table: TableName,
        text: (String) -> [String] = \.allLines
    ) throws(Failure) -> [Plan.Change] {
        guard let origin = try filesThatMade(table) else { return [] }
        var all = Set(paths)
        if let folder { all.formUnion(try origin.list(folder)) }
        var changes: [Plan.Change] = []
        for path in all.sorted() {
            let old = try origin.read(path)
            let new = try files.read(path)
            guard old != new else { continue }
            let lines = Self.changedLines(
                from: text(String(decoding: old ?? [], as: UTF8.self)),
                to: text(String(decoding: new ?? [], as: UTF8.self))
            )
            guard !lines.isEmpty else { continue }
            changes.append(
                .init(
                    what: path,
                    before: old.map { String(Digest.of($0).short.prefix(12)) },
                    after: new.map { String(Digest.of($0).short.prefix(12)) },
                    lines: lines
                )
            )
        }
        return Array(changes.prefix(Self.changeLimit))
    }

    private static func changedLines(from old: [String], to new: [String]) -> [String] {
        let difference = new.difference(from: old)
        // In the order of the file; the difference itself has what is removed backwards.
        let lines = (difference.removals + difference.insertions).map { change in
            switch change {
            case .remove(_, let line, _): "- \(line)"
            case .insert(_, let line, _): "+ \(line)"
            }
        }
        guard lines.count > changeLimit else { return lines }
        return lines.prefix(changeLimit) + ["… and \(lines.count - changeLimit) more lines"]
    }

    /// Header keys that are other than when the table was made.
    private func settingsChanges(of model: Model) throws(Failure) -> [Plan.Change] {
        guard let text = try filesThatMade(model.table)?.read(model.file),
            let old = try? Model(file: model.file, text: String(decoding: text, as: UTF8.self))
        else { return [] }
        var changes: [Plan.Change] = []
        func compare(_ key: String, _ before: String?, _ after: String?) {
            guard before != after else { return }
            changes.append(.init(what: key, before: before, after: after))
        }
        compare("key", old.key.joined(separator: ", "), model.key.joined(separator: ", "))
        compare("class", old.cutClass.rawValue, model.cutClass.rawValue)
        for (key, old, new) in [
            ("columns", old.columnDocs, model.columnDocs), ("was", old.renames, model.renames),
        ] {
            for column in Set(old.keys).union(new.keys).sorted() {
                compare("\(key).\(column)", old[column], new[column])
            }
        }
        return changes
    }
}

extension String {
    fileprivate var allLines: [String] {
        split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The lines of a model's statement, or of a file without a header, white space aside.
    fileprivate var statementLines: [String] {
        let statement = (try? Model(file: "models/marts/any.sql", text: self)).map { model in
            String(decoding: Array(utf8)[model.statementOffset...], as: UTF8.self)
        }
        return (statement ?? self).split(separator: "\n")
            .map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
            .filter { !$0.isEmpty && !$0.hasPrefix("--") }
    }
}
