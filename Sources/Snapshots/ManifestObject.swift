import Codecs
import Diagnostics
import Records

/// Parses the text of a manifest or segment file.
func parseManifestText(_ bytes: [UInt8], file: String) throws(Failure) -> JSONDocument {
    do {
        return try JSONDocument(parsing: bytes)
    } catch {
        throw Failure(
            .malformedManifest,
            "\(file) is not JSON.",
            hint: "osodata verify; git checkout -- snapshots",
            cause: error.message
        )
    }
}

/// One object of a manifest: gives its members with their types checked, and at the end those
/// nobody asked for.
struct ManifestObject {
    private let node: JSONNode
    private let file: String
    private var known: Set<String> = []

    init(_ node: JSONNode, file: String) {
        self.node = node
        self.file = file
    }

    func failure(_ problem: String, cause: Failure? = nil) -> Failure {
        Failure(
            .malformedManifest,
            "\(file) \(problem).",
            hint: "osodata verify",
            cause: cause?.message
        )
    }

    /// Another object of the same file.
    func part(_ node: JSONNode) -> ManifestObject { ManifestObject(node, file: file) }

    /// Whether the object has a member.
    func has(_ name: String) -> Bool { node.kind == .object && node.member(name) != nil }

    private mutating func member(_ name: String) throws(Failure) -> JSONNode {
        guard node.kind == .object else { throw failure("has a value where an object must be") }
        known.insert(name)
        guard let member = node.member(name) else { throw failure("has no \"\(name)\"") }
        return member
    }

    /// Refuses a format we cannot read.
    mutating func checkFormat() throws(Failure) {
        let format = try string("format")
        guard format != Manifest.format else { return }
        guard format.hasPrefix("osodata.") else {
            throw failure("has the format \"\(format)\"")
        }
        throw Failure(
            .unknownFormat,
            "\(file) has the format \"\(format)\"; this program reads \"\(Manifest.format)\".",
            hint: "Upgrade osodata to a version that knows this format."
        )
    }

    mutating func string(_ name: String) throws(Failure) -> String {
        guard let value = try member(name).string else {
            throw failure("has a \"\(name)\" that is no string")
        }
        return value
    }

    mutating func optionalString(_ name: String) throws(Failure) -> String? {
        known.insert(name)
        guard let value = node.member(name), !value.isNull else { return nil }
        return try string(name)
    }

    /// A whole number from 0, small enough that sums of many cannot overflow.
    mutating func count(_ name: String) throws(Failure) -> Int {
        guard let value = try member(name).int64, (0...(1 << 53)).contains(value) else {
            throw failure("has a \"\(name)\" that is no count")
        }
        return Int(value)
    }

    mutating func bool(_ name: String) throws(Failure) -> Bool {
        guard let value = try member(name).bool else {
            throw failure("has a \"\(name)\" that is neither true nor false")
        }
        return value
    }

    mutating func digest(_ name: String) throws(Failure) -> Digest {
        guard let digest = Digest(hex: try string(name)) else {
            throw failure("has a \"\(name)\" that is no SHA-256")
        }
        return digest
    }

    mutating func type(_ name: String) throws(Failure) -> ColumnType {
        let text = try string(name)
        do {
            return try ColumnType(parsing: text)
        } catch {
            throw failure("has the column type \"\(text)\"", cause: error)
        }
    }

    mutating func list(_ name: String) throws(Failure) -> [JSONNode] {
        let value = try member(name)
        guard value.kind == .array else { throw failure("has a \"\(name)\" that is no list") }
        return value.elements
    }

    /// The schema of stated columns, which must already be in stored order.
    func schema(columns: [Column], key: [String], cutClass: CutClass) throws(Failure) -> Schema {
        let stated = key.isEmpty ? Array(columns.dropLast()) : columns
        let schema: Schema
        do {
            schema = try Schema(columns: stated, key: key, cutClass: cutClass)
        } catch {
            throw failure("has columns that make no schema", cause: error)
        }
        let agrees =
            schema.columns.count == columns.count
            && zip(schema.columns, columns).allSatisfy { made, given in
                made.name == given.name && made.type == given.type
                    && made.isNullable == given.isNullable
            }
        guard agrees else { throw failure("has columns out of order or without their count") }
        return schema
    }

    mutating func statistics(
        _ name: String,
        _ schema: Schema
    ) throws(Failure) -> [ColumnStatistics] {
        let object = try member(name)
        guard object.kind == .object else { throw failure("has statistics that are no object") }
        var out: [ColumnStatistics] = []
        out.reserveCapacity(schema.columns.count)
        for column in schema.columns {
            guard let entry = object.member(column.name), entry.kind == .object else {
                throw failure("has no statistics of \"\(column.name)\"")
            }
            var reader = ManifestObject(entry, file: file)
            out.append(
                ColumnStatistics(
                    minimum: entry.member("min").map { Array($0.rawBytes) },
                    maximum: entry.member("max").map { Array($0.rawBytes) },
                    nulls: try reader.count("nulls"),
                    set: entry.member("set").map { $0.elements.map { Array($0.rawBytes) } }
                )
            )
        }
        return out
    }

    /// The members nobody asked for.
    func unknown() throws(Failure) -> UnknownMembers {
        var unknown = UnknownMembers()
        for (name, value) in node.members where !known.contains(name) {
            do {
                unknown.keep(name, try CanonicalJSON.format(parsing: Array(value.rawBytes)))
            } catch {
                throw failure("has a \"\(name)\" that cannot be kept", cause: error)
            }
        }
        return unknown
    }
}
