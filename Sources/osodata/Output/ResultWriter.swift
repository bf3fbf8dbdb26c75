import Codecs
import Diagnostics
import Querying
import Records

/// Prints the rows of a query as they come.
struct ResultWriter {
    private let format: QueryCommand.Format
    private let columns: [ResultColumn]
    private var table: TextTable
    private var rows = 0
    /// A terminal table holds its rows to align them; this many at most.
    private static let tableRows = 1_000

    init(format: QueryCommand.Format, columns: [ResultColumn]) {
        self.format = format
        self.columns = columns
        table = TextTable(columns.map { ($0.name, $0.isNumeric ? .right : .left) })
        switch format {
        case .json: Output.text("[")
        case .csv: Output.line(columns.map { Self.csv($0.name) }.joined(separator: ","))
        case .markdown:
            Output.line(
                "| " + columns.map { Self.markdown($0.name) }.joined(separator: " | ") + " |"
            )
            Output.line("|" + columns.map { $0.isNumeric ? " ---: |" : " --- |" }.joined())
        case .table, .ndjson, .parquet: break
        }
    }

    /// Prints a chunk of rows.
    mutating func add(_ chunk: ResultChunk) throws(Failure) {
        for row in 0..<chunk.rowCount {
            let cells = try chunk.jsonTexts(row: row)
            switch format {
            case .table:
                if rows < Self.tableRows { table.add(cells.map(Self.plain)) }
            case .json: Output.text((rows == 0 ? "\n  " : ",\n  ") + object(cells))
            case .ndjson: Output.line(object(cells))
            case .parquet: break
            case .csv:
                Output.line(
                    cells.map { $0 == "null" ? "" : Self.csv(Self.plain($0)) }.joined(
                        separator: ","
                    )
                )
            case .markdown:
                Output.line(
                    "| " + cells.map { Self.markdown(Self.plain($0)) }.joined(separator: " | ")
                        + " |"
                )
            }
            rows += 1
        }
    }

    /// Prints what is left.
    func finish() {
        switch format {
        case .table:
            Output.text(table.rendered())
            if rows > Self.tableRows {
                Output.message(
                    "\(grouped(rows - Self.tableRows)) more rows; all of them: --format csv"
                )
            }
        case .json: Output.line(rows == 0 ? "]" : "\n]")
        case .ndjson, .csv, .markdown, .parquet: break
        }
    }

    private func object(_ cells: [String]) -> String {
        let members = zip(columns, cells).map { column, cell in
            JSONValue.string(column.name).serialized() + ":" + cell
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func plain(_ json: String) -> String { FirstRows.plain(Array(json.utf8)) }

    private static func csv(_ text: String) -> String {
        // Empty text is quoted, NULL is nothing, as `osodata import` reads them.
        guard text.isEmpty || text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline })
        else { return text }
        return "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false).joined(
                separator: "\"\""
            ) + "\""
    }

    private static func markdown(_ text: String) -> String {
        String(text.flatMap { $0 == "|" ? "\\|" : $0.isNewline ? " " : "\($0)" })
    }
}
