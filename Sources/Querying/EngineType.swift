import CDuckDB
package import Records

/// A type of DuckDB, as its vectors store values of it.
indirect enum EngineType: Hashable, Sendable {
    case bool
    /// Two's complement of 1, 2, 4, 8 or 16 bytes.
    case signed(bytes: Int)
    case unsigned(bytes: Int)
    case float
    case double
    /// Unscaled value, two's complement of 2, 4, 8 or 16 bytes.
    case decimal(width: Int, scale: Int, bytes: Int)
    case varchar
    case json
    case blob
    case bignum
    case uuid
    case date
    /// Ticks since 1970, `perSecond` of them a second.
    case timestamp(perSecond: Int64)
    /// Index into the names, unsigned of 1, 2 or 4 bytes.
    case enumeration([String], bytes: Int)
    case list(EngineType)
    case array(EngineType, count: Int)
    case structure([Member])
    case map(key: EngineType, value: EngineType)
    /// Microseconds since midnight.
    case time
    case interval
    /// A type no reader knows, by DuckDB's name.
    case other(String)

    /// A field of a STRUCT.
    struct Member: Hashable, Sendable {
        let name: String
        let type: EngineType
    }

    /// Reads a logical type; leaves it to the caller.
    init(_ type: duckdb_logical_type?) {
        switch unsafe duckdb_get_type_id(type) {
        case DUCKDB_TYPE_BOOLEAN: self = .bool
        case DUCKDB_TYPE_TINYINT: self = .signed(bytes: 1)
        case DUCKDB_TYPE_SMALLINT: self = .signed(bytes: 2)
        case DUCKDB_TYPE_INTEGER, DUCKDB_TYPE_SQLNULL: self = .signed(bytes: 4)
        case DUCKDB_TYPE_BIGINT: self = .signed(bytes: 8)
        case DUCKDB_TYPE_HUGEINT: self = .signed(bytes: 16)
        case DUCKDB_TYPE_UTINYINT: self = .unsigned(bytes: 1)
        case DUCKDB_TYPE_USMALLINT: self = .unsigned(bytes: 2)
        case DUCKDB_TYPE_UINTEGER: self = .unsigned(bytes: 4)
        case DUCKDB_TYPE_UBIGINT: self = .unsigned(bytes: 8)
        case DUCKDB_TYPE_UHUGEINT: self = .unsigned(bytes: 16)
        case DUCKDB_TYPE_FLOAT: self = .float
        case DUCKDB_TYPE_DOUBLE: self = .double
        case DUCKDB_TYPE_DECIMAL:
            self = unsafe .decimal(
                width: Int(duckdb_decimal_width(type)),
                scale: Int(duckdb_decimal_scale(type)),
                bytes: Self.bytes(of: duckdb_decimal_internal_type(type))
            )
        case DUCKDB_TYPE_VARCHAR:
            self = unsafe takeText(duckdb_logical_type_get_alias(type)) == "JSON" ? .json : .varchar
        case DUCKDB_TYPE_BLOB: self = .blob
        case DUCKDB_TYPE_BIGNUM: self = .bignum
        case DUCKDB_TYPE_UUID: self = .uuid
        case DUCKDB_TYPE_DATE: self = .date
        case DUCKDB_TYPE_TIMESTAMP, DUCKDB_TYPE_TIMESTAMP_TZ:
            self = .timestamp(perSecond: 1_000_000)
        case DUCKDB_TYPE_TIMESTAMP_S: self = .timestamp(perSecond: 1)
        case DUCKDB_TYPE_TIMESTAMP_MS: self = .timestamp(perSecond: 1_000)
        case DUCKDB_TYPE_TIMESTAMP_NS: self = .timestamp(perSecond: 1_000_000_000)
        case DUCKDB_TYPE_ENUM:
            let names = unsafe (0..<duckdb_enum_dictionary_size(type)).map {
                unsafe takeText(duckdb_enum_dictionary_value(type, idx_t($0))) ?? ""
            }
            self = unsafe .enumeration(
                names,
                bytes: Self.bytes(of: duckdb_enum_internal_type(type))
            )
        case DUCKDB_TYPE_LIST:
            self = unsafe .list(EngineType(taking: duckdb_list_type_child_type(type)))
        case DUCKDB_TYPE_ARRAY:
            self = unsafe .array(
                EngineType(taking: duckdb_array_type_child_type(type)),
                count: Int(duckdb_array_type_array_size(type))
            )
        case DUCKDB_TYPE_STRUCT:
            self = .structure(
                unsafe (0..<duckdb_struct_type_child_count(type)).map { index in
                    unsafe Member(
                        name: takeText(duckdb_struct_type_child_name(type, index)) ?? "",
                        type: EngineType(taking: duckdb_struct_type_child_type(type, index))
                    )
                }
            )
        case DUCKDB_TYPE_MAP:
            self = unsafe .map(
                key: EngineType(taking: duckdb_map_type_key_type(type)),
                value: EngineType(taking: duckdb_map_type_value_type(type))
            )
        case DUCKDB_TYPE_TIME: self = .time
        case DUCKDB_TYPE_INTERVAL: self = .interval
        case DUCKDB_TYPE_TIME_TZ: self = .other("TIME WITH TIME ZONE")
        case DUCKDB_TYPE_BIT: self = .other("BIT")
        case DUCKDB_TYPE_UNION: self = .other("UNION")
        case let id: self = .other("type \(id.rawValue)")
        }
    }

    /// Reads a logical type and frees it.
    init(taking type: duckdb_logical_type?) {
        var type = unsafe type
        unsafe self.init(type)
        unsafe duckdb_destroy_logical_type(&type)
    }

    private static func bytes(of type: duckdb_type) -> Int {
        switch type {
        case DUCKDB_TYPE_UTINYINT: 1
        case DUCKDB_TYPE_SMALLINT, DUCKDB_TYPE_USMALLINT: 2
        case DUCKDB_TYPE_INTEGER, DUCKDB_TYPE_UINTEGER: 4
        case DUCKDB_TYPE_BIGINT: 8
        default: 16
        }
    }

    /// The type of a snapshot's column that holds every value of this type; nil if there is none.
    var columnType: ColumnType? {
        switch self {
        case .bool: .bool
        case .signed(let bytes): bytes <= 8 ? .int64 : nil
        case .unsigned(let bytes): bytes < 8 ? .int64 : nil
        case .float, .double: .double
        case .decimal(let width, let scale, _): .decimal(precision: width, scale: scale)
        case .varchar, .uuid, .enumeration: .string
        case .json: .json
        case .blob: .bytes
        case .bignum: .uint256
        case .date: .date
        case .timestamp(let perSecond): perSecond <= 1_000_000 ? .timestamp : nil
        case .list(let element), .array(let element, _): element.columnType.map { .list($0) }
        case .structure, .map: isJSON ? .json : nil
        case .time, .interval, .other: nil
        }
    }

    /// Whether a value of this type has a text in JSON.
    private var isJSON: Bool {
        switch self {
        case .structure(let members): members.allSatisfy(\.type.isJSON)
        case .map(let key, let value): key.columnType != nil && value.isJSON
        case .list(let element), .array(let element, _): element.isJSON
        case .signed, .unsigned: true
        default: columnType != nil
        }
    }

    /// Whether a column of `type` can take values of this type; some values may still not fit.
    func fits(_ type: ColumnType) -> Bool {
        if columnType == type { return true }
        return switch (self, type) {
        // Declared so by a schema, a whole number may be a decimal without decimals.
        case (.signed, .decimal(_, 0)), (.unsigned, .decimal(_, 0)): true
        case (.signed, .uint256), (.unsigned, .uint256): true
        case (.json, .string): true
        case (.decimal(let width, let scale, _), .decimal(let precision, let columnScale)):
            scale == columnScale && width <= precision
        case (.list(let element), .list(let type)), (.array(let element, _), .list(let type)):
            element.fits(type)
        default: false
        }
    }

    /// What to write instead of an expression of this type, which snapshots do not hold.
    func castHint(of name: String) -> String {
        switch self {
        case .signed, .unsigned:
            "Cast it: sum(…)::BIGINT AS \(name), or ::DECIMAL(38,0) for values past 9.2e18."
        case .timestamp: "Cast it: (…)::TIMESTAMP AS \(name)."
        case .interval:
            "Say it in a unit: date_diff('second', …, …) AS \(name), or cast it: (…)::VARCHAR."
        case .list, .array, .structure, .map: "Cast what is inside: see docs/models.md."
        default: "Cast it: (…)::VARCHAR AS \(name)."
        }
    }

    /// DuckDB's spelling.
    var name: String {
        switch self {
        case .bool: "BOOLEAN"
        case .signed(let bytes):
            [1: "TINYINT", 2: "SMALLINT", 4: "INTEGER", 8: "BIGINT"][bytes] ?? "HUGEINT"
        case .unsigned(let bytes):
            [1: "UTINYINT", 2: "USMALLINT", 4: "UINTEGER", 8: "UBIGINT"][bytes] ?? "UHUGEINT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .decimal(let width, let scale, _): "DECIMAL(\(width),\(scale))"
        case .varchar: "VARCHAR"
        case .json: "JSON"
        case .blob: "BLOB"
        case .bignum: "BIGNUM"
        case .uuid: "UUID"
        case .date: "DATE"
        case .timestamp(let perSecond):
            [1: "TIMESTAMP_S", 1_000: "TIMESTAMP_MS", 1_000_000_000: "TIMESTAMP_NS"][perSecond]
                ?? "TIMESTAMP"
        case .enumeration(let names, _):
            "ENUM(\(names.map(quotedLiteral).joined(separator: ", ")))"
        case .list(let element): "\(element.name)[]"
        case .array(let element, let count): "\(element.name)[\(count)]"
        case .structure(let members):
            "STRUCT("
                + members.map { "\(quotedIdentifier($0.name)) \($0.type.name)" }
                .joined(separator: ", ") + ")"
        case .map(let key, let value): "MAP(\(key.name), \(value.name))"
        case .time: "TIME"
        case .interval: "INTERVAL"
        case .other(let name): name
        }
    }
}

