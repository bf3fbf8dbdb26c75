import Codecs
import Diagnostics
import Lineage
import Records
import Snapshots

/// The partitions that a table has now, each with the digest of all that it is made of.
///
/// That is told by statistics, without reading a row: of an input that is cut, the chunks that may
/// have rows of the partition's time. A chunk on the edge of two belongs to both, so a change next
/// to a partition may make it again, with the same rows.
struct PartitionPlan: Sendable {
    /// In order of time.
    private(set) var partitions: [(partition: Partition, fingerprint: Digest)] = []

    /// A chunk of an input: the partitions whose rows it may hold.
    private struct Piece {
        let input: Int
        let first: Int
        /// With those that look back at them.
        let last: Int
        let digest: Digest
    }

    /// Finds the partitions of a model's table.
    ///
    /// - Parameters:
    ///   - node: the model.
    ///   - partitioning: what its header says.
    ///   - tables: those it reads, as they are.
    ///   - asOf: the value of `as_of()`.
    /// - Throws: `model.partition` for an input without that column of time, with nulls in it, or
    ///   with times of too many partitions; what reading lists of chunks throws.
    init(
        of node: Graph.Node,
        _ partitioning: Partitioning,
        tables: [TableName: TableState],
        asOf: String?
    ) throws(Failure) {
        let cut = partitioning.inputs.keys.sorted()
        var pieces: [Piece] = []
        var layouts: [JSONValue] = []
        for (number, input) in cut.enumerated() {
            guard let snapshot = tables[input]?.snapshot else { continue }
            layouts.append(Self.layout(of: snapshot.schema))
            pieces += try Self.pieces(of: snapshot, number, partitioning)
        }
        let context = JSONValue.object([
            ("statement", .string(node.analysis.fingerprint.hex)),
            ("partition", partitioning.json),
            ("key", .array(node.model.key.map { .string($0) })),
            ("engine", .string(ModelEngine.name)),
            ("as_of", node.analysis.usesAsOf ? asOf.map { .string($0) } ?? .null : .null),
            (
                "whole",
                .array(
                    node.analysis.tables.filter { partitioning.inputs[$0] == nil }.map {
                        .string("\($0) \(tables[$0]?.digest.hex ?? "none")")
                    }
                )
            ),
            ("layouts", .array(layouts)),
        ])
        try sweep(pieces, inputs: cut.count, partitioning, Digest.of(json: context)) {
            Partitioning.tooMany($0, partitioning, node.model)
        }
    }

    /// The last instant there is.
    private static var endOfTime: Int64 { CellText.timestampRange.upperBound }

    /// What of an input's columns decides how its chunks are read.
    private static func layout(of schema: Schema) -> JSONValue {
        .array(schema.columns.map { .string("\($0.name) \($0.type)") })
    }

    private static func pieces(
        of snapshot: Snapshot,
        _ input: Int,
        _ partitioning: Partitioning
    ) throws(Failure) -> [Piece] {
        let (index, type) = try partitioning.timeColumn(of: snapshot.table, snapshot.schema)
        var pieces: [Piece] = []
        for chunk in try snapshot.allChunks() {
            let part = chunk.statistics[index]
            guard part.nulls == 0 else {
                throw partitioning.nulls(in: snapshot.table)
            }
            guard let least = part.minimum.flatMap({ Partitioning.micros($0, type) }),
                let greatest = part.maximum.flatMap({ Partitioning.micros($0, type) })
            else { continue }
            guard Partition(unit: partitioning.unit, at: greatest).end <= Self.endOfTime else {
                throw partitioning.tooLate(in: snapshot.table)
            }
            pieces.append(
                Piece(
                    input: input,
                    first: Partition(unit: partitioning.unit, at: least).number,
                    last: Partition(unit: partitioning.unit, at: greatest).number
                        + partitioning.lookback,
                    digest: chunk.digest
                )
            )
        }
        return pieces
    }

