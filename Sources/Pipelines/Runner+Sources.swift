import Codecs
import Connectors
package import Diagnostics
import Fetching
import Foundation
import GitStore
import ProjectDirectory
import Records
import Snapshots

extension Runner {
    // MARK: What pipelines.toml says

    func configurationStep() throws(Failure) -> Plan.Step {
        Plan.Step(
            kind: .configuration,
            tables: [RawTables.sources],
            reason: Reason(
                wanted: sourcesProvenance(),
                current: tables[RawTables.sources]?.provenance
            )
        )
    }

    private func sourcesProvenance() -> Provenance {
        let sources = configuration.sources.map { source in
            JSONValue.array([
                .string(source.name), .string(source.connector.name), .bool(source.isMadeUp),
                .string(source.connector.location),
            ])
        }
        return Provenance(
            kind: .configuration,
            origin: Configuration.fileName,
            statement: .of(json: .array(sources)),
            settings: .of("raw.sources/1"),
            engine: nil,
            asOf: nil,
            inputs: []
        )
    }

    func writeSources() throws(Failure) {
        let start = ContinuousClock().now
        let wanted = sourcesProvenance()
        let reason = Reason(wanted: wanted, current: tables[RawTables.sources]?.provenance)
        guard reason != .upToDate else { return reuse(RawTables.sources, since: start) }
        var builder = RowBuilder(schema: try RawTables.sourcesSchema())
        for source in configuration.sources {
            try builder.string(source.name)
            try builder.string(source.connector.name)
            try builder.string(source.connector.location)
            try builder.bool(source.isMadeUp)
            try builder.endRow()
        }
        let rows = try builder.finishSorted()
        try finish(RawTables.sources, rows: rows, provenance: wanted, reason: reason, since: start)
    }

    // MARK: The directory

    func directoryStep() throws(Failure) -> Plan.Step {
        Plan.Step(
            kind: .directory,
            tables: RawTables.directory,
            reason: Reason(
                wanted: try directoryProvenance(),
                current: tables[RawTables.directory[0]]?.provenance
            )
        )
    }

    private func directoryProvenance() throws(Failure) -> Provenance {
        // Those with a wrong ending too: reading the directory refuses them.
        let paths = try directoryPaths().filter { path in
            [".yaml", ".yml"].contains { path.lowercased().hasSuffix($0) }
        }
        return Provenance(
            kind: .directory,
            origin: configuration.directory ?? "none",
            statement: try contentDigest(paths),
            settings: .of("directory \(ProjectDirectoryReader.version)"),
            engine: nil,
            asOf: nil,
            inputs: []
        )
    }

    /// The files of the directory, relative to the warehouse.
    ///
    /// - Throws: `config.directory` if there is none where `pipelines.toml` says.
    func directoryPaths() throws(Failure) -> [String] {
        guard let path = configuration.directory else { return [] }
        let place = configuration.directoryPlace
        guard try files.isFolder(path) else {
            throw Failure(
                .configDirectory,
                "There is no folder '\(path)'.",
                hint: "The path is relative to pipelines.toml. For no directory, remove it.",
                place: place
            )
        }
        var isDirectory = false
        for folder in ["projects", "collections"] where try files.isFolder(path + "/" + folder) {
            isDirectory = true
        }
        guard isDirectory else {
            throw Failure(
                .configDirectory,
                "The folder '\(path)' has neither 'projects' nor 'collections'.",
                hint: "Name the folder that holds them. For no directory, remove the path.",
                place: place
            )
        }
        return try files.list(path)
    }

    func readDirectory(_ step: Plan.Step) throws(Failure) {
        let start = ContinuousClock().now
        guard step.reason != .upToDate else {
            for table in RawTables.directory { reuse(table, since: start) }
            return
        }
        event(.started("directory"))
        defer { event(.ended("directory")) }
        let contents: DirectoryContents
        if let path = configuration.directory {
            contents = try read(path)
        } else {
            contents = .empty
        }
        let wanted = try directoryProvenance()
        let rows = try parallelMap(3, threads: options.threads, state: { () }) {
            (index, _) throws(Failure) -> RowSet in
            // The longest first.
            switch index {
            case 0: try contents.artifactRows()
            case 1: try contents.projectRows()
            default: try contents.collectionRows()
            }
        }
        for (table, rows) in zip(RawTables.directory, [rows[1], rows[2], rows[0]]) {
            try finish(
                table,
                rows: SortedRows(rows),
                provenance: wanted,
                reason: step.reason,
                since: start
            )
        }
    }

    /// Reads the directory; places in failures are relative to the warehouse.
    private func read(_ path: String) throws(Failure) -> DirectoryContents {
        do {
            return try ProjectDirectoryReader.read(
                root: root + "/" + path,
                threads: options.threads,
                progress: { event(.progress($0)) }
            )
        } catch {
            guard let place = error.place else { throw error }
            throw Failure(
                error.code,
                error.message,
                hint: error.hint,
                place: Place(file: path + "/" + place.file, line: place.line, column: place.column),
                cause: error.cause
            )
        }
    }

