import Codecs
import Diagnostics
import Lineage
import Querying
import Records
import Snapshots

extension ModelJob {
    /// How many failing rows of a check are kept as a sample.
    private static let sampleLimit = 5
    /// How long the text of a cell of a sample may be, in bytes, before it is cut.
    private static let sampleCellLimit = 200

    /// Tries the checks on a version of the table, before it is published.
    ///
    /// - Parameters:
    ///   - outcome: with the version; what came of the checks, and why it may not be published, is
    ///     added: one failure for each check it fails, or whose statement cannot run.
    ///   - isNew: whether it differs from the one committed; then every check is tried. Else those
    ///     whose outcome may have changed.
    ///   - engine: nil if all is known.
    /// - Returns: the outcome with what came of the checks.
    /// - Throws: what concerns more than the check, as an interrupt.
    func audit(
        _ outcome: Outcome,
        isNew: Bool,
        on engine: Connection?
    ) throws(Failure) -> Outcome {
        var outcome = outcome
        let candidate = outcome.state
        var isReady = false
        for check in node.checks {
            let fingerprint = fingerprint(of: check, on: candidate)
            var row: CheckRow
            if !isNew, let known = recorded(check, fingerprint) {
                row = known
                row.severity = check.check.severity
            } else {
                row = CheckRow(check, of: table, candidate.digest, fingerprint: fingerprint)
                if canTry(check), let engine {
                    do throws(Failure) {
                        try context.cancellation.check()
                        if !isReady { try attachForChecks(candidate, to: engine) }
                        isReady = true
                        try run(check, into: &row, on: engine)
                    } catch {
                        guard error.concernsOneModel else { throw error }
                        outcome.failures.append(check.check.failure(error))
                        continue
                    }
                }
            }
            outcome.checks.append(row)
            guard row.state == .failed else { continue }
            if row.severity == .error {
                outcome.failures.append(failure(of: check, row))
            } else {
                outcome.notes.append(
                    "\(check.check.place): \(table) fails its check '\(row.check)', a warning: "
                        + row.failingRowsText
                )
            }
        }
        return outcome
    }

    /// Why a table that fails a check may not be published.
    private func failure(of check: PlannedCheck, _ row: CheckRow) -> Failure {
        Failure(
            .checkFailed,
            "\(row.table) fails its check '\(row.check)': \(row.countText).",
            hint: tables[row.table] == nil
                ? "There is no version of it yet, so it is left out."
                : "It stays as published before, and so does what is made from it.",
            place: check.check.place,
            cause: row.firstText.map { "first \($0)" }
        )
    }

    /// Whether the outcome of every check of the table as it is is known without trying it.
    var knowsChecks: Bool {
        guard !node.checks.isEmpty, let state = tables[table] else { return true }
        return node.checks.allSatisfy { check in
            recorded(check, fingerprint(of: check, on: state)) != nil
        }
    }

    /// What came of a check before, if nothing it follows from changed since.
    private func recorded(_ check: PlannedCheck, _ fingerprint: Digest) -> CheckRow? {
        recordedChecks.first { $0.check == check.check.name && $0.fingerprint == fingerprint }
    }

    /// Digest of all that decides the outcome of a check that compares no versions.
    private func fingerprint(of check: PlannedCheck, on candidate: TableState) -> Digest {
        let inputs = check.tables.map {
            JSONValue.string("\($0) \(tables[$0]?.digest.hex ?? "none")")
        }
        return .of(
            json: .object([
                ("definition", .string(check.definition.hex)),
                ("engine", .string(ModelEngine.name)),
                ("table", .string(candidate.digest.hex)), ("inputs", .array(inputs)),
                ("as_of", check.usesAsOf ? asOf.map { .string($0) } ?? .null : .null),
            ])
        )
    }

