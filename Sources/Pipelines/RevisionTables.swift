import Codecs
import Diagnostics
import Diffing
import GitStore
import Querying
import Records
import Snapshots

/// Makes tables of several revisions views of one database.
struct RevisionTables {
    private let warehouse: Warehouse
    private let connection: Connection
    private let cache: TableCache?
    private let options: Runner.Options
    /// What the statement asks for, if that is in a manifest.
    var extremes: StatementTree.Extremes?
    /// How many revisions and differences the statement has named.
    private var count = 0
    private(set) var cached: [Snapshot] = []
    private(set) var scanned: [Snapshot] = []

    init(
        _ warehouse: Warehouse,
        _ connection: Connection,
        _ cache: TableCache?,
        _ options: Runner.Options
    ) {
        self.warehouse = warehouse
        self.connection = connection
        self.cache = cache
        self.options = options
    }

    /// Makes a snapshot a table of the connection, from the cache if it is there.
    private mutating func attach(
        _ snapshot: Snapshot,
        schema: String,
        name: String
    ) throws(Failure) {
        if let cache,
            try cache.attach(snapshot, schema: schema, name: name, to: connection)
        {
            cached.append(snapshot)
            return
        }
        try connection.attach(snapshot, schema: schema, name: name)
        scanned.append(snapshot)
    }

    /// Makes what a use stands for a view, and gives what to write in its place.
    ///
    /// A table keeps its name, which columns may be qualified with; its schema becomes `@1`.
    mutating func replacements(
        for use: RevisionUse,
        _ values: [String: String],
        in sql: String,
        _ file: String?
    ) throws(Failure) -> [(range: Range<Int>, text: String)] {
        switch use {
        case .parameter(let name, let range):
            guard let value = values[name] else {
                throw Failure(
                    .queryParameter,
                    "The parameter '$\(name)' has no value.",
                    hint: "Give it: --param \(name)=…",
                    place: SourcePosition(byte: range.lowerBound, in: sql).place(in: file)
                )
            }
            return [(range, quotedLiteral(value))]
        case .table(let path, let revision, let name, let clause):
            let place = SourcePosition(byte: clause.lowerBound, in: sql).place(in: file)
            let text = try text(revision, values, place)
            try attach(path, revision: text, schema: nextSchema())
            return [
                (name, "\"@\(count)\".\(quotedIdentifier(path.last ?? ""))"),
                (clause, String(repeating: " ", count: clause.count)),
            ]
        case .changes(let arguments, let call):
            let place = SourcePosition(byte: call.lowerBound, in: sql).place(in: file)
            guard arguments.count == 3 else {
                throw Failure(
                    .queryInvalid,
                    "changes() takes three texts, not \(arguments.count) arguments.",
                    hint: "changes('marts.projects_v1', 'HEAD~1', 'HEAD')",
                    place: place
                )
            }
            var texts: [String] = []
            for argument in arguments { texts.append(try text(argument, values, place)) }
            try attachChanges(texts[0], from: texts[1], to: texts[2])
            return [(call, "\"@\(count)\".\(StatementTree.changesFunction)")]
        }
    }

    private mutating func nextSchema() -> String {
        count += 1
        return "@\(count)"
    }

    /// A text in a statement, as it is or as the value of a parameter.
    private func text(
        _ node: JSONValue,
        _ values: [String: String],
        _ place: Place
    ) throws(Failure) -> String {
        if node["class"]?.string == "CONSTANT", let text = node["literal"]?["text"]?.string {
            return text
        }
        if node["class"]?.string == "PARAMETER", let name = node["identifier"]?.string,
            let value = values[name]
        {
            return value
        }
        throw Failure(
            .queryInvalid,
            "A table or a revision must be written as a text.",
            hint: "AT (VERSION => 'HEAD~1')",
            place: place
        )
    }

    private mutating func attach(
        _ path: [String],
        revision: String,
        schema: String
    ) throws(Failure) {
        let written = path.joined(separator: ".")
        let tree = try warehouse.tree(revision)
        let snapshot = try snapshot(written, at: tree, revision: revision)
        try attach(snapshot, schema: schema, name: path.last ?? "")
    }

