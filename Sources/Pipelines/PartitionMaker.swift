import Diagnostics
import Lineage
import Querying
import Records
import Snapshots

/// Makes the rows of a model's partitions, one after the other, on an engine.
struct PartitionMaker {
    /// Where inputs that are cut lie whole.
    private static let schema = "osodata_whole"

    private let model: Model
    private let partitioning: Partitioning
    private let inputs: [TableName: any ScanSource]
    private let engine: Connection
    private let limit: SortLimit?
    /// The columns of the model's table.
    let tableSchema: Schema
    /// The type of the column that says which partition a row is in.
    let columnType: ColumnType

    /// Lets the engine see the inputs.
    ///
    /// - Parameters:
    ///   - model: what to run.
    ///   - partitioning: what its header says.
    ///   - inputs: the tables it reads.
    ///   - engine: nobody else uses it; `as_of()` is defined.
    ///   - limit: memory for the rows of a partition.
    ///   - order: in which inputs are read.
    /// - Throws: `query.*`, `model.*`, `lineage.inexact-result`, at the model's file.
    init(
        of model: Model,
        _ partitioning: Partitioning,
        inputs: [TableName: any ScanSource],
        on engine: Connection,
        limit: SortLimit?,
        order: ScanOrder = .stored
    ) throws(Failure) {
        self.model = model
        self.partitioning = partitioning
        self.inputs = inputs
        self.engine = engine
        self.limit = limit
        try Self.attach(inputs, partitioning, to: engine, order: order)
        tableSchema = try ModelEngine.checkedSchema(of: model, connection: engine)
        let column = tableSchema.columns.first { $0.name == partitioning.column }
        guard let type = column?.type, type == .date || type == .timestamp else {
            throw Failure(
                .modelPartition,
                "'\(model.table)' cannot be in partitions by '\(partitioning.column)', which is \(column.map { "\($0.type)" } ?? "no column").",
                hint:
                    "Make it a DATE or a TIMESTAMP: date_trunc('\(partitioning.unit.rawValue)', …)",
                place: partitioning.place
            )
        }
        columnType = type
    }

    /// Lets the engine see the inputs in an order from now on.
    func attach(order: ScanOrder) throws(Failure) {
        try Self.attach(inputs, partitioning, to: engine, order: order)
    }

    private static func attach(
        _ inputs: [TableName: any ScanSource],
        _ partitioning: Partitioning,
        to engine: Connection,
        order: ScanOrder
    ) throws(Failure) {
        for (table, source) in inputs.sorted(by: { $0.key < $1.key }) {
            guard partitioning.inputs[table] != nil else {
                try engine.attach(source, as: table, order: order)
                continue
            }
            try engine.attach(source, schema: schema, name: table.description, order: order)
            try see(table, where: nil, on: engine)
        }
    }

    /// Makes an input that is cut a view of what lies whole.
    private static func see(
        _ table: TableName,
        where condition: String?,
        on engine: Connection
    ) throws(Failure) {
        let layer = quotedIdentifier(table.layer)
        try engine.execute(
            """
            CREATE SCHEMA IF NOT EXISTS \(layer);
            CREATE OR REPLACE VIEW \(layer).\(quotedIdentifier(table.name)) AS
            FROM \(schema).\(quotedIdentifier(table.description)) WHERE \(condition ?? "true")
            """
        )
    }

    /// The rows of a partition, sorted.
    ///
    /// - Throws: `query.*`, `records.duplicate-key`, `model.partition` for a row of another time.
    func rows(of partition: Partition) throws(Failure) -> SortedRows {
        let first = Partition(
            unit: partition.unit,
            number: partition.number - partitioning.lookback
        )
        for (table, column) in partitioning.inputs.sorted(by: { $0.key < $1.key }) {
            guard let source = inputs[table] else { continue }
            let (_, type) = try partitioning.timeColumn(of: table, source.schema)
            try Self.see(
                table,
                where: Self.within(column, type, from: first, to: partition),
                on: engine
            )
        }
        // What is seen of partitions before is for rows of this one.
        let condition =
            partitioning.lookback == 0
            ? nil
            : "\(quotedIdentifier(partitioning.column)) >= "
                + Partitioning.literal(of: partition, columnType)
        let rows = try ModelEngine.rows(
            of: model,
            schema: tableSchema,
            connection: engine,
            limit: limit,
            where: condition
        )
        try check(rows, of: partition)
        return rows
    }

