package import Diagnostics

extension Failure.Code {
    /// A column type that does not exist.
    package static let unknownType = Self("records.unknown-type")
}

/// The type of a column.
package indirect enum ColumnType: Hashable, Sendable {
    case bool
    case int64
    case double
    /// `precision` digits in all, 1 to 38, of which `scale` behind the point.
    case decimal(precision: Int, scale: Int)
    case uint256
    case string
    case bytes
    /// A day of the years 0001 to 9999.
    case date
    /// Microseconds, UTC, of the years 0001 to 9999.
    case timestamp
    case list(ColumnType)
    case json

    private static let simple: [(String, ColumnType)] = [
        ("bool", .bool), ("int64", .int64), ("double", .double), ("uint256", .uint256),
        ("string", .string), ("bytes", .bytes), ("date", .date), ("timestamp", .timestamp),
        ("json", .json),
    ]

    /// Lists nest at most so deep: readers recurse.
    static let listDepthLimit = 16

    /// How deep lists nest: 0 for anything else.
    var listDepth: Int {
        var depth = 0
        var type = self
        while case .list(let element) = type {
            depth += 1
            type = element
        }
        return depth
    }

    /// Reads the canonical spelling: `int64`, `decimal(38,9)`, `list<string>`.
    /// - Throws: `records.unknown-type`.
    package init(parsing text: String) throws(Failure) {
        guard let type = Self.parse(Substring(text), depth: 0), type.description == text else {
            throw Failure(
                .unknownType,
                "There is no column type \"\(text)\".",
                hint: "Types are bool, int64, double, decimal(p,s) with p up to 38, uint256, "
                    + "string, bytes, date, timestamp, list<T> and json."
            )
        }
        self = type
    }

    private static func parse(_ text: Substring, depth: Int) -> ColumnType? {
        if let type = simple.first(where: { $0.0 == text })?.1 { return type }
        if text.hasPrefix("list<"), text.hasSuffix(">"), depth < listDepthLimit {
            return parse(text.dropFirst(5).dropLast(), depth: depth + 1).map { .list($0) }
        }
        if text.hasPrefix("decimal("), text.hasSuffix(")") {
            let parts = text.dropFirst(8).dropLast()
                .split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count == 2, let precision = Int(parts[0]), let scale = Int(parts[1]),
                (1...38).contains(precision), (0...precision).contains(scale)
            else { return nil }
            return .decimal(precision: precision, scale: scale)
        }
        return nil
    }

    /// Whether a column of this type may be part of a key.
    package var canBeKey: Bool {
        switch self {
        case .int64, .uint256, .decimal, .string, .bytes, .bool, .date, .timestamp: true
        case .double, .list, .json: false
        }
    }
}

extension ColumnType: CustomStringConvertible {
    /// The canonical spelling, as manifests and digests have it.
    package var description: String {
        switch self {
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .list(let element): "list<\(element)>"
        default: Self.simple.first { $0.1 == self }?.0 ?? ""
        }
    }
}
