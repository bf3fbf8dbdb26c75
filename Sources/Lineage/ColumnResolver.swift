import Codecs
import Querying
import Snapshots

/// Follows the columns of a statement's tree down to those of the tables it reads: queries.
///
/// What it does not know it takes to be made of all that stands there, and says so.
struct ColumnResolver {
    /// What a part of the statement is seen from.
    struct Context {
        /// Common table expressions in sight, in lower case.
        var ctes: [String: QueryOrigins] = [:]
        var scope: ColumnScope?
        /// Where the macro is called whose body this is.
        var site: Int?
        /// The macros whose bodies this is in.
        var macros: [String] = []
        /// What `*` and COLUMNS stand for within an expression.
        var star: Origins?
    }

    let connection: Connection
    let columns: (TableName) -> [String]?
    /// The tables that are read.
    var tables: Set<TableName> = []
    /// What the lists are made of that the select list makes rows of.
    var unnested = Origins.none

    init(connection: Connection, columns: @escaping (TableName) -> [String]?) {
        self.connection = connection
        self.columns = columns
    }

    // MARK: Queries

    /// What a query gives: a SELECT, a set operation or a recursive part.
    mutating func query(_ node: JSONValue, _ context: Context) -> QueryOrigins {
        var context = context
        for entry in node["cte_map"]?["map"]?.array ?? [] {
            guard let name = entry["key"]?.string, let value = entry["value"],
                let body = value["query_node"]
            else { continue }
            var made = query(body, context)
            made.relation = named(made.relation.renamed(Self.strings(value["aliases"])))
            context.ctes[name.lowercased()] = made
        }
        switch node["type"]?.string {
        case "SELECT_NODE": return select(node, context)
        case "SET_OPERATION_NODE": return setOperation(node, context)
        case "RECURSIVE_CTE_NODE": return recursion(node, context)
        default:
            let type = node["type"]?.string ?? "a query"
            let all = everything(in: node, context).doubted("\(type) is not followed")
            return QueryOrigins(relation: Relation(rests: [.any(all)]), filters: all)
        }
    }

    private mutating func select(_ node: JSONValue, _ context: Context) -> QueryOrigins {
        let outerUnnested = unnested
        unnested = .none
        defer { unnested = outerUnnested }

        let from = fromClause(node["from_table"] ?? .null, context)
        let scope = ColumnScope(from, parent: context.scope)
        var inner = context
        inner.scope = scope
        inner.star = nil
        var relation = Relation()
        var filters = from.filters
        let groupsByAll = node["aggregate_handling"]?.string == "FORCE_AGGREGATES"
        for item in node["select_list"]?.array ?? [] {
            let made = selectItem(item, inner)
            relation.columns += made.columns
            relation.rests += made.rests
            for column in made.columns {
                guard let name = column.givenName?.lowercased() else { continue }
                scope.aliases[name] =
                    scope.aliases[name].map { Self.either($0, column) } ?? column
            }
            if groupsByAll, !containsAggregate(item, inner) { filters.add(made.all) }
        }
        filters.add(unnested)

        scope.prefersAliases = true
        for group in node["group_expressions"]?.array ?? [] {
            filters.add(origins(ofPlace: group, relation, inner))
        }
        for clause in ["where_clause", "having", "qualify", "sample"] {
            filters.add(origins(of: node[clause] ?? .null, inner))
        }
        filters.add(modifiers(of: node, relation, inner))
        return QueryOrigins(relation: relation, filters: filters)
    }

    /// What ORDER BY, LIMIT and DISTINCT are made of.
    private mutating func modifiers(
        of node: JSONValue,
        _ relation: Relation,
        _ context: Context
    ) -> Origins {
        var filters = Origins.none
        for modifier in node["modifiers"]?.array ?? [] {
            switch modifier["type"]?.string {
            case "ORDER_MODIFIER":
                for order in modifier["orders"]?.array ?? [] {
                    filters.add(
                        origins(ofPlace: order["expression"] ?? .null, relation, context)
                    )
                }
            case "DISTINCT_MODIFIER":
                let targets = modifier["distinct_on_targets"]?.array ?? []
                if targets.isEmpty { filters.add(relation.all) }
                for target in targets { filters.add(origins(ofPlace: target, relation, context)) }
            default: filters.add(origins(of: modifier, context))
            }
        }
        return filters
    }

    /// What an expression of GROUP BY, ORDER BY or DISTINCT ON is made of.
    ///
    /// A number is the place of a column, and ALL is all of them.
    private mutating func origins(
        ofPlace node: JSONValue,
        _ relation: Relation,
        _ context: Context
    ) -> Origins {
        switch node["class"]?.string {
        case "STAR":
            var all = relation.all
            // ALL is COLUMNS(*), of the columns that are selected.
            let isAll = node["expr"]?.isNull != false && node["relation_name"]?.string == ""
            if !isAll { all.add(origins(of: node, context)) }
            return all
        case "POSITIONAL_REFERENCE":
            var made = origins(of: node, context)
            let place = Int(node["index"]?.int ?? 0) - 1
            let isThere = relation.rests.isEmpty && relation.columns.indices.contains(place)
            made.add(isThere ? relation.columns[place].origins : relation.all)
            return made
        case "CONSTANT":
            guard relation.rests.isEmpty, let text = node["literal"]?["text"]?.string,
                let place = Int(text), relation.columns.indices.contains(place - 1)
            else { return relation.rests.isEmpty ? .none : relation.all }
            return relation.columns[place - 1].origins
        default: return origins(of: node, context)
        }
    }

