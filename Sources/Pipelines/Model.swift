package import Diagnostics
import Foundation
package import Records
package import Snapshots

/// One model: a SELECT that makes a table, with what its header says.
///
/// The file is `models/<layer>/<table>.sql`: a block comment holding TOML, then one SELECT.
package struct Model: Sendable {
    package let table: TableName
    /// Path in the warehouse.
    package let file: String
    /// The whole file; the header is a comment to the engine, so that places stay true.
    package let sql: String
    /// Bytes of `sql` before the statement: the header.
    let statementOffset: Int
    package let key: [String]
    package let description: String?
    /// Who answers for it.
    package let owner: String?
    /// Words to select it by.
    package let tags: [String]
    /// How old its data may be, from `as_of()` to now, before it counts as stale.
    package let freshness: Duration?
    /// How long its statement may take; nil for what `pipelines.toml` says.
    package let timeout: Duration?
    package let cutClass: CutClass
    /// How it is made in pieces of time; nil to make it whole.
    package let partitioning: Partitioning?
    /// Documentation by column.
    package let columnDocs: [String: String]
    /// Columns that were called otherwise before: new name to old.
    package let renames: [String: String]
    /// What the table must keep to be published.
    package let checks: [Check]

    /// Reads a model.
    ///
    /// - Parameters:
    ///   - file: path in the warehouse, `models/<layer>/<table>.sql`.
    ///   - text: the file's text.
    /// - Throws: `config.*` or `model.*` with file, line and column.
    package init(file: String, text: String) throws(Failure) {
        let parts = file.split(separator: "/")
        guard parts.count == 3, parts[2].hasSuffix(".sql") else {
            throw Failure(
                .modelFile,
                "A model is a file models/<layer>/<table>.sql.",
                place: Place(file: file)
            )
        }
        let table: TableName
        do {
            table = try TableName(parsing: "\(parts[1]).\(parts[2].dropLast(4))")
        } catch {
            throw error.at(Place(file: file))
        }
        self.table = table
        self.file = file
        sql = text
        guard table.layer != "raw", table.layer != "meta" else {
            throw Failure(
                .modelFile,
                "The layer '\(table.layer)' is not for models.",
                hint: "Models live in staging, intermediate and marts.",
                place: Place(file: file)
            )
        }

        let header = try Header(text: text, file: file)
        statementOffset = header.length
        let settings = try TOMLSettings(
            parsing: header.toml,
            file: file,
            hint: "Strings need quotes; SQL ends the header at its */, even inside a string."
        )
        try settings.refuseUnknownKeys([
            "key", "description", "class", "columns", "was", "checks", "owner", "tags",
            "timeout", "partition", "freshness",
        ])
        key = try settings.strings("key") ?? []
        description = try settings.string("description")
        owner = try settings.string("owner")
        tags = try settings.strings("tags") ?? []
        freshness = try settings.duration("freshness")
        timeout = try settings.duration("timeout")
        if let named = try settings.string("class") {
            guard let cutClass = CutClass(rawValue: named) else {
                throw settings.failure("class", "'class' is \"large\" or \"small\".")
            }
            self.cutClass = cutClass
        } else {
            cutClass = .standard(forLayer: table.layer)
        }
        partitioning = try settings.table("partition").map { [key] (settings) throws(Failure) in
            try Partitioning(settings, key: key)
        }
        columnDocs = try Self.texts(settings.table("columns"))
        renames = try Self.texts(settings.table("was"))
        checks = try Check.all(in: settings, of: table)
    }

    private static func texts(_ settings: TOMLSettings?) throws(Failure) -> [String: String] {
        var texts: [String: String] = [:]
        for key in settings?.keys ?? [] { texts[key] = try settings?.string(key) }
        return texts
    }

    /// The SQL macros of a warehouse, or empty.
    package static let macrosFile = "models/macros.sql"

    /// Reads every model of a warehouse, sorted by table.
    ///
    /// - Parameters:
    ///   - files: of the warehouse.
    ///   - threads: how many read.
    /// - Returns: the models.
    /// - Throws: `config.*`, `model.file`; of several failures that of the first file.
    package static func load(
        _ files: some WarehouseFiles,
        threads: Int = 1
    ) throws(Failure) -> [Model] {
        let paths = try files.list("models").filter {
            $0.lowercased().hasSuffix(".sql") && $0 != macrosFile
        }
        let models = try parallelMap(paths.count, threads: threads, state: { () }) {
            (index, _) throws(Failure) -> Model in
            let path = paths[index]
            guard path.hasSuffix(".sql") else {
                throw Failure(
                    .modelFile,
                    "The file '\(path)' does not end in \".sql\".",
                    hint: "Rename it, or it would not be read.",
                    place: Place(file: path)
                )
            }
            let text = try files.requiredText(path, hint: "Restore the file.")
            return try Model(file: path, text: text)
        }
        return models.sorted { $0.table < $1.table }
    }
}

/// The first block comment of a model file.
private struct Header {
    /// The comment's text, with blanks for all before it, so that places in it are the file's.
    let toml: String
    /// Bytes up to the end of the comment.
    let length: Int

    init(text: String, file: String) throws(Failure) {
        guard let open = text.range(of: "/*"),
            text[..<open.lowerBound].allSatisfy(\.isWhitespace)
        else {
            throw Failure(
                .modelFile,
                "A model starts with a header comment.",
                hint: "Write /* key = [\"column\"] … */ before the SELECT.",
                place: Place(file: file, line: 1, column: 1)
            )
        }
        let bytes = Array(text.utf8)
        let start = text.utf8.distance(from: text.startIndex, to: open.upperBound)
        guard let end = Self.end(ofCommentIn: bytes, from: start) else {
            throw Failure(
                .modelFile,
                "The header comment does not end.",
                hint: "SQL counts every /* and */, even inside strings: close as many as open.",
                place: Place(file: file, line: 1, column: 1)
            )
        }
        let before = bytes[..<start].map { $0 == UInt8(ascii: "\n") ? $0 : UInt8(ascii: " ") }
        toml = String(decoding: before + bytes[start..<end - 2], as: UTF8.self)
        length = end
    }

    /// The byte after the comment's end; SQL's comments nest.
    private static func end(ofCommentIn bytes: [UInt8], from start: Int) -> Int? {
        var depth = 1
        var index = start
        while index + 1 < bytes.count {
            switch (bytes[index], bytes[index + 1]) {
            case (UInt8(ascii: "/"), UInt8(ascii: "*")): depth += 1
            case (UInt8(ascii: "*"), UInt8(ascii: "/")): depth -= 1
            default:
                index += 1
                continue
            }
            index += 2
            if depth == 0 { return index }
        }
        return nil
    }
}

extension Failure.Code {
    /// A model file that is not one.
    package static let modelFile = Self("model.file")
}
