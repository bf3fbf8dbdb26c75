package import Diagnostics
package import Snapshots

/// `[sinks.NAME]` of `pipelines.toml`: where tables go when they are published.
package struct Sink: Sendable {
    /// What is done with them.
    package enum Kind: Sendable {
        /// They are written as files.
        case export(Export)
        /// The branch, which has them all, is pushed.
        case push(Push)
    }

    package let name: String
    package let kind: Kind
    package let place: Place

    /// Reads one.
    ///
    /// - Throws: `config.*`, `select.syntax` with line and column.
    init(name: String, _ settings: TOMLSettings) throws(Failure) {
        self.name = name
        place = settings.place()
        switch try settings.requiredString("kind") {
        case "export": kind = .export(try Export(name: name, settings))
        case "push": kind = .push(try Push(settings))
        case let other:
            throw settings.failure(
                "kind",
                "'kind' is \"export\" or \"push\", not \"\(other)\"."
            )
        }
    }

    /// Whether it is pushed to, after all others were written.
    package var isPush: Bool {
        if case .push = kind { true } else { false }
    }
}

extension Sink {
    /// `kind = "push"`.
    package struct Push: Sendable {
        /// A remote that git knows by this name.
        package let remote: String
        /// Where it is named.
        let place: Place

        init(_ settings: TOMLSettings) throws(Failure) {
            try settings.refuseUnknownKeys(["kind", "remote"])
            remote = try settings.requiredString("remote")
            place = settings.place("remote")
        }
    }

    /// `kind = "export"`.
    package struct Export: Sendable {
        /// What files are written as.
        package enum Format: String, CaseIterable, Sendable {
            case parquet, csv, ndjson, duckdb
        }

        /// Writes tables of HEAD to a folder, whole files one by one.
        package typealias Writer =
            @Sendable (_ export: Export, _ tables: [TableName], _ folder: String) throws(Failure)
            -> Void

        /// The sink's.
        package let name: String
        package let format: Format
        /// A folder relative to the warehouse.
        package let path: String
        /// Which tables.
        package let selection: Selection

        init(name: String, _ settings: TOMLSettings) throws(Failure) {
            self.name = name
            try settings.refuseUnknownKeys(["kind", "tables", "format", "path"])
            let format = try settings.string("format") ?? Format.parquet.rawValue
            guard let known = Format(rawValue: format) else {
                throw settings.failure(
                    "format",
                    "There is no format '\(format)'.",
                    hint: "Formats: \(Format.allCases.map(\.rawValue).joined(separator: ", "))."
                )
            }
            self.format = known
            path = try settings.requiredString("path")
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            let isInside = !parts.contains { ["", ".", ".."].contains($0) }
            guard isInside, let top = parts.first, !Self.taken.contains(String(top)) else {
                throw settings.failure(
                    "path",
                    "'\(path)' cannot be a sink's folder.",
                    hint: "A folder in the warehouse that nothing else uses, as \"public/data\"."
                )
            }
            let words = try settings.strings("tables") ?? []
            let parsed: Selection?
            do { parsed = try Selection.parse(words) } catch {
                throw error.at(settings.place("tables"))
            }
            guard let parsed else {
                throw settings.failure(
                    "tables",
                    "The sink '\(name)' names no tables.",
                    hint: "tables = [\"marts.*\"]"
                )
            }
            selection = parsed
        }

        /// Folders that are not for sinks.
        private static let taken: Set<String> = [
            ".git", ".osodata", "snapshots", "models", "directory",
        ]

        /// The name of a table's file in the folder; all tables have one where they share a database.
        package func file(of table: TableName) -> String {
            format == .duckdb ? "warehouse.duckdb" : "\(table).\(format.rawValue)"
        }
    }
}

/// What became of a sink in a run.
package struct SinkOutcome: Sendable {
    package let name: String
    /// Tables that were written to files, or were to be.
    package let tables: [TableName]
    /// How much it was given, or was to be, in words.
    package let amount: String
    /// Where the branch was pushed to, if it was.
    package var pushedTo: PushTarget?
    /// Why it failed; nil if it did not.
    package let failure: Failure?
    package let seconds: Double
}
