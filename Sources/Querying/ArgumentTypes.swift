import CDuckDB
import Codecs
package import Diagnostics
import Synchronization

/// Learns of which types the arguments of functions in a statement are.
///
/// DuckDB tells the types of a statement's columns only. So the statement is bound, never run,
/// with each argument `e` in question written as `CASE WHEN osodata_type(e, {'sum_17': 0}) THEN e
/// END`: binding `osodata_type` tells us the type of `e`, the name of the field whose it is.
final class ArgumentTypes: Sendable {
    private static let functionName = "osodata_type"

    private let found = Mutex<[String: EngineType]>([:])

    /// Makes the function known to a database.
    func register(on connection: duckdb_connection?) throws(Failure) {
        var function = unsafe duckdb_create_scalar_function()
        defer { unsafe duckdb_destroy_scalar_function(&function) }
        unsafe duckdb_scalar_function_set_name(function, Self.functionName)
        var any = unsafe duckdb_create_logical_type(DUCKDB_TYPE_ANY)
        unsafe duckdb_scalar_function_add_parameter(function, any)
        unsafe duckdb_scalar_function_add_parameter(function, any)
        unsafe duckdb_destroy_logical_type(&any)
        var bool = unsafe duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN)
        unsafe duckdb_scalar_function_set_return_type(function, bool)
        unsafe duckdb_destroy_logical_type(&bool)
        unsafe duckdb_scalar_function_set_extra_info(
            function,
            Unmanaged.passRetained(self).toOpaque(),
            releaseObject
        )
        unsafe duckdb_scalar_function_set_bind(function) { unsafe ArgumentTypes.bind($0) }
        unsafe duckdb_scalar_function_set_function(function) { info, _, _ in
            unsafe duckdb_function_set_error(info, "This function is for binding only.")
        }
        guard unsafe duckdb_register_scalar_function(connection, function) == DuckDBSuccess else {
            throw Failure(.engineStart, "DuckDB did not take the type function.")
        }
    }

    private static func bind(_ info: duckdb_bind_info?) {
        guard let extra = unsafe duckdb_scalar_function_bind_get_extra_info(info) else { return }
        let types = unsafe Unmanaged<ArgumentTypes>.fromOpaque(extra).takeUnretainedValue()
        func type(_ index: idx_t) -> EngineType {
            var expression = unsafe duckdb_scalar_function_bind_get_argument(info, index)
            defer { unsafe duckdb_destroy_expression(&expression) }
            return unsafe EngineType(taking: duckdb_expression_return_type(expression))
        }
        guard case .structure(let members) = type(1), let name = members.first?.name else { return }
        let argument = type(0)
        types.found.withLock { $0[name] = argument }
    }

    /// The types told since the last call, by name.
    func take() -> [String: EngineType] {
        found.withLock { found in
            defer { found = [:] }
            return found
        }
    }

    /// The tree with the first argument of every function of `names` asked for its type.
    static func asking(_ node: JSONValue, of names: Set<String>) -> JSONValue {
        switch node {
        case .array(let elements): return .array(elements.map { asking($0, of: names) })
        case .object(let members):
            let name = node["function_name"]?.string?.lowercased() ?? ""
            let isAsked = node["class"] != nil && names.contains(name)
            return .object(
                members.map { key, value in
                    let value = asking(value, of: names)
                    guard isAsked, key == "arguments" else { return (key, value) }
                    let offset = node["query_location"]?.int ?? -1
                    return (key, ask(value, name: "\(name)_\(offset)"))
                }
            )
        default: return node
        }
    }

    private static func ask(_ arguments: JSONValue, name: String) -> JSONValue {
        guard case .array(var arguments) = arguments, let first = arguments.first,
            let expression = first["expression"]
        else { return arguments }
        func constant(_ literal: JSONValue) -> JSONValue {
            .object([
                ("class", .string("CONSTANT")), ("type", .string("VALUE_CONSTANT")),
                ("literal", literal),
            ])
        }
        func call(_ function: String, _ arguments: [JSONValue]) -> JSONValue {
            .object([
                ("class", .string("FUNCTION")), ("type", .string("FUNCTION")),
                ("function_name", .string(function)),
                ("order_bys", .object([("type", .string("ORDER_MODIFIER"))])),
                ("arguments", .array(arguments)),
                ("qualified_name", .object([("path", .array([.string(function)]))])),
            ])
        }
        let zero = constant(.object([("kind", .string("INTEGER")), ("text", .string("0"))]))
        let mark = call(
            "struct_pack",
            [.object([("name", .string(name)), ("expression", zero)])]
        )
        let question = call(
            functionName,
            [.object([("expression", expression)]), .object([("expression", mark)])]
        )
        arguments[0] = .object([
            (
                "expression",
                .object([
                    ("class", .string("CASE")), ("type", .string("CASE_EXPR")),
                    (
                        "case_checks",
                        .array([
                            .object([("when_expr", question), ("then_expr", expression)])
                        ])
                    ),
                    ("else_expr", constant(.object([("kind", .string("NULL_LITERAL"))]))),
                ])
            )
        ])
        return .array(arguments)
    }
}

/// A function of a statement and the type of its first argument.
package struct TypedCall: Sendable {
    /// In lower case.
    package let name: String
    package let position: SourcePosition?
    /// DuckDB's spelling.
    package let argumentType: String
    /// Whether the argument is a FLOAT or DOUBLE.
    package let isFloating: Bool
}

extension Connection {
    /// The calls of some functions in a statement with the types of their first arguments.
    ///
    /// Calls within macros are not seen. The tables must be there.
    ///
    /// - Throws: `query.*` for a statement that does not bind.
    package func typedCalls(
        of names: Set<String>,
        in tree: StatementTree
    ) throws(Failure) -> [TypedCall] {
        let sql = try text(of: ArgumentTypes.asking(tree.root, of: names))
        _ = database.arguments.take()
        _ = try describe(sql, file: nil)
        return database.arguments.take().map { name, type in
            let parts = name.split(separator: "_")
            let offset = parts.last.flatMap { Int($0) }
            return TypedCall(
                name: parts.dropLast().joined(separator: "_"),
                position: offset.map { SourcePosition(byte: $0, in: tree.sql) },
                argumentType: type.name,
                isFloating: type == .float || type == .double
            )
        }.sorted { first, second in
            let (one, other) = (first.position, second.position)
            return (one?.line ?? 0, one?.column ?? 0) < (other?.line ?? 0, other?.column ?? 0)
        }
    }
}