    /// The rows of several partitions together.
    ///
    /// - Throws: as `rows(of:)`.
    func rows(of partitions: [Partition]) throws(Failure) -> SortedRows {
        var builder = RowBuilder(schema: tableSchema, limit: limit)
        for partition in partitions {
            try unsafe rows(of: partition).forEach { (row, _, _) throws(Failure) in
                try unsafe builder.append(row: row)
            }
        }
        return try builder.finishSorted()
    }

    private static func within(
        _ column: String,
        _ type: ColumnType,
        from first: Partition,
        to last: Partition
    ) -> String {
        let name = quotedIdentifier(column)
        return "\(name) >= \(Partitioning.literal(of: first, type)) AND "
            + "\(name) < \(Partitioning.literal(of: last.next, type))"
    }

    /// The rows of a table that lie in some partitions.
    ///
    /// - Parameter partitions: in order of time.
    /// - Returns: what selects them.
    func selection(of partitions: [Partition]) -> RowSelection {
        var ranges: [(start: [UInt8], end: [UInt8])] = []
        var last: Partition?
        for partition in partitions {
            let end = Partitioning.cell(of: partition.next, columnType)
            if let before = last, before.next == partition {
                ranges[ranges.count - 1].end = end
            } else {
                ranges.append((Partitioning.cell(of: partition, columnType), end))
            }
            last = partition
        }
        return RowSelection(in: ranges, of: partitioning.column, schema: tableSchema)
    }

    private func check(_ rows: SortedRows, of partition: Partition) throws(Failure) {
        let selection = selection(of: [partition])
        let reader = RowReader(schema: tableSchema)
        var cells: [Range<Int>] = []
        try unsafe rows.forEach { (row, _, _) throws(Failure) in
            try unsafe reader.cells(row, into: &cells)
            guard unsafe !selection.matches(row, cells) else { return }
            throw Failure(
                .modelPartition,
                "'\(model.table)' makes a row outside the partition \(partition.label) of its inputs.",
                hint:
                    "'\(partitioning.column)' has to be the \(partitioning.unit.rawValue) of the rows it is made from; lookback = 1 and more lets a partition see those before.",
                place: partitioning.place,
                cause: unsafe String(decoding: row.dropLast().prefix(200), as: UTF8.self)
            )
        }
    }

    /// The partitions that the inputs have rows of, found by reading them.
    ///
    /// - Throws: `query.*`, `model.partition` as `PartitionPlan`.
    func partitionsByReading() throws(Failure) -> [Partition] {
        var numbers: Set<Int> = []
        for (table, column) in partitioning.inputs.sorted(by: { $0.key < $1.key }) {
            guard let source = inputs[table] else { continue }
            _ = try partitioning.timeColumn(of: table, source.schema)
            let result = try engine.query(
                """
                SELECT DISTINCT epoch_us(\(quotedIdentifier(column))::TIMESTAMP)
                FROM \(Self.schema).\(quotedIdentifier(table.description))
                """
            )
            while let chunk = try result.nextChunk() {
                for row in 0..<chunk.rowCount {
                    guard let micros = Int64(try chunk.jsonTexts(row: row)[0]) else {
                        throw partitioning.nulls(in: table)
                    }
                    numbers.insert(Partition(unit: partitioning.unit, at: micros).number)
                }
            }
        }
        guard let last = numbers.max() else { return [] }
        for number in numbers {
            numbers.formUnion(number...min(number + partitioning.lookback, last))
        }
        return numbers.sorted().map { Partition(unit: partitioning.unit, number: $0) }
    }
}