    /// Goes through time: between two places where a chunk begins or ends, all partitions are made
    /// of the same chunks.
    private mutating func sweep(
        _ pieces: [Piece],
        inputs: Int,
        _ partitioning: Partitioning,
        _ context: Digest,
        tooMany: (Int) -> Failure
    ) throws(Failure) {
        // Behind the last rows there is nothing but what looks back.
        let end = (pieces.map(\.last).max() ?? 0) - partitioning.lookback
        let begins = pieces.indices.sorted { pieces[$0].first < pieces[$1].first }
        let ends = pieces.indices.sorted { pieces[$0].last < pieces[$1].last }
        let places = Set(pieces.flatMap { [$0.first, $0.last + 1] }).sorted()
        var (begun, ended) = (0, 0)
        var active: Set<Int> = []
        for (place, next) in zip(places, places.dropFirst()) {
            while begun < begins.count, pieces[begins[begun]].first <= place {
                active.insert(begins[begun])
                begun += 1
            }
            while ended < ends.count, pieces[ends[ended]].last < place {
                active.remove(ends[ended])
                ended += 1
            }
            let count = min(next, end + 1) - place
            guard !active.isEmpty, count > 0 else { continue }
            var lists = [[JSONValue]](repeating: [], count: inputs)
            for index in active.sorted() {
                lists[pieces[index].input].append(.string(pieces[index].digest.hex))
            }
            let chunks = Digest.of(json: .array(lists.map { .array($0) }))
            guard partitions.count + count <= Partitioning.limit else {
                throw tooMany(partitions.count + count)
            }
            for number in place..<place + count {
                let partition = Partition(unit: partitioning.unit, number: number)
                let text = "partition \(partition.label) \(context.hex) \(chunks.hex)"
                partitions.append((partition, Digest.of(text)))
            }
        }
    }
}

extension Partitioning {
    /// The position and type of the column by which an input is cut.
    ///
    /// - Throws: `model.partition`, `model.partition` with a near name.
    func timeColumn(
        of input: TableName,
        _ schema: Schema
    ) throws(Failure) -> (index: Int, type: ColumnType) {
        let name = inputs[input] ?? ""
        guard let index = schema.index(of: name) else {
            let near = nearest(to: name, among: schema.dataColumns.map(\.name))
            throw Failure(
                .modelPartition,
                "'\(input)' has no column '\(name)' to cut it by.",
                hint: near.map { "Did you mean '\($0)'?" },
                place: place
            )
        }
        let type = schema.columns[index].type
        guard type == .date || type == .timestamp else {
            throw Failure(
                .modelPartition,
                "'\(input)' cannot be cut by '\(name)', which is \(type).",
                hint: "A column of time is a DATE or a TIMESTAMP.",
                place: place
            )
        }
        return (index, type)
    }

    /// The failure of an input whose rows are not all in a time.
    func nulls(in input: TableName) -> Failure {
        Failure(
            .modelPartition,
            "Rows of '\(input)' have no '\(inputs[input] ?? "")', so they are in no partition.",
            hint: "Leave them out in a model before, or cut it by another column.",
            place: place
        )
    }

    /// The failure of an input with times that no partition ends behind.
    fileprivate func tooLate(in input: TableName) -> Failure {
        Failure(
            .modelPartition,
            "Rows of '\(input)' have a '\(inputs[input] ?? "")' at the end of time, the year 9999.",
            hint: "Leave them out in a model before: they are no times.",
            place: place
        )
    }

    fileprivate static func tooMany(
        _ count: Int,
        _ partitioning: Partitioning,
        _ model: Model
    ) -> Failure {
        Failure(
            .modelPartition,
            "'\(model.table)' would have \(count) partitions or more, over \(limit).",
            hint:
                "Look for wrong times among the rows, or take longer partitions than \(partitioning.unit.rawValue)s.",
            place: partitioning.place
        )
    }
}
