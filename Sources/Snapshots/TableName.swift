package import Diagnostics

/// The name of a table: its layer and its name within the layer, `marts.projects_v1`.
///
/// Both parts are lower-case ASCII (`[a-z][a-z0-9_]*`), so that a name is one thing in SQL, in a
/// path on any file system, and in a digest.
package struct TableName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The first folder under `snapshots/` and the SQL schema.
    package let layer: String
    package let name: String

    /// The layers there are, in the order data flows.
    package static let layers = ["raw", "staging", "intermediate", "marts", "meta"]

    /// Longest name of a table, so that lock files and paths fit every file system.
    private static let nameLimit = 120

    /// Reads `layer.name`.
    /// - Throws: `snapshot.table-name`, saying what is wrong.
    package init(parsing text: some StringProtocol) throws(Failure) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw Failure(
                .tableName,
                "\"\(text)\" is no table name.",
                hint: "Write layer.table, as in marts.projects_v1."
            )
        }
        try self.init(layer: String(parts[0]), name: String(parts[1]))
    }

    /// Makes a name from its parts.
    /// - Throws: `snapshot.table-name`, saying what is wrong.
    package init(layer: String, name: String) throws(Failure) {
        guard Self.layers.contains(layer) else {
            throw Failure(
                .tableName,
                "\"\(layer)\" is no layer.",
                hint: "Layers are \(Self.layers.joined(separator: ", "))."
            )
        }
        guard Self.isValid(name) else {
            throw Failure(
                .tableName,
                "\"\(name)\" cannot name a table.",
                hint:
                    "A name has lower-case letters, digits and _, starts with a letter, and is at "
                    + "most \(Self.nameLimit) characters long."
            )
        }
        self.layer = layer
        self.name = name
    }

    /// Makes a name from the two folders of a path; nil if it is none.
    init?(folders layer: String, _ name: String) {
        guard Self.layers.contains(layer), Self.isValid(name) else { return nil }
        self.layer = layer
        self.name = name
    }

    private static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= nameLimit else { return false }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// `layer.name`.
    package var description: String { "\(layer).\(name)" }

    /// The folder of its snapshot in a repository.
    package var path: String { "snapshots/\(layer)/\(name)" }

    /// Whether the table tells about runs and not about the world; such tables are not part of
    /// the warehouse digest.
    package var isMeta: Bool { layer == "meta" }

    /// By `layer.name` as bytes.
    package static func < (left: TableName, right: TableName) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}