/// A column of a result.
package struct ResultColumn: Sendable {
    package let name: String
    let engineType: EngineType

    /// The format's type; nil for types snapshots do not hold.
    package var type: ColumnType? { engineType.columnType }

    /// DuckDB's spelling of the type.
    package var duckType: String { engineType.name }

    /// What to write instead if there is no `type`; nil otherwise.
    package var hint: String? { type == nil ? engineType.castHint(of: name) : nil }

    /// Whether values are numbers, so that a table aligns them right.
    package var isNumeric: Bool {
        switch engineType {
        case .signed, .unsigned, .float, .double, .decimal, .bignum: true
        default: false
        }
    }

    init(name: UnsafePointer<CChar>?, takingType type: duckdb_logical_type?) {
        self.name = unsafe name.map { unsafe String(cString: $0) } ?? ""
        engineType = unsafe EngineType(taking: type)
    }
}

extension ColumnType {
    /// DuckDB's type that a scan gives for this type.
    var engineName: String {
        switch self {
        case .bool: "BOOLEAN"
        case .int64: "BIGINT"
        case .double: "DOUBLE"
        case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
        case .uint256: "BIGNUM"
        case .string: "VARCHAR"
        case .bytes: "BLOB"
        case .date: "DATE"
        case .timestamp: "TIMESTAMP"
        case .list(let element): "\(element.engineName)[]"
        case .json: "JSON"
        }
    }

    /// The same as a type of the API's version 2, which the caller frees; nil if DuckDB does not
    /// take it.
    func makeType(_ factory: duckdb_v2_factory?) -> duckdb_v2_logical_type? {
        var type: duckdb_v2_logical_type?
        unsafe withEngineText(engineName) { name in
            _ = unsafe duckdb_v2_factory_create_type_from_text(factory, name, &type, nil)
        }
        return unsafe type
    }
}