    /// Events of the GitHub owners and repositories that the directory lists; the same for all
    /// sources of a run.
    private func listedOnGitHub() throws(Failure) -> EventFilter {
        if let listed { return listed }
        var owners: Set<String> = []
        var repositories: Set<String> = []
        let columns = ["artifact_source", "artifact_type", "artifact_namespace", "artifact_name"]
        try tables[RawTables.directory[2]]?.rowSet()?.forEachRow(columns) { texts in
            switch (texts[0], texts[1]) {
            case ("GITHUB", "OWNER"): owners.insert(texts[2])
            case ("GITHUB", "REPOSITORY"): repositories.insert(texts[2] + "/" + texts[3])
            default: break
            }
        }
        let made = EventFilter.directory(owners: owners, repositories: repositories)
        listed = made
        return made
    }

    // MARK: Connectors

    func extractSteps() -> [Plan.Step] {
        RawTables.connectors.map { table in
            let sources = configuration.sources.filter { $0.connector.table == table.description }
            let reason: Reason =
                tables[table] == nil ? .isNew : sources.isEmpty ? .upToDate : .checksUpstream
            return Plan.Step(kind: .extract(sources), tables: [table], reason: reason)
        }
    }

    func extract(_ sources: [Configuration.Source], into table: TableName) throws(Failure) {
        let start = ContinuousClock().now
        let base = try baseOfExtraction(table)
        let memory = RowBudget(sortLimit)
        var results: [(source: Configuration.Source, result: ExtractResult)] = []
        var isKept = false
        for source in sources {
            let step = "\(source.name) (\(source.connector.name))"
            event(.started(step))
            defer { event(.ended(step)) }
            guard let key = try emailKey() else {
                note(
                    "\(source.name): the e-mail key '\(configuration.privacy.keyID ?? "")' is not here, so \(table) stays as committed."
                )
                isKept = true
                continue
            }
            let result: ExtractResult
            do {
                let known = base == nil ? [] : try coverage()
                result = try extract(source, emailKey: key, known: known, memory: memory)
            } catch {
                throw error.at(source.place)
            }
            for text in result.notes { note("\(source.name): \(text)") }
            results.append((source, result))
        }
        // Without the key no row can be made, so those there are stay whatever is to be read again.
        if isKept, tables[table] != nil { return reuse(table, as: .keptLastGood, since: start) }
        let gone = try goneSources(from: table, keeping: sources)
        let edit = RawEdit(
            table: table.description,
            results: results.map(\.result),
            gone: base == nil ? [] : gone
        )
        if base != nil, edit.isEmpty {
            reuse(table, since: start)
        } else {
            try finish(
                table,
                edit: edit,
                of: base,
                provenance: provenance(of: sources, results.map(\.result)),
                since: start
            )
        }
        // Rows left out for others of their key are counted as the edit is applied.
        for name in gone { try replaceCoverage(named: name, with: []) }
        for (source, result) in results {
            try replaceCoverage(named: source.name, with: edit.coverage(of: result))
        }
    }

    /// The version of a raw table that sources add to; nil if it is to be made anew.
    ///
    /// That is so for one with columns of another version of osodata, or with other rows than
    /// the coverage says: then every source is read again.
    private func baseOfExtraction(_ table: TableName) throws(Failure) -> Snapshot? {
        guard let snapshot = tables[table]?.snapshot,
            snapshot.schema.hasLayout(of: RawTables.connectorSchema(table))
        else { return nil }
        let rows = try coverage().filter { $0.table == table.description }.map(\.rows)
        return rows.reduce(0, +) == Int64(snapshot.manifest.rows) ? snapshot : nil
    }

    private func finish(
        _ table: TableName,
        edit: RawEdit,
        of base: Snapshot?,
        provenance: Provenance,
        since start: ContinuousClock.Instant
    ) throws(Failure) {
        guard let base else {
            return try finish(
                table,
                rows: edit.rows,
                provenance: provenance,
                reason: .checksUpstream,
                since: start
            )
        }
        let (written, _) = try warehouse.store.apply(
            TableEdit(putting: edit.rows, collision: .decided(edit), dropping: edit.dropping),
            to: base,
            provenance: provenance.json,
            into: batch,
            threads: options.threads
        )
        try finish(written, provenance: provenance, reason: .checksUpstream, since: start)
    }

    private func provenance(
        of sources: [Configuration.Source],
        _ results: [ExtractResult]
    ) -> Provenance {
        let statement = results.flatMap(\.coverage).map { row in
            let parts = [row.source, row.partition, row.contentSHA256, row.filter]
            return JSONValue.array(parts.map { $0.map { .string($0) } ?? .null })
        }
        return Provenance(
            kind: .source,
            origin: sources.map(\.name).joined(separator: " "),
            statement: .of(json: .array(statement)),
            settings: .of("email_key_id \(configuration.privacy.keyID ?? "none")"),
            engine: nil,
            asOf: nil,
            inputs: []
        )
    }

