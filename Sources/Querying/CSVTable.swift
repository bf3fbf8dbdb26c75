import Codecs
import Diagnostics
import Records

/// A CSV file as a table: its first line names the columns.
struct CSVTable: ImportTable {
    let columns: [Column]
    let notes: [String]
    private let file: ImportFile
    private let delimiter: UInt8

    /// Reads the file once, so that types hang on all rows.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - delimiter: what separates fields; nil for `,`, and a failure if another one seems to be
    ///     meant.
    /// - Throws: `import.file` with the line.
    init(_ file: ImportFile, delimiter: UInt8?) throws(Failure) {
        self.file = file
        self.delimiter = delimiter ?? UInt8(ascii: ",")
        let header = try Self.header(of: file, self.delimiter, isGiven: delimiter != nil)
        let count = header.names.count
        let (gathered, failure) = try forEachBlock(
            of: file,
            .csv(delimiter: self.delimiter),
            state: { Array(repeating: ValueShape(), count: count) }
        ) { [delimiter = self.delimiter] (block, shapes: inout [ValueShape]) throws(Failure) in
            var replaced = 0
            try Self.forEachRow(of: block, file, delimiter, columns: count) {
                (reader) throws(Failure) in
                for index in 0..<count where !reader.isEmpty(index) {
                    try unsafe reader.withField(index, replaced: &replaced) {
                        (field) throws(Failure) in
                        // "" may be the text of a text column, and is NULL in any other.
                        if !field.isEmpty { unsafe shapes[index].add(field: field) }
                    }
                }
            }
        }
        if let failure { throw failure }
        var shapes = Array(repeating: ValueShape(), count: count)
        for more in gathered {
            for index in shapes.indices { shapes[index].merge(more[index]) }
        }
        columns = header.names.enumerated().map { index, name in
            Column(id: index + 1, name: name, type: shapes[index].textType)
        }
        notes = header.notes
    }

    func rows(
        schema: Schema,
        limit: SortLimit?,
        replaced: inout Int
    ) throws(Failure) -> SortedRows {
        let order = schema.dataColumns.map { column in
            columns.firstIndex { $0.name == column.name } ?? -1
        }
        let types = schema.dataColumns.map(\.type)
        let cellTypes = types.map { CellType($0) }
        return try sortedRows(
            of: file,
            .csv(delimiter: delimiter),
            schema: schema,
            limit: limit,
            replaced: &replaced
        ) { (block, builder, replaced) throws(Failure) in
            try Self.forEachRow(of: block, file, delimiter, columns: columns.count) {
                (reader) throws(Failure) in
                do throws(Failure) {
                    for column in order.indices {
                        let index = order[column]
                        guard index >= 0, !reader.isEmpty(index) else {
                            try builder.null()
                            continue
                        }
                        let fits = try unsafe reader.withField(index, replaced: &replaced) {
                            (field) throws(Failure) in
                            try unsafe Self.append(
                                field,
                                cellTypes[column],
                                as: types[column],
                                to: &builder
                            )
                        }
                        guard fits else {
                            throw file.misfit(
                                try reader.string(index),
                                schema.dataColumns[column],
                                line: reader.line
                            )
                        }
                    }
                    try builder.endRow(order: UInt64(reader.line))
                } catch {
                    throw error.at(Place(file: file.name, line: reader.line))
                }
            }
        }
    }

    private static func append(
        _ field: UnsafeBufferPointer<UInt8>,
        _ cellType: CellType,
        as type: @autoclosure () -> ColumnType,
        to builder: inout RowBuilder
    ) throws(Failure) -> Bool {
        // A field is no list; of a table that has them, `plain` says so.
        let base = cellType.listDepth == 0 ? cellType.base : nil
        if base == .string {
            try unsafe builder.string(utf8: field)
            return true
        }
        guard !field.isEmpty else {
            try builder.null()
            return true
        }
        switch base {
        case .int64:
            guard let value = unsafe JSONNumber.int64(field) else { return false }
            try builder.int64(value)
        case .bool:
            guard let value = unsafe ValueShape.bool(field) else { return false }
            try builder.bool(value)
        case .date:
            guard let days = unsafe CellText.parseDate(field) else { return false }
            try builder.date(days: days)
        case .timestamp:
            guard let micros = unsafe ValueShape.timestamp(field) else { return false }
            try builder.timestamp(micros: micros)
        case .json:
            let text = unsafe Array(field)
            guard let canonical = try? CanonicalJSON.format(parsing: text) else { return false }
            try builder.json(canonical: canonical)
        default: return try unsafe builder.plain(field, as: type())
        }
        return true
    }

    /// Reads the first line.
    private static func header(
        of file: ImportFile,
        _ delimiter: UInt8,
        isGiven: Bool
    ) throws(Failure) -> ColumnNames {
        var blocks = try ImportBlocks(file, .csv(delimiter: delimiter))
        let block = try blocks.next() ?? ImportBlock(bytes: [], index: 0, line: 1, isWhole: true)
        return try unsafe block.bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
            var reader = unsafe CSVReader(block, bytes, of: file, delimiter: delimiter)
            guard try reader.next(), reader.fieldCount > 1 || !reader.isEmpty(0) else {
                throw file.failure(
                    "The first line is empty.",
                    line: 1,
                    hint: "Write the names of the columns in it."
                )
            }
            var names = ColumnNames()
            for index in 0..<reader.fieldCount {
                try names.add(reader.string(index), place: Place(file: file.name, line: 1))
            }
            if !isGiven, names.names.count == 1 {
                try refuseOtherDelimiter(in: reader.string(0), file: file)
            }
            return names
        }
    }

    /// Calls `body` at each row of a block, but for the first line of the file and empty lines,
    /// which in a file of one column are NULL.
    private static func forEachRow(
        of block: ImportBlock,
        _ file: ImportFile,
        _ delimiter: UInt8,
        columns: Int,
        _ body: (borrowing CSVReader) throws(Failure) -> Void
    ) throws(Failure) {
        try unsafe block.bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
            var reader = unsafe CSVReader(block, bytes, of: file, delimiter: delimiter)
            if block.index == 0 { _ = try reader.next() }
            while try reader.next() {
                if reader.fieldCount == columns {
                    try body(reader)
                } else if reader.fieldCount != 1 || !reader.isEmpty(0) {
                    throw file.failure(
                        "The line has \(count(reader.fieldCount, "value")), the first line names "
                            + "\(count(columns, "column")).",
                        line: reader.line,
                        hint: "Quote values that hold the delimiter or a line end: \"a, b\"."
                    )
                }
            }
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    private static func refuseOtherDelimiter(
        in header: String,
        file: ImportFile
    ) throws(Failure) {
        let others = [(";", "a semicolon", "';'"), ("\t", "a tab", "tab"), ("|", "a bar", "'|'")]
        for (delimiter, name, option) in others where header.contains(delimiter) {
            throw file.failure(
                "The first line has \(name) and no comma.",
                line: 1,
                hint: "Say what separates values: --delimiter \(option), or --delimiter ','."
            )
        }
    }
}
