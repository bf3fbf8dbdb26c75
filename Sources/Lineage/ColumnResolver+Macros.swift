import Codecs
import Querying

/// Macros of the warehouse, and what functions are known to do with columns.
extension ColumnResolver {
    /// What a call of a macro is made of; nil if the function is none.
    mutating func macroOrigins(
        _ name: String,
        _ node: JSONValue,
        _ context: Context
    ) -> Origins? {
        guard let body = macroBody(name, node, context) else { return nil }
        var made = body.relation.all
        made.add(body.filters)
        // An expression filters nothing; it may make rows of a list.
        unnested.add(body.filters)
        for (key, member) in node.object ?? [] where key != "arguments" {
            made.add(origins(of: member, context))
        }
        return made
    }

    /// What the body of a macro gives; nil if the function is none.
    mutating func macroBody(
        _ name: String,
        _ node: JSONValue,
        _ context: Context
    ) -> QueryOrigins? {
        guard connection.macroDefinition(name) != nil else { return nil }
        let arguments = node["arguments"]?.array ?? []
        guard !context.macros.contains(name),
            let overloads = try? connection.macroOverloads(name), !overloads.isEmpty
        else {
            let all = origins(of: .array(arguments), context)
                .doubted("the macro '\(name)' is not followed")
            return QueryOrigins(relation: Relation(rests: [.any(all)]), filters: .none)
        }
        var positional: [Origins] = []
        var named: [String: Origins] = [:]
        for argument in arguments {
            let value = argument["expression"] ?? .null
            let made =
                value["class"]?.string == "COLUMN_REF"
                ? column(Self.strings(value["column_names"]), context).origins
                : origins(of: value, context)
            if let name = argument["name"]?.string?.lowercased(), !name.isEmpty {
                named[name] = made
            } else {
                positional.append(made)
            }
        }
        let fitting = overloads.filter { $0.parameters.count == arguments.count }
        var result: QueryOrigins?
        for overload in fitting.isEmpty ? overloads : fitting {
            var parameters = named
            for (index, parameter) in overload.parameters.enumerated() {
                parameters[parameter] =
                    named[parameter]
                    ?? (index < positional.count ? positional[index] : Origins.none)
            }
            var inner = context
            inner.site = context.site ?? offset(of: node, context)
            inner.macros.append(name)
            inner.scope = ColumnScope(parameters: parameters, kind: .macro, parent: nil)
            let made = query(overload.body.root, inner)
            if var both = result {
                both.filters.add(made.filters)
                both.relation.columns += made.relation.columns
                both.relation.rests += made.relation.rests
                both.relation = both.relation.collapsed(
                    "which body of '\(name)' is meant is not known"
                )
                result = both
            } else {
                result = made
            }
        }
        return result
    }

    /// Whether `unnest` is called in an expression, itself or through macros.
    func containsUnnest(_ node: JSONValue, _ macros: [String] = []) -> Bool {
        switch node {
        case .array(let elements): return elements.contains { containsUnnest($0, macros) }
        case .object(let members):
            if node["class"]?.string == "FUNCTION",
                let name = node["function_name"]?.string?.lowercased()
            {
                if ["unnest", "unlist"].contains(name) { return true }
                if !macros.contains(name), connection.macroDefinition(name) != nil {
                    let bodies = (try? connection.macroBodies(name)) ?? []
                    if bodies.contains(where: { containsUnnest($0.root, macros + [name]) }) {
                        return true
                    }
                }
            }
            return members.contains { containsUnnest($0.value, macros) }
        default: return false
        }
    }

    /// Whether an expression has an aggregate of its own, for certain: GROUP BY ALL does not group
    /// by it.
    func containsAggregate(_ node: JSONValue, _ context: Context) -> Bool {
        switch node {
        case .array(let elements): return elements.contains { containsAggregate($0, context) }
        case .object(let members):
            if node["class"]?.string == "SUBQUERY" { return false }
            if node["class"]?.string == "FUNCTION",
                let name = node["function_name"]?.string?.lowercased()
            {
                if connection.macroDefinition(name) != nil, !context.macros.contains(name) {
                    var inner = context
                    inner.macros.append(name)
                    let bodies = (try? connection.macroBodies(name)) ?? []
                    let areAggregates = bodies.allSatisfy {
                        containsAggregate($0.root["select_list"] ?? .null, inner)
                    }
                    if !bodies.isEmpty, areAggregates { return true }
                } else if FunctionRules.aggregates[name] != nil {
                    return true
                }
            }
            return members.contains { containsAggregate($0.value, context) }
        default: return false
        }
    }

    /// Whether a function may give a struct of what is none.
    static func makesStruct(_ name: String, _ arguments: [JSONValue]) -> Bool {
        func isConstant(_ index: Int) -> Bool {
            guard index < arguments.count else { return true }
            return arguments[index]["expression"]?["class"]?.string == "CONSTANT"
        }
        switch name {
        // With a list of names or parts.
        case "regexp_extract": return !isConstant(2)
        case "date_part", "datepart": return !isConstant(0)
        case "row", "list_zip", "array_zip", "map_entries", "from_json", "from_json_strict",
            "json_transform", "json_transform_strict", "parse_duckdb_log_message":
            return true
        default: return name.contains("struct") || name.contains("variant")
        }
    }

    /// Functions that give a list, so that `unnest` of them makes one column.
    static let lists: Set<String> = [
        "array_agg", "flatten", "generate_series", "json_keys", "list", "list_apply", "list_cat",
        "list_concat", "list_distinct", "list_filter", "list_reverse", "list_reverse_sort",
        "list_slice", "list_sort", "list_transform", "list_value", "list_zip", "map_entries",
        "map_keys", "map_values", "range", "regexp_extract_all", "regexp_split_to_array", "split",
        "str_split", "str_split_regex", "string_split", "string_split_regex", "string_to_array",
    ]
}
