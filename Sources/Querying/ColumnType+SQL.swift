package import Records

extension ColumnType {
    /// DuckDB's name of the type, for casts.
    package var sqlName: String {
        switch self {
        case .bool: "BOOLEAN"
        case .int64: "BIGINT"
        case .double: "DOUBLE"
        case .decimal(let precision, let scale): "DECIMAL(\(precision), \(scale))"
        case .uint256: "BIGNUM"
        case .string: "VARCHAR"
        case .bytes: "BLOB"
        case .date: "DATE"
        case .timestamp: "TIMESTAMP"
        case .json: "JSON"
        case .list(let element): element.sqlName + "[]"
        }
    }
}
