import Codecs
import Querying
import Snapshots

/// What FROM puts in sight.
extension ColumnResolver {
    mutating func fromClause(_ node: JSONValue, _ context: Context) -> FromClause {
        var made: FromClause
        switch node["type"]?.string {
        case nil, "EMPTY": return FromClause()
        case "BASE_TABLE": made = baseTable(node, context)
        case "SUBQUERY":
            let query = query(node["subquery"]?["node"] ?? .null, context)
            made = bound(node, named(query.relation), filters: query.filters)
        case "JOIN": return join(node, context)
        case "TABLE_FUNCTION": made = tableFunction(node, context)
        case "EXPRESSION_LIST": made = valuesList(node, context)
        case "PIVOT": made = pivot(node, context)
        default:
            let type = node["type"]?.string ?? ""
            let all = everything(in: node, context).doubted("\(type) is not followed")
            made = bound(node, Relation(rests: [.any(all)]), filters: all)
        }
        made.filters.add(origins(of: node["sample"] ?? .null, context))
        return made
    }

    /// A relation under its alias, or another name if it has none.
    func bound(
        _ node: JSONValue,
        _ relation: Relation,
        name: String = "",
        schema: String? = nil,
        filters: Origins = .none
    ) -> FromClause {
        let alias = node["alias"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let binding = FromClause.Binding(
            name: (alias ?? name).lowercased(),
            schema: schema?.lowercased(),
            table: schema == nil ? nil : name.lowercased(),
            relation: relation.renamed(Self.strings(node["column_name_alias"]))
        )
        return FromClause(binding, filters: filters)
    }

    private mutating func baseTable(_ node: JSONValue, _ context: Context) -> FromClause {
        let path = Self.strings(node["qualified_name"]?["path"])
        let name = path.last ?? ""
        if path.count == 1 || (path.count == 2 && path[0].lowercased() == "recurring"),
            let cte = context.ctes[name.lowercased()]
        {
            return bound(node, cte.relation, name: name, filters: cte.filters)
        }
        guard path.count == 2, let table = try? TableName(layer: path[0], name: path[1]) else {
            let rest = Origins(
                unknown: "'\(path.joined(separator: "."))' is no table of the warehouse"
            )
            return bound(node, Relation(rests: [.any(rest)]), name: name, filters: rest)
        }
        tables.insert(table)
        var relation = Relation()
        if let columns = columns(table) {
            relation.columns = columns.map {
                RelationColumn(
                    name: .given($0),
                    origins: Origins(ColumnName(table, $0)),
                    offset: nil
                )
            }
        } else {
            relation.rests = [.table(table)]
        }
        return bound(node, relation, name: name, schema: path[0])
    }

    private mutating func valuesList(_ node: JSONValue, _ context: Context) -> FromClause {
        var relation = Relation()
        for row in node["values"]?.array ?? [] {
            for (index, cell) in (row.array ?? []).enumerated() {
                let made = origins(of: cell, context)
                if index < relation.columns.count {
                    relation.columns[index].origins.add(made)
                } else {
                    relation.columns.append(
                        RelationColumn(
                            name: .given("col\(index)"),
                            origins: made,
                            offset: offset(of: cell, context)
                        )
                    )
                }
            }
        }
        return bound(node, relation.renamed(Self.strings(node["expected_names"])))
    }

    // MARK: Joins

    private mutating func join(_ node: JSONValue, _ context: Context) -> FromClause {
        let left = fromClause(node["left"] ?? .null, context)
        var lateral = context
        lateral.scope = ColumnScope(left, parent: context.scope)
        let right = fromClause(node["right"] ?? .null, lateral)

        var both = FromClause()
        both.bindings = left.bindings + right.bindings
        both.rests = left.rests + right.rests
        both.filters = left.filters
        both.filters.add(right.filters)
        let kind = node["join_type"]?.string ?? ""
        var using = Self.strings(node["using_columns"])
        if node["ref_type"]?.string == "NATURAL" {
            let there = Set(right.star.compactMap { $0.column.givenName?.lowercased() })
            using = left.star.compactMap(\.column.givenName)
                .filter { there.contains($0.lowercased()) }
            if !both.rests.isEmpty {
                both.rests = [
                    .any(
                        both.all.doubted("which columns a NATURAL JOIN has in common is not known")
                    )
                ]
            }
        }
        let merges = node["ref_type"]?.string == "ASOF" || kind == "FULL" || kind == "OUTER"
        both.star = left.star
        var others = right.star
        for name in using {
            let first = candidates(name, in: left)
            let second = candidates(name, in: right)
            both.filters.add(first.origins)
            both.filters.add(second.origins)
            let index = both.star.firstIndex { Self.isNamed($0.column, name) }
            others.removeAll { Self.isNamed($0.column, name) }
            var column = kind == "RIGHT" ? second : first
            if merges { column = Self.either(first, second) }
            if merges { column.origins = column.origins.computed }
            column.name = index.map { both.star[$0].column.name } ?? .given(name)
            let owners = (left.bindings + right.bindings).map(\.name)
            let merged = FromClause.StarColumn(column: column, owners: owners)
            if let index { both.star[index] = merged } else { both.star.append(merged) }
        }
        both.star += others
        var inner = context
        inner.scope = ColumnScope(both, parent: context.scope)
        for (key, member) in node.object ?? [] where key != "left" && key != "right" {
            both.filters.add(origins(of: member, inner))
        }
        if ["SEMI", "ANTI"].contains(kind) {
            both.bindings = left.bindings
            both.star = left.star
            both.rests = left.rests
        }
        return both
    }

    private static func isNamed(_ column: RelationColumn, _ name: String) -> Bool {
        column.givenName?.lowercased() == name.lowercased()
    }

    /// The column of USING on one side.
    private mutating func candidates(_ name: String, in side: FromClause) -> RelationColumn {
        column([name], at: ColumnScope(side, parent: nil))
            ?? RelationColumn(
                name: .given(name),
                origins: side.all.doubted("the column '\(name)' is not in sight"),
                offset: nil
            )
    }

    // MARK: Functions

    private mutating func tableFunction(_ node: JSONValue, _ context: Context) -> FromClause {
        let function = node["function"] ?? .null
        let name = function["function_name"]?.string?.lowercased() ?? ""
        let hasOrdinality = node["with_ordinality"]?.string == "WITH_ORDINALITY"
        if let body = macroBody(name, function, context) {
            var relation = named(body.relation)
            if hasOrdinality { relation.columns.append(Self.ordinality) }
            return bound(node, relation, name: name, filters: body.filters)
        }
        let arguments = origins(of: function["arguments"] ?? .null, context)
        let place = offset(of: node, context)
        func relation(_ names: [String]) -> Relation {
            Relation(
                columns: names.map {
                    RelationColumn(name: .given($0), origins: arguments, offset: place)
                }
            )
        }
        var made: Relation
        switch name {
        case "unnest", "generate_series", "range":
            let alias = node["alias"]?.string ?? ""
            made = relation([alias.isEmpty ? name : alias])
        case "json_each", "json_tree":
            made = relation([
                "key", "value", "type", "atom", "id", "parent", "fullkey", "path",
            ])
        default:
            let all =
                FunctionRules.tableFunctions.contains(name)
                ? arguments : arguments.doubted("what \(name)() reads is not known")
            made = Relation(rests: [.any(all)])
        }
        if hasOrdinality { made.columns.append(Self.ordinality) }
        return bound(node, made, name: name, filters: arguments)
    }

    private static var ordinality: RelationColumn {
        RelationColumn(name: .given("ordinality"), origins: .none, offset: nil)
    }
}
