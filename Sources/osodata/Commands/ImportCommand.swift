import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Foundation
import Pipelines
import Querying
import Records
import Snapshots

extension ImportFormat: ExpressibleByArgument {}

/// `osodata import`.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract:
            "Make a table of an NDJSON, CSV or Parquet file, or edit it by one, and commit it.",
        discussion: """
            Without a mode the table becomes what the file holds. --append, --update and --delete edit a table \
            that is there: only the parts of it that the file's rows fall into are read and written again.
            """
    )

    /// What the file does to a table that is there.
    enum EditMode: String, EnumerableFlag {
        case append
        case update
        case delete

        static func help(for value: EditMode) -> ArgumentHelp? {
            switch value {
            case .append: "Add the file's rows; one whose key is there is an error."
            case .update:
                "Put the file's rows in the place of those with their keys; add the others."
            case .delete: "Remove the rows whose keys the file has."
            }
        }
    }

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The table, as layer.table.") var table: TableArgument
    @Argument(
        help:
            "The file: .ndjson, .jsonl, .csv, .tsv, .parquet, also .gz or .zst of text; - for standard input."
    )
    var file: String
    @Option(help: "Key columns, comma-separated, in the order in which rows shall lie.")
    var key: String?
    @Option(help: "How finely rows are cut, small or large, if not as the layer says.")
    var `class`: CutClass?
    @Flag var mode: EditMode?
    @Option(help: "ndjson, csv or parquet, if the extension does not tell.")
    var format: ImportFormat?
    @Option(help: "What separates the values of CSV: one character, or tab (default: a comma).")
    var delimiter: DelimiterArgument?
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if file == "-", format == nil {
            throw ValidationError("Standard input has no extension: say --format ndjson or csv.")
        }
        if let mode, key != nil || `class` != nil {
            throw ValidationError("--\(mode.rawValue) goes by the table's own key and class.")
        }
    }

    func run() throws {
        let spooled = file == "-" ? try SpooledInput() : nil
        defer { spooled?.remove() }
        let result = try Import.run(
            warehouse.open(),
            table: table.table,
            source: Import.Source(
                path: spooled?.path ?? file,
                name: file == "-" ? "stdin" : file,
                format: format,
                delimiter: delimiter?.byte
            ),
            mode: importMode,
            options: engine.runnerOptions()
        )
        if json {
            Output.json(
                .object([
                    ("table", .string(result.table.description)),
                    ("rows", .int(Int64(result.rows))), ("digest", .string(result.digest.hex)),
                    ("edit", result.counts.map(Self.json) ?? .null),
                    ("commit", result.commit.map { .string($0) } ?? .null),
                    ("notes", .array(result.notes.map { .string($0) })),
                ])
            )
            return
        }
        Output.line(
            "\(result.table)  \(grouped(result.rows)) rows  \(result.digest.short.prefix(12))"
        )
        if let counts = result.counts { Output.message(Self.text(counts)) }
        for note in result.notes { Output.message("note: \(note)") }
        Output.message(
            result.commit.map {
                "commit \($0.prefix(12)). Look at it: osodata show \(result.table)"
            }
                ?? "The table was like that already; no commit made."
        )
    }
}

extension ImportCommand {
    private var importMode: Import.Mode {
        switch mode {
        case nil:
            .replace(
                key: key?.split(separator: ",").map { $0.trimmingSpaces } ?? [],
                cutClass: `class`
            )
        case .append: .append
        case .update: .update
        case .delete: .delete
        }
    }

    private static func json(_ counts: TableEdit.Counts) -> JSONValue {
        .object([
            ("added", .int(Int64(counts.added))), ("replaced", .int(Int64(counts.replaced))),
            ("unchanged", .int(Int64(counts.unchanged))), ("removed", .int(Int64(counts.removed))),
            ("missing", .int(Int64(counts.missing))),
        ])
    }

    /// What an edit did, as `12 rows added, 3 replaced`.
    private static func text(_ counts: TableEdit.Counts) -> String {
        let parts = [
            (counts.added, "added"), (counts.replaced, "replaced"),
            (counts.unchanged, "there already"), (counts.removed, "removed"),
            (counts.missing, "to remove were not there"),
        ].filter { $0.0 > 0 }
        guard let first = parts.first else { return "no rows" }
        return "\(grouped(first.0)) row\(first.0 == 1 ? "" : "s") \(first.1)"
            + parts.dropFirst().map { ", \(grouped($0.0)) \($0.1)" }.joined()
    }
}

extension CutClass: ExpressibleByArgument {}

/// What separates values: one character of ASCII, or `tab`.
struct DelimiterArgument: ExpressibleByArgument {
    let byte: UInt8

    init?(argument: String) {
        let text = ["tab": "\t", "\\t": "\t"][argument] ?? argument
        guard text.utf8.count == 1, let byte = text.utf8.first, byte < 0x80,
            !["\"", "\n", "\r", "\0"].contains(text)
        else { return nil }
        self.byte = byte
    }
}

/// Standard input as a file, since an import reads its file more than once.
private struct SpooledInput {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory
        let url = folder.appending(path: "osodata-import-\(UUID().uuidString)")
        path = url.path
        guard
            FileManager.default.createFile(
                atPath: path,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            )
        else {
            throw Failure(
                .importSpool,
                "Standard input cannot be kept in \"\(folder.path)\".",
                hint: "Set TMPDIR to a folder that can be written."
            )
        }
        do {
            let file = try FileHandle(forWritingTo: url)
            defer { try? file.close() }
            while let piece = try FileHandle.standardInput.read(upToCount: 1 << 20),
                !piece.isEmpty
            {
                try file.write(contentsOf: piece)
            }
        } catch {
            remove()
            throw Failure(
                .importSpool,
                "Standard input cannot be kept in \"\(folder.path)\".",
                cause: error.localizedDescription
            )
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}

extension Failure.Code {
    /// Standard input cannot be kept in a file.
    fileprivate static let importSpool = Self("import.spool")
}

extension Substring {
    /// The text without spaces around it.
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
