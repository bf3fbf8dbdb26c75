package import Diagnostics

extension Failure.Code {
    /// Columns or a key that make no table.
    package static let invalidSchema = Self("records.invalid-schema")
}

/// One column of a table.
package struct Column: Hashable, Sendable {
    /// A number that survives renames; in no digest.
    package var id: Int
    package var name: String
    package var type: ColumnType
    package var isNullable: Bool
    package var doc: String?

    /// Makes a column.
    package init(
        id: Int,
        name: String,
        type: ColumnType,
        isNullable: Bool = true,
        doc: String? = nil
    ) {
        self.id = id
        self.name = name
        self.type = type
        self.isNullable = isNullable
        self.doc = doc
    }
}

/// How finely a table is cut.
package enum CutClass: String, Hashable, Sendable {
    /// Fastest to scan.
    case large
    /// Cheapest to change.
    case small

    /// About the bytes of a chunk (T of the format).
    package var target: Int { self == .large ? 1 << 20 : 1 << 16 }

    /// The class of a layer's tables that say nothing of it.
    package static func standard(forLayer layer: String) -> CutClass {
        ["raw", "staging", "intermediate"].contains(layer) ? .large : .small
    }
}

/// The columns of a table in stored order, which of them are its key, and how it is cut.
package struct Schema: Hashable, Sendable {
    /// All stored columns: the key's first, in its order.
    ///
    /// A table without key ends in `_n`, the number of times the row is there, `int64` not null.
    package let columns: [Column]
    /// Names of the key's columns; empty for a multiset.
    package let key: [String]
    package let cutClass: CutClass

    /// Name of the last column of a multiset.
    package static let countColumn = "_n"

    /// Columns of the key.
    package var keyCount: Int { key.count }

    /// Whether rows have no key and are counted instead.
    package var isMultiset: Bool { key.isEmpty }

    /// The columns but `_n`: what builders and scans deal in.
    package var dataColumns: ArraySlice<Column> {
        isMultiset ? columns.dropLast() : columns[...]
    }

    /// The columns by which rows are ordered and cut: the key, or all but `_n` without one.
    package var orderCount: Int { isMultiset ? columns.count - 1 : keyCount }

    /// Makes a schema: key columns move to the front in the key's order and become not null; the
    /// others keep their order.
    ///
    /// `columns` must not have `_n`.
    /// - Throws: `records.invalid-schema` for no columns, a name not of `[A-Za-z_][A-Za-z0-9_]*`
    ///   or used twice (also if only case differs), a key column that is missing, doubled or of a
    ///   type that cannot be compared, lists nested deeper than the format allows.
    package init(columns: [Column], key: [String], cutClass: CutClass) throws(Failure) {
        guard !columns.isEmpty else {
            throw Self.invalid("A table must have a column.")
        }
        var seen: Set<String> = []
        for column in columns {
            guard Self.isName(column.name) else {
                throw Self.invalid(
                    "A column cannot have the name \"\(column.name)\".",
                    hint: "Use letters, digits and \"_\", starting with no digit."
                )
            }
            // SQL takes names that differ in case only as equal.
            guard seen.insert(column.name.lowercased()).inserted else {
                throw Self.invalid("The column \"\(column.name)\" is there twice.")
            }
            guard column.name.lowercased() != Self.countColumn else {
                throw Self.invalid("The column name \"_n\" is reserved.")
            }
            // What is written must be readable: parsing a type has the same limit.
            guard column.type.listDepth <= ColumnType.listDepthLimit else {
                throw Self.invalid(
                    "The column \"\(column.name)\" has lists nested \(column.type.listDepth) deep.",
                    hint: "Lists nest at most \(ColumnType.listDepthLimit) deep; store it as json."
                )
            }
        }
        var stored: [Column] = []
        for name in key {
            guard var column = columns.first(where: { $0.name == name }) else {
                throw Self.invalid("The key names a column \"\(name)\" that is not there.")
            }
            guard !stored.contains(where: { $0.name == name }) else {
                throw Self.invalid("The key names the column \"\(name)\" twice.")
            }
            guard column.type.canBeKey else {
                throw Self.invalid(
                    "The column \"\(name)\" of type \(column.type) cannot be part of a key.",
                    hint: "Keys are of bool, int64, uint256, decimal, string, bytes, date or "
                        + "timestamp."
                )
            }
            column.isNullable = false
            stored.append(column)
        }
        stored += columns.filter { !key.contains($0.name) }
        if key.isEmpty {
            let id = (columns.map(\.id).max() ?? 0) + 1
            stored.append(
                Column(id: id, name: Self.countColumn, type: .int64, isNullable: false)
            )
        }
        self.columns = stored
        self.key = key
        self.cutClass = cutClass
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 255 else { return false }
        func isLetter(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 32)
        }
        return isLetter(first)
            && name.utf8.allSatisfy {
                isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }

    private static func invalid(_ message: String, hint: String? = nil) -> Failure {
        Failure(.invalidSchema, message, hint: hint)
    }

    /// Whether both have columns of the same names and types in one order; what may be null, ids
    /// and docs may differ.
    package func hasColumns(of other: Schema) -> Bool {
        columns.count == other.columns.count
            && zip(columns, other.columns).allSatisfy { $0.name == $1.name && $0.type == $1.type }
    }

    /// Whether the same rows are the same text in the same chunks.
    package func spellsRows(as other: Schema) -> Bool {
        key == other.key && cutClass == other.cutClass && hasColumns(of: other)
    }

    /// Whether both say the same of rows: only ids and docs may differ.
    package func hasLayout(of other: Schema) -> Bool {
        spellsRows(as: other)
            && zip(columns, other.columns).allSatisfy { $0.isNullable == $1.isNullable }
    }

    /// Whether all but the numbers of columns is as in `other`: documentation and cutting, too.
    package func isSame(as other: Schema) -> Bool {
        hasLayout(of: other) && key == other.key && cutClass == other.cutClass
            && columns.map(\.doc) == other.columns.map(\.doc)
    }

    /// The position of a column in the stored order.
    package func index(of name: String) -> Int? { columns.firstIndex { $0.name == name } }
}
