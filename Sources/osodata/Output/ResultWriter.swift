import Codecs
import Diagnostics
import Diffing
import Glibc
import Querying
import Records

/// Prints the rows of a query as they come.
struct ResultWriter {
    private let format: QueryCommand.Format
    private let columns: [ResultColumn]
    private var table: TextTable
    private var rows = 0
    /// What stands before the cell of each column in a JSON object.
    private let prefixes: [[UInt8]]
    /// The text of a chunk's rows, and of one cell.
    private var text: [UInt8] = []
    private var cell: [UInt8] = []
    /// Whether what is printed could steer a terminal.
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    /// A terminal table holds its rows to align them; this many at most.
    private static let tableRows = 1_000

    init(format: QueryCommand.Format, columns: [ResultColumn]) {
        self.format = format
        self.columns = columns
        table = TextTable(columns.map { ($0.name, $0.isNumeric ? .right : .left) })
        prefixes = columns.enumerated().map { index, column in
            Array("\(index == 0 ? "{" : ",")\(JSONValue.string(column.name).serialized()):".utf8)
        }
        switch format {
        case .json: Output.text("[")
        case .csv:
            var line: [UInt8] = []
            for (index, column) in columns.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                Self.appendCSV(Array(column.name.utf8), to: &line)
            }
            line.append(UInt8(ascii: "\n"))
            Output.bytes(line)
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
            switch format {
            case .table:
                if rows < Self.tableRows {
                    table.add(try chunk.jsonTexts(row: row).map(Self.plain))
                }
            case .json:
                text += (rows == 0 ? "\n  " : ",\n  ").utf8
                try appendObject(row, of: chunk)
            case .ndjson:
                try appendObject(row, of: chunk)
                text.append(UInt8(ascii: "\n"))
            case .parquet: break
            case .csv: try appendCSV(row, of: chunk)
            case .markdown:
                let cells = try chunk.jsonTexts(row: row)
                let line = cells.map { Self.markdown(Self.plain($0)) }.joined(separator: " | ")
                text += "| \(line) |\n".utf8
            }
            rows += 1
        }
        // JSON escapes them, and a table makes them visible.
        if isTerminal, format == .csv || format == .markdown {
            text = Array(
                TextTable.printable(String(decoding: text, as: UTF8.self), lines: true).utf8
            )
        }
        Output.bytes(text)
        text.removeAll(keepingCapacity: true)
    }

    /// Prints what is left.
    func finish() {
        switch format {
        case .table:
            Output.text(table.rendered())
            let hidden = table.hiddenColumns()
            if hidden > 0 {
                Output.message(
                    "\(hidden) of \(columns.count) columns have no room; all of them: --format csv"
                )
            }
            if rows > Self.tableRows {
                Output.message(
                    "\(grouped(rows - Self.tableRows)) more rows; all of them: --format csv"
                )
            }
        case .json: Output.line(rows == 0 ? "]" : "\n]")
        case .ndjson, .csv, .markdown, .parquet: break
        }
    }

    private mutating func appendObject(_ row: Int, of chunk: ResultChunk) throws(Failure) {
        for column in prefixes.indices {
            text += prefixes[column]
            try chunk.appendJSON(row: row, column: column, to: &text)
        }
        text.append(UInt8(ascii: "}"))
    }

    /// Empty text is quoted, NULL is nothing, as `osodata import` reads them.
    private mutating func appendCSV(_ row: Int, of chunk: ResultChunk) throws(Failure) {
        for column in columns.indices {
            if column > 0 { text.append(UInt8(ascii: ",")) }
            cell.removeAll(keepingCapacity: true)
            try chunk.appendJSON(row: row, column: column, to: &cell)
            if cell == Self.null { continue }
            if cell.first == UInt8(ascii: "\"") {
                var decoded: [UInt8] = []
                let isCanonical = unsafe cell.withUnsafeBufferPointer {
                    unsafe CellText.unescapeString($0, into: &decoded)
                }
                // JSON as a statement made it need not be canonical.
                Self.appendCSV(
                    isCanonical
                        ? decoded : Array(Self.plain(String(decoding: cell, as: UTF8.self)).utf8),
                    to: &text
                )
            } else {
                Self.appendCSV(cell, to: &text)
            }
        }
        text.append(UInt8(ascii: "\n"))
    }

    private static let null = Array("null".utf8)

    private static func plain(_ json: String) -> String { FirstRows.plain(Array(json.utf8)) }

    private static func appendCSV(_ value: [UInt8], to out: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let isPlain = value.allSatisfy { byte in
            byte != UInt8(ascii: ",") && byte != quote && byte != UInt8(ascii: "\n")
                && byte != UInt8(ascii: "\r")
        }
        guard value.isEmpty || !isPlain else {
            out += value
            return
        }
        out.append(quote)
        for byte in value {
            if byte == quote { out.append(quote) }
            out.append(byte)
        }
        out.append(quote)
    }

    private static func markdown(_ text: String) -> String {
        String(text.flatMap { $0 == "|" ? "\\|" : $0.isNewline ? " " : "\($0)" })
    }
}
