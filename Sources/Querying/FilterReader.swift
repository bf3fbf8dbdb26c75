import CDuckDB
import Codecs
import Records

/// Reads the conditions DuckDB offers to a scan, as it made them of WHERE, joins and subqueries.
///
/// DuckDB holds the rows against all of them itself. So what is not understood here lets every row
/// through, and what is understood may let through more than it says.
@safe
struct FilterReader {
    private typealias Expression = duckdb_v2_expression

    private let info: duckdb_v2_pushdown_info?
    private let schema: Schema

    init(_ info: duckdb_v2_pushdown_info?, schema: Schema) {
        unsafe self.info = unsafe info
        self.schema = schema
    }

    /// What all conditions together let through.
    func filter() -> RowFilter {
        var count: idx_t = 0
        unsafe duckdb_v2_table_function_filter_pushdown_get_filter_count(info, &count, nil)
        return .and(
            (0..<count).map { index in
                var expression: Expression?
                unsafe duckdb_v2_table_function_filter_pushdown_get_filter(
                    info,
                    index,
                    &expression,
                    nil
                )
                return unsafe filter(expression)
            }
        )
    }

    private func filter(_ expression: Expression?) -> RowFilter {
        let parts = unsafe children(expression)
        switch unsafe kind(expression) {
        case DUCKDB_V2_EXPRESSION_AND: return unsafe .and(parts.map { unsafe filter($0) })
        case DUCKDB_V2_EXPRESSION_OR: return unsafe .or(parts.map { unsafe filter($0) })
        case DUCKDB_V2_EXPRESSION_EQUAL: return unsafe comparison(parts, .equal, .equal)
        case DUCKDB_V2_EXPRESSION_NOT_EQUAL:
            return unsafe comparison(parts, .notEqual, .notEqual)
        case DUCKDB_V2_EXPRESSION_LESS: return unsafe comparison(parts, .less, .greater)
        case DUCKDB_V2_EXPRESSION_LESS_OR_EQUAL:
            return unsafe comparison(parts, .lessOrEqual, .greaterOrEqual)
        case DUCKDB_V2_EXPRESSION_GREATER: return unsafe comparison(parts, .greater, .less)
        case DUCKDB_V2_EXPRESSION_GREATER_OR_EQUAL:
            return unsafe comparison(parts, .greaterOrEqual, .lessOrEqual)
        case DUCKDB_V2_EXPRESSION_NOT_DISTINCT:
            // From a value that is not NULL: equal.
            return unsafe comparison(parts, .equal, .equal)
        case DUCKDB_V2_EXPRESSION_BETWEEN: return unsafe between(parts)
        case DUCKDB_V2_EXPRESSION_IN: return unsafe anyOf(parts)
        case DUCKDB_V2_EXPRESSION_IS_NULL:
            return unsafe column(parts.first ?? nil).map { .isNull(column: $0) } ?? .all
        case DUCKDB_V2_EXPRESSION_IS_NOT_NULL:
            return unsafe column(parts.first ?? nil).map { .isNotNull(column: $0) } ?? .all
        case DUCKDB_V2_EXPRESSION_COLUMN: return unsafe isTrue(expression, "true")
        case DUCKDB_V2_EXPRESSION_NOT: return unsafe isTrue(parts.first ?? nil, "false")
        case DUCKDB_V2_EXPRESSION_FUNCTION: return unsafe call(expression, parts)
        default: return .all
        }
    }

    /// A column and a value, on either side.
    private func comparison(
        _ parts: [Expression?],
        _ comparison: RowFilter.Comparison,
        _ mirrored: RowFilter.Comparison
    ) -> RowFilter {
        guard unsafe parts.count == 2 else { return .all }
        if let column = unsafe column(parts[0]), let value = unsafe value(parts[1], of: column) {
            return .compare(column: column, comparison, value)
        }
        if let column = unsafe column(parts[1]), let value = unsafe value(parts[0], of: column) {
            return .compare(column: column, mirrored, value)
        }
        return .all
    }

    /// Both ends are let through, since DuckDB does not tell whether they are.
    private func between(_ parts: [Expression?]) -> RowFilter {
        guard unsafe parts.count == 3, let column = unsafe column(parts[0]) else { return .all }
        let low = unsafe value(parts[1], of: column).map {
            RowFilter.compare(column: column, .greaterOrEqual, $0)
        }
        let high = unsafe value(parts[2], of: column).map {
            RowFilter.compare(column: column, .lessOrEqual, $0)
        }
        return .and([low, high].compactMap { $0 })
    }

    private func anyOf(_ parts: [Expression?]) -> RowFilter {
        guard let column = unsafe column(parts.first ?? nil) else { return .all }
        let values = unsafe parts.dropFirst().map { unsafe value($0, of: column) }
        guard !values.contains(nil) else { return .all }
        return .or(values.compactMap { $0 }.map { .compare(column: column, .equal, $0) })
    }

    /// A column of truth values, alone.
    private func isTrue(_ expression: Expression?, _ cell: String) -> RowFilter {
        guard let column = unsafe column(expression), schema.columns[column].type == .bool,
            let value = RowFilter.Value(cell: Array(cell.utf8), type: .bool)
        else { return .all }
        return .compare(column: column, .equal, value)
    }

