import Codecs
import Diagnostics
import Records
package import Snapshots

/// `[partition]` of a model's header: the table is made in pieces of time, each of the rows of some
/// inputs that lie in it.
///
/// The SELECT is run once a partition, and sees of the tables in `inputs` only the rows of that
/// time (with `lookback`, also of some partitions before). So what a partition is made of is known
/// without running anything, and a row that comes late makes only its partition again.
package struct Partitioning: Sendable {
    package let unit: Partition.Unit
    /// The column of the table that says which partition a row is in; the first of the key.
    package let column: String
    /// The tables that are cut, each with the column of time by which it is.
    package let inputs: [TableName: String]
    /// How many partitions before its own the SELECT sees, too.
    package let lookback: Int
    /// Where the header says so.
    let place: Place

    /// More partitions than this are a mistake: a wrong date among the rows, or too short a unit.
    static let limit = 200_000

    /// Reads the table.
    ///
    /// - Parameters:
    ///   - settings: `[partition]`.
    ///   - key: of the model.
    /// - Throws: `config.*` with line and column.
    init(_ settings: TOMLSettings, key: [String]) throws(Failure) {
        try settings.refuseUnknownKeys(["by", "column", "inputs", "lookback"])
        let by = try settings.requiredString("by")
        guard let unit = Partition.Unit(rawValue: by) else {
            throw settings.failure("by", "'by' is \"hour\", \"day\" or \"month\", not \"\(by)\".")
        }
        self.unit = unit
        column = try settings.requiredString("column")
        guard key.first == column else {
            throw settings.failure(
                "column",
                "The partitions are by '\(column)', which is not the first column of the key.",
                hint: "Rows of a partition have to lie together: key = [\"\(column)\", …]"
            )
        }
        place = settings.place()
        guard let named = try settings.table("inputs"), !named.keys.isEmpty else {
            throw settings.failure(
                "inputs",
                "[partition] names no table that is cut.",
                hint: "inputs = { \"intermediate.events\" = \"created_at\" }"
            )
        }
        var inputs: [TableName: String] = [:]
        for name in named.keys {
            do {
                inputs[try TableName(parsing: name)] = try named.requiredString(name)
            } catch {
                throw error.at(named.place(name))
            }
        }
        self.inputs = inputs
        let lookback = try settings.int("lookback") ?? 0
        guard (0...1_000).contains(lookback) else {
            throw settings.failure("lookback", "'lookback' is a number from 0 to 1000.")
        }
        self.lookback = Int(lookback)
    }

    /// What of it decides the rows.
    var json: JSONValue {
        .object([
            ("by", .string(unit.rawValue)), ("column", .string(column)),
            (
                "inputs",
                .object(
                    inputs.sorted { $0.key < $1.key }.map {
                        ($0.key.description, JSONValue.string($0.value))
                    }
                )
            ),
            ("lookback", .int(Int64(lookback))),
        ])
    }

    /// Refuses tables that the statement does not read.
    ///
    /// - Throws: `model.partition` at the header's place.
    func check(reads tables: [TableName], of model: Model) throws(Failure) {
        for input in inputs.keys.sorted() where !tables.contains(input) {
            throw Failure(
                .modelPartition,
                "[partition] cuts '\(input)', which '\(model.table)' does not read.",
                hint: nearest(to: input, among: Set(tables)).map { "Did you mean '\($0)'?" },
                place: place
            )
        }
    }

    /// The time of a cell; nil if it is none.
    ///
    /// - Parameters:
    ///   - text: JSON of a date or a timestamp.
    ///   - type: which of them.
    /// - Returns: microseconds since 1970.
    static func micros(_ text: [UInt8], _ type: ColumnType) -> Int64? {
        let inner = text.dropFirst().dropLast()
        return unsafe inner.withUnsafeBufferPointer { text in
            switch type {
            case .date: unsafe CellText.parseDate(text).map { Int64($0) * 86_400_000_000 }
            case .timestamp: unsafe CellText.parseTimestamp(text)
            default: nil
            }
        }
    }

    /// JSON of the first cell of a column that lies in a partition or behind it.
    static func cell(of partition: Partition, _ type: ColumnType) -> [UInt8] {
        Array("\"\(text(of: partition, type))\"".utf8)
    }

    /// SQL of the first value of a column that lies in a partition or behind it.
    static func literal(of partition: Partition, _ type: ColumnType) -> String {
        "\(type == .date ? "DATE" : "TIMESTAMP") '\(text(of: partition, type))'"
    }

    private static func text(of partition: Partition, _ type: ColumnType) -> String {
        // What looks back from the first rows may begin before all time.
        let start = max(partition.start, CellText.timestampRange.lowerBound)
        guard type == .date else { return CellText.timestampText(micros: start) }
        // Of a day's hours, those behind the first begin with the next day.
        let (days, rest) = start.quotientAndRemainder(dividingBy: 86_400_000_000)
        return CellText.dateText(days: Int32(clamping: rest > 0 ? days + 1 : days))
    }
}

extension Failure.Code {
    /// A model that cannot be made in partitions.
    static let modelPartition = Self("model.partition")
}
