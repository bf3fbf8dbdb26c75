package import Records

/// One way in which the columns or the key of two schemas differ.
package enum SchemaChange: Hashable, Sendable {
    case added(Column)
    case dropped(Column)
    /// The same column id under another name.
    case renamed(from: Column, to: Column)
    case retyped(from: Column, to: Column)
    case nullability(from: Column, to: Column)
    case key(from: [String], to: [String])
    case documented(Column)
    case cutClass(from: CutClass, to: CutClass)

    /// One line for people, without a full stop.
    package var description: String {
        switch self {
        case .added(let column): "column \"\(column.name)\" added (\(column.type))"
        case .dropped(let column): "column \"\(column.name)\" dropped (\(column.type))"
        case .renamed(let from, let to): "column \"\(from.name)\" renamed to \"\(to.name)\""
        case .retyped(let from, let to):
            "column \"\(to.name)\" changed type from \(from.type) to \(to.type)"
        case .nullability(_, let to):
            "column \"\(to.name)\" \(to.isNullable ? "may now be null" : "may no longer be null")"
        case .documented(let column): "column \"\(column.name)\" has another description"
        case .cutClass(let from, let to):
            "class changed from \(from.rawValue) to \(to.rawValue)"
        case .key(let from, let to):
            "key changed from (\(from.joined(separator: ", "))) to (\(to.joined(separator: ", ")))"
        }
    }
}

extension SchemaChange {
    /// What changed as one word, the column if it is one, and its state before and after; for
    /// programs.
    package var parts: (kind: String, column: String?, before: String?, after: String?) {
        switch self {
        case .added(let column):
            ("column_added", column.name, nil, column.type.description)
        case .dropped(let column):
            ("column_dropped", column.name, column.type.description, nil)
        case .renamed(let from, let to): ("column_renamed", to.name, from.name, to.name)
        case .retyped(let from, let to):
            ("column_retyped", to.name, from.type.description, to.type.description)
        case .nullability(let from, let to):
            (
                "column_nullability", to.name, from.isNullable ? "nullable" : "not null",
                to.isNullable ? "nullable" : "not null"
            )
        case .documented(let column): ("column_documented", column.name, nil, column.doc)
        case .key(let from, let to):
            ("key", nil, from.joined(separator: ", "), to.joined(separator: ", "))
        case .cutClass(let from, let to): ("class", nil, from.rawValue, to.rawValue)
        }
    }
}

/// Which column of one schema is which of another, and whether rows can be paired at all.
package struct SchemaComparison: Sendable {
    /// Positions of one column in the rows before and after.
    package struct Pair: Hashable, Sendable {
        package let before: Int
        package let after: Int
    }

    /// What differs; empty for equal schemas.
    package let changes: [SchemaChange]
    /// Columns on both sides, in the order of the schema after.
    package let pairs: [Pair]
    /// Whether both sides name rows by the same columns of the same types, so that rows pair up.
    ///
    /// If not, every row was removed and every row added.
    package let canPairRows: Bool

    /// Compares two schemas: columns pair by name, those left over by column id.
    package init(from before: Schema, to after: Schema) {
        var partner = [Int?](repeating: nil, count: after.columns.count)
        var taken = [Bool](repeating: false, count: before.columns.count)
        func take(_ position: Int, where matches: (Column) -> Bool) {
            guard partner[position] == nil else { return }
            for index in before.columns.indices where !taken[index] {
                guard matches(before.columns[index]) else { continue }
                partner[position] = index
                taken[index] = true
                return
            }
        }
        for position in after.columns.indices {
            let name = after.columns[position].name
            take(position) { $0.name == name }
        }
        for position in after.columns.indices {
            let id = after.columns[position].id
            take(position) { column in
                column.id == id && !after.columns.contains { $0.name == column.name }
            }
        }
        var changes: [SchemaChange] = []
        var pairs: [Pair] = []
        for (position, column) in after.columns.enumerated() {
            guard let index = partner[position] else {
                changes.append(.added(column))
                continue
            }
            let old = before.columns[index]
            pairs.append(Pair(before: index, after: position))
            if old.name != column.name { changes.append(.renamed(from: old, to: column)) }
            if old.type != column.type { changes.append(.retyped(from: old, to: column)) }
            if old.isNullable != column.isNullable {
                changes.append(.nullability(from: old, to: column))
            }
            if old.doc != column.doc { changes.append(.documented(column)) }
        }
        for (index, column) in before.columns.enumerated() where !taken[index] {
            changes.append(.dropped(column))
        }
        let keyPairs = after.keyCount
        let sameKey =
            before.keyCount == keyPairs && before.isMultiset == after.isMultiset
            && (0..<keyPairs).allSatisfy { index in
                partner[index] == index && before.columns[index].type == after.columns[index].type
            }
        let sameColumns =
            !after.isMultiset
            || (before.columns.count == after.columns.count
                && after.columns.indices.allSatisfy { index in
                    partner[index] == index
                        && before.columns[index].type == after.columns[index].type
                })
        if before.key != after.key || !sameKey {
            changes.append(.key(from: before.key, to: after.key))
        }
        if before.cutClass != after.cutClass {
            changes.append(.cutClass(from: before.cutClass, to: after.cutClass))
        }
        self.changes = changes
        self.pairs = pairs
        canPairRows = sameKey && sameColumns
    }
}