    private mutating func setOperation(_ node: JSONValue, _ context: Context) -> QueryOrigins {
        var parts: [QueryOrigins] = []
        for child in node["children"]?.array ?? [] { parts.append(query(child, context)) }
        let kind = node["setop_type"]?.string ?? ""
        var filters = parts.reduce(into: Origins.none) { $0.add($1.filters) }
        var relation = parts.first?.relation ?? Relation()
        switch kind {
        case "UNION":
            for part in parts.dropFirst() { relation = byPlace(relation, part.relation) }
        case "UNION_BY_NAME":
            for part in parts.dropFirst() { relation = byName(relation, part.relation) }
        case "EXCEPT", "INTERSECT": break
        default:
            for part in parts.dropFirst() { relation.rests += part.relation.rests }
            relation = relation.collapsed("\(kind) is not followed")
        }
        if !(kind.hasPrefix("UNION") && node["setop_all"]?.bool == true) {
            for part in parts { filters.add(part.relation.all) }
        }
        filters.add(modifiers(of: node, relation, seeing(relation, context)))
        return QueryOrigins(relation: relation, filters: filters)
    }

    /// A context in which the columns of a relation are all there is.
    private func seeing(_ relation: Relation, _ context: Context) -> Context {
        var inner = context
        let binding = FromClause.Binding(name: "", schema: nil, table: nil, relation: relation)
        inner.scope = ColumnScope(FromClause(binding), parent: context.scope)
        return inner
    }

    private mutating func recursion(_ node: JSONValue, _ context: Context) -> QueryOrigins {
        let name = node["cte_name"]?.string?.lowercased() ?? ""
        let start = query(node["left"] ?? .null, context)
        var relation = named(start.relation.renamed(Self.strings(node["aliases"])))
        var filters = start.filters
        // Sources only become more, and there are finitely many.
        while true {
            var inner = context
            inner.ctes[name] = QueryOrigins(relation: relation, filters: .none)
            let step = query(node["right"] ?? .null, inner)
            let wider = byPlace(relation, step.relation)
            filters.add(step.filters)
            if wider == relation { break }
            relation = wider
        }
        let keys = node["key_targets"]?.array ?? []
        if node["union_all"]?.bool != true || !keys.isEmpty { filters.add(relation.all) }
        for key in keys { filters.add(origins(of: key, seeing(relation, context))) }
        filters.add(modifiers(of: node, relation, seeing(relation, context)))
        return QueryOrigins(relation: relation, filters: filters)
    }

    private func byPlace(_ first: Relation, _ second: Relation) -> Relation {
        guard first.rests.isEmpty, second.rests.isEmpty,
            first.columns.count == second.columns.count
        else {
            var both = first
            both.columns += second.columns
            both.rests += second.rests
            return both.collapsed("which columns lie one above the other is not known")
        }
        var relation = first
        for (index, column) in second.columns.enumerated() {
            relation.columns[index].origins = first.columns[index].origins.or(column.origins)
        }
        return relation
    }

    private mutating func byName(_ first: Relation, _ second: Relation) -> Relation {
        var relation = first
        for column in second.columns {
            let name = name(of: column)
            if let index = relation.columns.firstIndex(where: {
                self.name(of: $0)?.lowercased() == name?.lowercased()
            }) {
                relation.columns[index].origins = relation.columns[index].origins.or(column.origins)
            } else {
                relation.columns.append(column)
            }
        }
        relation.rests += second.rests
        guard !relation.rests.isEmpty else { return relation }
        return relation.collapsed("which columns have one name is not known")
    }

    // MARK: Names and places

    /// The columns as a subquery hands them on: each with a name of its own.
    func named(_ relation: Relation) -> Relation {
        var relation = relation
        for (index, column) in relation.columns.enumerated() where column.givenName == nil {
            relation.columns[index].name = .given(name(of: column) ?? "?")
        }
        return relation.numbered
    }

    /// What a column is called; nil if DuckDB does not tell.
    func name(of column: RelationColumn) -> String? {
        switch column.name {
        case .given(let name): name
        case .expression(let node): text(of: node)
        }
    }

    /// An expression as DuckDB spells it.
    func text(of node: JSONValue) -> String? {
        guard let text = try? connection.text(of: Self.selecting(node)) else { return nil }
        return text.hasPrefix("SELECT ") ? String(text.dropFirst("SELECT ".count)) : nil
    }

    private static func selecting(_ node: JSONValue) -> JSONValue {
        let none = JSONValue.array([])
        return .object([
            ("type", .string("SELECT_NODE")), ("modifiers", none),
            ("cte_map", .object([("map", none)])), ("select_list", .array([node])),
            (
                "from_table",
                .object([
                    ("type", .string("EMPTY")), ("alias", .string("")), ("sample", .null),
                ])
            ), ("where_clause", .null), ("group_expressions", none), ("group_sets", none),
            ("aggregate_handling", .string("STANDARD_HANDLING")), ("having", .null),
            ("sample", .null), ("qualify", .null),
        ])
    }

    /// Where a node begins; in a macro, where that is called.
    func offset(of node: JSONValue, _ context: Context) -> Int? {
        context.site ?? Self.start(of: node)
    }

    /// The least place within a node: that of an operator is behind its first operand.
    private static func start(of node: JSONValue) -> Int? {
        switch node {
        case .object(let members):
            members.compactMap { key, value in
                // 2^64 - 1, which is no int64, stands for no place.
                key == "query_location" ? value.int.map { Int($0) } : start(of: value)
            }.min()
        case .array(let elements): elements.compactMap(start(of:)).min()
        default: nil
        }
    }

    static func strings(_ node: JSONValue?) -> [String] {
        (node?.array ?? []).compactMap(\.string)
    }

    /// Of two columns that may be meant.
    static func either(_ first: RelationColumn, _ second: RelationColumn) -> RelationColumn {
        var column = first
        if first.origins != second.origins {
            column.origins.add(second.origins)
        }
        return column
    }
}
