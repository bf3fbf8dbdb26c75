package import Codecs
import Snapshots

/// An analysis as JSON, to be kept for the next process.
extension StatementAnalysis {
    /// What `analyze` makes of a statement, beside the statement and the macros: raise it with every
    /// change of its rules, or what was kept would stay.
    package static let version = 1

    /// The analysis.
    package var json: JSONValue {
        .object([
            ("tables", .array(tables.map { .string($0.description) })),
            ("fingerprint", .string(fingerprint.hex)), ("as_of", .bool(usesAsOf)),
            ("functions", .array(functions.map(\.json))),
            ("order", .array(orderSensitive.map(\.json))),
        ])
    }

    /// Reads what `json` made; nil if it is something else.
    package init?(json: JSONValue) {
        guard let names = json["tables"]?.array,
            let fingerprint = json["fingerprint"]?.string.flatMap({ Digest(hex: $0) }),
            let usesAsOf = json["as_of"]?.bool,
            let functions = json["functions"]?.array, let order = json["order"]?.array
        else { return nil }
        let tables = names.compactMap { $0.string.flatMap { try? TableName(parsing: $0) } }
        self.init(
            tables: tables,
            fingerprint: fingerprint,
            usesAsOf: usesAsOf,
            functions: functions.compactMap(Function.init(json:)),
            orderSensitive: order.compactMap(Function.init(json:))
        )
        guard tables.count == names.count, self.functions.count == functions.count,
            orderSensitive.count == order.count
        else { return nil }
    }
}

extension StatementAnalysis.Function {
    fileprivate var json: JSONValue {
        .array([.string(name), .int(Int64(line)), .int(Int64(column))])
    }

    fileprivate init?(json: JSONValue) {
        guard let parts = json.array, parts.count == 3, let name = parts[0].string,
            let line = parts[1].int, let column = parts[2].int
        else { return nil }
        self.init(name: name, line: Int(line), column: Int(column))
    }
}