    private mutating func attachChanges(
        _ name: String,
        from before: String,
        to after: String
    ) throws(Failure) {
        let table = try TableName(parsing: name)
        var sides: [Snapshot?] = []
        for revision in [before, after] {
            let tree = try warehouse.tree(revision)
            sides.append(
                try tree.flatMap { (tree) throws(Failure) in
                    try warehouse.store.snapshot(table, inTree: tree)
                }
            )
        }
        try warehouse.store.requireDifferences(
            ofTables: [(before: sides[0]?.tree, after: sides[1]?.tree)]
        )
        let difference = try TableDiff(
            table,
            from: sides[0],
            to: sides[1],
            rules: DiffRules(),
            condition: nil
        )
        guard let difference else { throw try unknown(name, at: try warehouse.tree(after)) }
        let rows = try ChangesTable(difference).rows(
            limit: options.sortLimit(for: warehouse.repository)
        )
        try connection.attach(
            rows,
            schema: nextSchema(),
            name: StatementTree.changesFunction
        )
    }

    /// Makes the tables that a statement names views, at `tree` where no revision is said.
    mutating func attach(_ paths: [[String]], at tree: ObjectID?) throws(Failure) {
        guard let tree else { return }
        var folders: [ObjectID] = []
        for path in paths {
            guard let table = try? TableName(parsing: path.joined(separator: ".")),
                let folder = try warehouse.repository.entry(path: table.path, inTree: tree)
            else { continue }
            folders.append(folder.id)
        }
        // In one exchange; which chunks a filtered clone needs only the scan knows.
        try warehouse.store.require(.manifest, ofTables: folders)
        var found: [(path: [String], snapshot: Snapshot)] = []
        for path in paths {
            let written = path.joined(separator: ".")
            let parts = written.split(separator: "@", maxSplits: 1).map(String.init)
            if parts.count == 2 {
                let other = try warehouse.tree(parts[1])
                let snapshot = try snapshot(parts[0], at: other, revision: parts[1])
                found.append((path, snapshot))
            } else if let snapshot = try snapshotIfLayered(path, at: tree) {
                found.append((path, snapshot))
            }
        }
        for (path, snapshot) in found {
            if let extremes, extremes.table == path, path.count == 2,
                let rows = try ExtremesTable.rows(
                    of: snapshot,
                    columns: extremes.columns,
                    limit: options.sortLimit(for: warehouse.repository)
                )
            {
                try connection.attach(rows, schema: path[0], name: path[1])
                continue
            }
            if path.count == 1 {
                try attach(snapshot, schema: "main", name: path[0])
            } else {
                try attach(
                    snapshot,
                    schema: path[path.count - 2],
                    name: path[path.count - 1]
                )
            }
        }
    }

    /// The table of a path, nil if it may be one of DuckDB's own.
    private func snapshotIfLayered(_ path: [String], at tree: ObjectID) throws(Failure) -> Snapshot?
    {
        let written = path.joined(separator: ".")
        guard (try? TableName(parsing: written)) != nil else {
            let meant = try warehouse.store.tables(inTree: tree).first { $0.name == written }
            guard let meant else { return nil }
            throw Failure(
                .queryUnknownTable,
                "The table '\(written)' is named without its layer.",
                hint: "Did you mean '\(meant)'?"
            )
        }
        return try snapshot(written, at: tree, revision: nil)
    }

    private func snapshot(
        _ written: String,
        at tree: ObjectID?,
        revision: String?
    ) throws(Failure) -> Snapshot {
        let table = try TableName(parsing: written)
        if let tree, let folder = try warehouse.repository.entry(path: table.path, inTree: tree) {
            try warehouse.store.require(.manifest, ofTables: [folder.id])
            if let snapshot = try warehouse.store.snapshot(table, inTree: tree) { return snapshot }
        }
        if revision == nil, let record = try RunRecords(warehouse.store).snapshot(table) {
            return record
        }
        throw try unknown(written, at: tree, revision: revision)
    }

    private func unknown(
        _ written: String,
        at tree: ObjectID?,
        revision: String? = nil
    ) throws(Failure) -> Failure {
        let available =
            try tree.map { (tree) throws(Failure) in try warehouse.store.tables(inTree: tree) }
            ?? []
        let near = (try? TableName(parsing: written)).flatMap { nearest(to: $0, among: available) }
        return Failure(
            .queryUnknownTable,
            "There is no table '\(written)'\(revision.map { " at '\($0)'" } ?? "").",
            hint: near.map { "Did you mean '\($0)'?" } ?? "List the tables: osodata tables"
        )
    }
}