    private func extract(
        _ source: Configuration.Source,
        emailKey: [UInt8],
        known: [CoverageRow],
        memory: RowBudget
    ) throws(Failure) -> ExtractResult {
        let context = SourceContext(
            sourceName: source.name,
            emailKey: emailKey,
            previousCoverage: known,
            madeUp: source.isMadeUp,
            now: options.now,
            threads: options.threads,
            memory: memory,
            progress: { [event] in event(.progress($0)) }
        )
        switch source.connector {
        case .git(let repositories):
            for (index, repository) in repositories.enumerated() {
                try checkRepository(
                    repository,
                    of: source,
                    place: source.place(of: "repositories.\(index)")
                )
            }
            return try GitHistory.extract(
                repositories: repositories.map { (absolute($0.path), $0.url) },
                context: context
            )
        case .githubArchive(let endpoint, let first, let last, let keepsAll):
            let folder = FileAddress.path(of: endpoint).map(absolute)
            if let folder {
                do {
                    try FileAddress.checkFolder(folder)
                } catch {
                    throw error.at(source.place(of: "endpoint"))
                }
            }
            return try GitHubArchive.extract(
                endpoint: folder.map(FileAddress.url(ofPath:)) ?? endpoint,
                location: endpoint,
                from: first,
                to: last,
                keep: keepsAll ? .all : try listedOnGitHub(),
                fetcher: fetcher(fileRoot: folder),
                context: context
            )
        }
    }

    /// Checks that a source's repository can be opened, so that a failure says which one cannot.
    private func checkRepository(
        _ repository: (path: String, url: String),
        of source: Configuration.Source,
        place: Place
    ) throws(Failure) {
        let path = absolute(repository.path)
        do throws(Failure) {
            let found = try Repository(discovering: path)
            let folders = [found.workTree, found.gitDirectory].compactMap { $0 }.map(Self.real)
            guard folders.contains(Self.real(path)) else {
                throw Failure(
                    .sourceInsideRepository,
                    "The source '\(source.name)' reads '\(repository.path)', a folder inside the repository '\(folders[0])'.",
                    hint: "Name the repository's own folder, relative to pipelines.toml.",
                    place: place
                )
            }
        } catch {
            guard error.code == .notARepository else { throw error.at(place) }
            throw Failure(
                error.code,
                "The source '\(source.name)' reads '\(repository.path)', which is in no git repository.",
                hint:
                    "Clone it: git clone \(repository.url) '\(repository.path)', or correct the path, which is relative to pipelines.toml.",
                place: place
            )
        }
    }

    /// A path without links and dots.
    private static func real(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }

    /// A fetcher that may read files of the endpoint's own folder, and no others.
    private func fetcher(fileRoot: String?) -> Fetcher {
        var settings = FetchOptions(
            userAgent: "osodata/\(options.version)",
            fileRoot: fileRoot,
            certificateFile: options.certificateFile,
            sleep: options.sleep,
            now: options.clock
        )
        settings.isCancelled = { [cancellation = options.cancellation] in
            cancellation.isCancelled
        }
        // Another jitter each run, so that many that were turned away do not come back together.
        settings.jitterSeed = UInt64(bitPattern: options.now)
        return Fetcher(options: settings) { [event] progress in
            event(.progress(progress.text))
        }
    }

    /// The key of e-mail hashes; nil if it is not here.
    ///
    /// - Throws: `config.value` for an empty one.
    private func emailKey() throws(Failure) -> [UInt8]? {
        let privacy = configuration.privacy
        guard let key = options.emailKey ?? privacy.publishedKey.map({ [UInt8]($0.utf8) }) else {
            return nil
        }
        guard !key.isEmpty else {
            throw Failure(
                .configValue,
                "The e-mail key in the environment, '\(privacy.keyVariable ?? "")', is empty.",
                hint: "Set it, or unset it to leave the tables of sources as committed.",
                place: privacy.keyVariablePlace
            )
        }
        return key
    }

    /// `samples` is a folder of the warehouse, `/data` one of the machine.
    private func absolute(_ path: String) -> String {
        path == "." ? root : path.hasPrefix("/") ? path : root + "/" + path
    }

    /// Sources that `pipelines.toml` no longer lists, whose rows go.
    private func goneSources(
        from table: TableName,
        keeping sources: [Configuration.Source]
    ) throws(Failure) -> Set<String> {
        Set(try coverage().filter { $0.table == table.description }.map(\.source))
            .subtracting(sources.map(\.name))
    }
}

extension Failure.Code {
    /// No directory where `pipelines.toml` says.
    package static let configDirectory = Self("config.directory")
    /// A git source names a folder inside a repository.
    static let sourceInsideRepository = Self("source.inside-repository")
}
