import Codecs
import Diagnostics
import GitStore
import Records
import Snapshots

extension Runner {
    /// Publishes the tables whose content changed as one commit; none if nothing did.
    ///
    /// Changes of `meta` alone and of provenance alone make no commit: they wait for the next.
    func publish(_ report: inout RunReport) throws(Failure) {
        let removed = removedTables()
        report.warehouse = SnapshotDigests.warehouse(
            tables.filter { !$0.key.isMeta && !removed.contains($0.key) }
                .map { ($0.key.description, $0.value.digest) }
        )
        let isWorthACommit = prepared.contains { $0.isChanged && !$0.table.isMeta }
        guard isWorthACommit || !removed.isEmpty || options.isTrial else { return try wait() }
        for table in removed {
            report.tables.append(
                RunReport.Table(
                    table: table,
                    state: .removed,
                    rowsBefore: tables[table]?.rows,
                    rows: 0,
                    digest: nil,
                    seconds: 0,
                    reason: .upToDate
                )
            )
        }
        try joinWaiting(except: Set(removed))
        let author = try Self.author(options, warehouse)
        report.hasParent = try warehouse.headCommit() != nil
        var commit = try commit(report, removed: removed, author: author)
        if options.isTrial {
            commit.destination = .scratch
            for path in try uncommittedInputs() { commit.files[path] = try files.read(path) }
        }
        let published = try warehouse.store.publish(commit, batch: batch)
        if !options.isTrial { pending.clear() }
        if let reason = published.leftAloneReason {
            note("\(published.reference) moved; index and work tree stay as they are: \(reason).")
            report.notes = notes
        }
        report.commit = published.commit
        report.ref = published.reference
        report.scratchReason = published.scratchReason
    }

    /// Keeps what is too small for a commit.
    private func wait() throws(Failure) {
        for table in asCommitted.sorted() {
            guard let digest = tables[table]?.digest else { continue }
            pending.forget(table, digest: digest)
        }
        for table in prepared where !table.isChanged {
            guard let provenance = tables[table.table]?.provenance else { continue }
            try pending.keep(provenance.json, table.table, digest: table.digest)
        }
        for written in prepared where written.isChanged {
            guard let rows = metaRows[written.table] else { continue }
            var text: [UInt8] = []
            for index in 0..<rows.count { text += rows.row(index) }
            try pending.keep(rows: text, written.table, digest: written.previousDigest)
        }
    }

    /// Takes along provenance that waited for a commit.
    private func joinWaiting(except removed: Set<TableName>) throws(Failure) {
        let made = asCommitted.union(prepared.map(\.table))
        for (table, state) in tables.sorted(by: { $0.key < $1.key })
        where !made.contains(table) && !removed.contains(table) {
            guard let snapshot = state.snapshot,
                let waiting = pending.provenance(table, digest: state.digest)
            else { continue }
            prepared.append(
                try warehouse.store.prepare(snapshot, provenance: waiting, into: batch)
            )
        }
    }

    /// Tables that models made once and no model makes now.
    private func removedTables() -> [TableName] {
        guard selection == nil else { return [] }
        let made = Set(graph.nodes.map(\.model.table))
        return tables.filter { $0.value.provenance?.kind == .model && !made.contains($0.key) }
            .map(\.key).sorted()
    }

    /// Who a commit is by: the options, else git's configuration, else a built-in name.
    static func author(_ options: Options, _ warehouse: Warehouse) throws(Failure) -> Signature {
        let identity: Signature?
        if let author = options.author {
            identity = author
        } else {
            identity = try warehouse.repository.identity()
        }
        return Signature(
            name: identity?.name ?? "osodata",
            email: identity?.email ?? "osodata@localhost",
            time: options.now / 1_000_000,
            offset: 0
        )
    }

    private func commit(
        _ report: RunReport,
        removed: [TableName],
        author: Signature
    ) throws(Failure) -> RunCommit {
        let changed = report.tables.filter { $0.state == .built }.sorted { $0.table < $1.table }
        var body = ""
        for table in changed {
            body +=
                "\(table.table) \(table.rowsBefore.map(String.init) ?? "new") -> \(table.rows)\n"
        }
        for table in removed { body += "\(table) removed\n" }
        for table in report.behind {
            let checks = report.checks.filter { $0.table == table.table && $0.isBlocking }
            let names = checks.map { ", check '\($0.check)' (\($0.failingRows))" }
            body += "\(table.table) \(table.state.rawValue)\(names.joined())\n"
        }
        let pipeline = try pipelineDigest()
        let base = try warehouse.headCommit()
        // Names the run without clock or chance: one base and one result are one run.
        let id = Digest.of(
            "run \(base?.hex ?? "none") \(report.warehouse?.hex ?? "") \(pipeline.hex)"
        )
        var trailers = [("Osodata-Run", String(id.hex.prefix(16)))]
        if let asOf = report.asOf { trailers.append(("Osodata-As-Of", asOf)) }
        if let selection {
            trailers.append(("Osodata-Select", selection.words.joined(separator: " ")))
        }
        trailers += [
            (RunCommit.warehouseTrailer, ""), ("Osodata-Pipeline", pipeline.hex),
            ("Osodata-Version", options.version),
        ]
        return RunCommit(
            tables: prepared,
            removed: removed,
            subject: subject(changed: changed.count + removed.count, report),
            body: body,
            trailers: trailers,
            author: author,
            committer: author,
            base: base
        )
    }

    private func subject(changed: Int, _ report: RunReport) -> String {
        let reused = report.tables.count { $0.state == .reused || $0.state == .equal }
        var text = "run: \(changed) table\(changed == 1 ? "" : "s") changed, \(reused) reused"
        let failed = report.tables.count { $0.state == .failed }
        if failed > 0 {
            text += ", \(failed) failed"
            let behind = report.tables.count { $0.state == .skipped || $0.isBehind }
            if behind > 0 { text += ", \(behind) held back" }
        }
        return text
    }

    /// Digest of everything people wrote: pipelines.toml, models and the directory.
    private func pipelineDigest() throws(Failure) -> Digest {
        try contentDigest(
            [Configuration.fileName] + files.list("models") + directoryPaths()
        )
    }

    /// Digest of files: a line a file, with the digest of its content and its path.
    ///
    /// A file is read once a run.
    func contentDigest(_ paths: [String]) throws(Failure) -> Digest {
        var lines = ""
        for path in paths {
            let digest: Digest
            if let known = fileDigests[path] {
                digest = known
            } else {
                digest = Digest.of(try files.read(path) ?? [])
                fileDigests[path] = digest
            }
            lines += "\(digest.hex) \(path)\n"
        }
        return .of(lines)
    }
}
