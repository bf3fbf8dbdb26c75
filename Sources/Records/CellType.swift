/// A column type taken apart for hot loops: no boxes, compared in one instruction.
package struct CellType: Sendable {
    /// What an innermost value is.
    package enum Base: UInt8, Sendable {
        case bool
        case int64
        case double
        case decimal
        case uint256
        case string
        case bytes
        case date
        case timestamp
        case json
    }

    package let base: Base
    /// Lists around the base: 2 for `list<list<string>>`.
    package let listDepth: UInt8
    /// Of a decimal.
    let precision: UInt8
    let scale: UInt8

    /// Takes a type apart.
    package init(_ type: ColumnType) {
        var type = type
        var depth: UInt8 = 0
        while case .list(let element) = type {
            type = element
            depth += 1
        }
        var digits = (precision: 0, scale: 0)
        if case .decimal(let precision, let scale) = type { digits = (precision, scale) }
        base =
            switch type {
            case .bool: .bool
            case .int64: .int64
            case .double: .double
            case .decimal: .decimal
            case .uint256: .uint256
            case .string: .string
            case .bytes: .bytes
            case .date: .date
            case .timestamp: .timestamp
            case .json, .list: .json
            }
        listDepth = depth
        self.precision = UInt8(digits.precision)
        self.scale = UInt8(digits.scale)
    }

    private init(base: Base, listDepth: UInt8, precision: UInt8, scale: UInt8) {
        self.base = base
        self.listDepth = listDepth
        self.precision = precision
        self.scale = scale
    }

    /// The type of the elements of this list.
    var element: CellType {
        CellType(base: base, listDepth: listDepth - 1, precision: precision, scale: scale)
    }
}