    /// Lets the engine see the version to be tried, the one published last, and what else the
    /// checks read, as it is or will be published.
    private func attachForChecks(
        _ candidate: TableState,
        to engine: Connection
    ) throws(Failure) {
        for input in Set(node.checks.flatMap(\.tables)).sorted() {
            guard let snapshot = tables[input]?.snapshot else { continue }
            try engine.attach(snapshot, as: input)
        }
        if let snapshot = candidate.snapshot { try engine.attach(snapshot, as: table) }
        if node.checks.contains(where: \.check.comparesVersions), let last = committed {
            try engine.attach(last, schema: Check.previousSchema, name: table.name)
        }
        if node.checks.contains(where: \.usesAsOf) {
            try ModelEngine.define(asOf: asOf, on: engine)
        }
    }

    /// Whether there is what a check is held against.
    private func canTry(_ check: PlannedCheck) -> Bool {
        switch check.check.kind {
        case .change: committed != nil
        case .freshness: asOf != nil
        default: true
        }
    }

    /// Counts the rows that break a check, and takes a sample of them.
    private func run(
        _ check: PlannedCheck,
        into row: inout CheckRow,
        on engine: Connection
    ) throws(Failure) {
        context.event(.progress("\(row.table), its check '\(row.check)'"))
        row.failingRows = try failingRows(of: check, on: engine)
        row.state = row.failingRows > 0 ? .failed : .passed
        if row.failingRows > 0 { row.sample = try sample(of: check, on: engine) }
    }

    private func failingRows(
        of check: PlannedCheck,
        on engine: Connection
    ) throws(Failure) -> Int64 {
        // A statement may end in a comment.
        let result = try engine.query("SELECT count(*) FROM (\(check.statement)\n)")
        guard let chunk = try result.nextChunk() else { return 0 }
        return Int64(try chunk.jsonTexts(row: 0)[0]) ?? 0
    }

    /// The first failing rows in the order of their columns, the key before others.
    private func sample(
        of check: PlannedCheck,
        on engine: Connection
    ) throws(Failure) -> JSONValue {
        let result = try engine.query(
            "SELECT * FROM (\(check.statement)\n) ORDER BY ALL LIMIT \(Self.sampleLimit)"
        )
        var rows: [JSONValue] = []
        while let chunk = try result.nextChunk() {
            for index in 0..<chunk.rowCount {
                let texts = try chunk.jsonTexts(row: index)
                var members: [(key: String, value: JSONValue)] = []
                for (column, text) in zip(result.columns, texts) {
                    members.append((column.name, try Self.sampleCell(text)))
                }
                rows.append(.object(members))
            }
        }
        return .array(rows)
    }

    private static func sampleCell(_ text: String) throws(Failure) -> JSONValue {
        guard text.utf8.count > sampleCellLimit else {
            return try JSONValue(parsing: Array(text.utf8))
        }
        let start = text.utf8.prefix(sampleCellLimit)
        return .string(String(decoding: start, as: UTF8.self) + "…")
    }
}

extension CheckRow {
    /// A check that has not been tried.
    fileprivate init(
        _ check: PlannedCheck,
        of table: TableName,
        _ digest: Digest,
        fingerprint: Digest
    ) {
        self.init(
            table: table,
            check: check.check.name,
            kind: check.check.kindName,
            severity: check.check.severity,
            state: .skipped,
            failingRows: 0,
            sample: nil,
            tableDigest: digest,
            fingerprint: fingerprint
        )
    }

    fileprivate var countText: String { "\(failingRows) row\(failingRows == 1 ? "" : "s")" }

    /// The first row of the sample.
    fileprivate var firstText: String? { sample?.array?.first?.serialized() }

    /// How many rows fail, and the first.
    fileprivate var failingRowsText: String {
        countText + (firstText.map { ", first \($0)" } ?? "")
    }
}

extension Failure.Code {
    /// A table that breaks what its model promises of it.
    static let checkFailed = Self("check.failed", .difference)
}
