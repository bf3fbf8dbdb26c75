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
        var reader = try CSVReader(file, delimiter: self.delimiter)
        let header = try Self.header(&reader, file: file)
        if delimiter == nil, header.names.count == 1 {
            try Self.refuseOtherDelimiter(in: reader.string(0), file: file)
        }
        var shapes = Array(repeating: ValueShape(), count: header.names.count)
        var replaced = 0
        while try Self.next(&reader, columns: shapes.count, file: file) {
            for index in shapes.indices where !reader.isEmpty(index) {
                try unsafe reader.withField(index, replaced: &replaced) { (field) throws(Failure) in
                    // "" may be the text of a text column, and is NULL in any other.
                    if !field.isEmpty { unsafe shapes[index].add(field: field) }
                }
            }
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
        var reader = try CSVReader(file, delimiter: delimiter)
        _ = try Self.header(&reader, file: file)
        let order = schema.dataColumns.map { column in
            (index: columns.firstIndex { $0.name == column.name }, column: column)
        }
        var builder = RowBuilder(schema: schema, limit: limit)
        while try Self.next(&reader, columns: columns.count, file: file) {
            do throws(Failure) {
                for (index, column) in order {
                    guard let index, !reader.isEmpty(index) else {
                        try builder.null()
                        continue
                    }
                    let fits = try unsafe reader.withField(index, replaced: &replaced) {
                        (field) throws(Failure) in
                        try unsafe Self.append(field, as: column.type, to: &builder)
                    }
                    guard fits else {
                        throw file.misfit(try reader.string(index), column, line: reader.line)
                    }
                }
                try builder.endRow()
            } catch {
                throw error.at(Place(file: file.name, line: reader.line))
            }
        }
        return try builder.finishSorted()
    }

    private static func append(
        _ field: UnsafeBufferPointer<UInt8>,
        as type: ColumnType,
        to builder: inout RowBuilder
    ) throws(Failure) -> Bool {
        if type == .string {
            try unsafe builder.string(utf8: field)
            return true
        }
        guard !field.isEmpty else {
            try builder.null()
            return true
        }
        switch type {
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
        default: return try unsafe builder.plain(field, as: type)
        }
        return true
    }

    /// Reads the first line.
    private static func header(
        _ reader: inout CSVReader,
        file: ImportFile
    ) throws(Failure) -> ColumnNames {
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
        return names
    }

    /// Moves to the next row, over empty lines, which in a file of one column are NULL.
    private static func next(
        _ reader: inout CSVReader,
        columns: Int,
        file: ImportFile
    ) throws(Failure) -> Bool {
        while try reader.next() {
            if reader.fieldCount == columns { return true }
            if reader.fieldCount == 1, reader.isEmpty(0) { continue }
            throw file.failure(
                "The line has \(count(reader.fieldCount, "value")), the first line names "
                    + "\(count(columns, "column")).",
                line: reader.line,
                hint: "Quote values that hold the delimiter or a line end: \"a, b\"."
            )
        }
        return false
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