    /// A call of a function about how a string begins.
    private func call(_ expression: Expression?, _ parts: [Expression?]) -> RowFilter {
        guard unsafe parts.count == 2, let column = unsafe column(parts[0]),
            schema.columns[column].type == .string,
            let pattern = unsafe text(parts[1])
        else { return .all }
        switch unsafe name(expression) {
        case "prefix", "starts_with", "^@": return .hasPrefix(column: column, pattern)
        case "~~":
            // LIKE, which has no escape character unless one is named.
            let wildcards = Set("%_".utf8)
            return .hasPrefix(column: column, Array(pattern.prefix { !wildcards.contains($0) }))
        default: return .all
        }
    }

    // MARK: Parts of expressions

    private func kind(_ expression: Expression?) -> duckdb_v2_expression_type {
        var kind = duckdb_v2_expression_type(0)
        unsafe duckdb_v2_expression_get_type(expression, &kind, nil)
        return kind
    }

    private func children(_ expression: Expression?) -> [Expression?] {
        var count: idx_t = 0
        unsafe duckdb_v2_expression_get_child_count(expression, &count, nil)
        return unsafe (0..<count).map { index in
            var child: Expression?
            unsafe duckdb_v2_expression_get_child(expression, index, &child, nil)
            return unsafe child
        }
    }

    private func name(_ expression: Expression?) -> String {
        var name = unsafe duckdb_v2_str()
        unsafe duckdb_v2_expression_function_get_name(expression, &name, nil)
        return unsafe String(decoding: bytes(name), as: UTF8.self)
    }

    /// The index of a column alone; nil for anything else.
    private func column(_ expression: Expression?) -> Int? {
        guard unsafe kind(expression) == DUCKDB_V2_EXPRESSION_COLUMN else { return nil }
        var index: idx_t = 0
        var column: idx_t = 0
        guard
            unsafe duckdb_v2_expression_column_ref_get_index(expression, &index, nil) == 0,
            unsafe duckdb_v2_table_function_filter_pushdown_get_column_index(
                info,
                index,
                &column,
                nil
            ) == 0
        else { return nil }
        // The first column of a scan holds nothing.
        let place = Int(truncatingIfNeeded: column) - 1
        return schema.dataColumns.indices.contains(place) ? place : nil
    }

    /// What a constant VARCHAR holds; nil for anything else.
    private func text(_ expression: Expression?) -> [UInt8]? {
        unsafe withConstant(expression) { value, type in
            guard type == .varchar else { return nil }
            return unsafe varchar(value)
        }
    }

    /// A constant as a value of a column; nil if it is none, or not of the column's type.
    private func value(_ expression: Expression?, of column: Int) -> RowFilter.Value? {
        let columnType = schema.columns[column].type
        return unsafe withConstant(expression) { value, type in
            guard type.columnType == columnType, let cell = unsafe cell(value, type) else {
                return nil
            }
            return RowFilter.Value(cell: cell, type: columnType)
        }
    }

    /// The JSON text of a cell with a constant's value; nil for what no cell holds and for types
    /// that statistics have no bounds of.
    private func cell(_ value: duckdb_value?, _ type: EngineType) -> [UInt8]? {
        var text: [UInt8] = []
        switch type {
        case .bool: return unsafe Array((duckdb_get_bool(value) ? "true" : "false").utf8)
        case .signed(8): return unsafe Array("\(duckdb_get_int64(value))".utf8)
        case .double:
            let number = unsafe duckdb_get_double(value)
            guard number.isFinite else { return nil }
            CanonicalJSON.appendDouble(number, to: &text)
            return text
        case .varchar:
            unsafe varchar(value).withUnsafeBufferPointer {
                unsafe CanonicalJSON.appendString($0, to: &text)
            }
            return text
        case .decimal, .bignum:
            return unsafe quoted(Array((takeText(duckdb_get_varchar(value)) ?? "").utf8))
        case .date:
            let days = unsafe duckdb_get_date(value).days
            guard CellText.dateRange.contains(days) else { return nil }
            CellText.appendDate(days: days, to: &text)
            return quoted(text)
        case .timestamp:
            let micros = unsafe duckdb_get_timestamp(value).micros
            guard CellText.timestampRange.contains(micros) else { return nil }
            CellText.appendTimestamp(micros: micros, to: &text)
            return quoted(text)
        default: return nil
        }
    }

    private func quoted(_ text: [UInt8]) -> [UInt8] {
        [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
    }

    private func varchar(_ value: duckdb_value?) -> [UInt8] {
        var text = unsafe duckdb_v2_str()
        unsafe duckdb_v2_value_get_varchar(value, &text, nil)
        return unsafe Array(bytes(text))
    }

    private func bytes(_ text: duckdb_v2_str) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: text.text, count: Int(text.length))
    }

    /// Calls `body` with a constant that is not NULL.
    private func withConstant<R>(
        _ expression: Expression?,
        _ body: (duckdb_value?, EngineType) -> R?
    ) -> R? {
        guard unsafe kind(expression) == DUCKDB_V2_EXPRESSION_CONSTANT else { return nil }
        var value: duckdb_value?
        guard unsafe duckdb_v2_expression_constant_get_value(expression, &value, nil) == 0 else {
            return nil
        }
        defer { unsafe duckdb_destroy_value(&value) }
        guard unsafe !duckdb_is_null_value(value) else { return nil }
        return unsafe body(value, EngineType(duckdb_get_value_type(value)))
    }
}
