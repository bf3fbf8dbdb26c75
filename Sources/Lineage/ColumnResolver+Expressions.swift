import Codecs
import Querying

/// What expressions are made of, and what names mean.
extension ColumnResolver {
    /// What a value is computed from: every column that is named in its expression, itself or
    /// through macros, and all that decides the rows of its subqueries.
    mutating func origins(of node: JSONValue, _ context: Context) -> Origins {
        var made = Origins.none
        switch node {
        case .array(let elements):
            for element in elements { made.add(origins(of: element, context)) }
        case .object(let members):
            switch node["class"]?.string {
            case "COLUMN_REF":
                made = column(Self.strings(node["column_names"]), context).origins.computed
                return made
            case "POSITIONAL_REFERENCE": return origins(ofPosition: node, context).computed
            case "STAR": return starOrigins(node, context)
            case "SUBQUERY": return subquery(node, context)
            case "LAMBDA": return lambda(node, context)
            case "FUNCTION", "WINDOW":
                let name = node["function_name"]?.string?.lowercased() ?? ""
                if let macro = macroOrigins(name, node, context) { return macro }
                made.hasStructs = Self.makesStruct(name, node["arguments"]?.array ?? [])
            case "CAST", "TYPE":
                let type = node["type_expr"]?["type_name"]?.string ?? node["type_name"]?.string
                made.hasStructs = ["STRUCT", "ROW"].contains(type?.uppercased())
            default:
                let type = node["type"]?.string ?? ""
                if type.hasSuffix("_NODE") {
                    let query = query(node, context)
                    made = query.relation.all
                    made.add(query.filters)
                    return made
                }
            }
            for (_, member) in members { made.add(origins(of: member, context)) }
            if node["class"]?.string == "FUNCTION",
                ["unnest", "unlist"].contains(node["function_name"]?.string?.lowercased())
            {
                unnested.add(made)
            }
        default: break
        }
        return made
    }

    /// What all columns and tables within a node are, where nothing is known of its meaning.
    mutating func everything(in node: JSONValue, _ context: Context) -> Origins {
        var made = origins(of: node, context)
        func tables(_ node: JSONValue) -> [JSONValue] {
            switch node {
            case .array(let elements): elements.flatMap(tables)
            case .object(let members):
                node["type"]?.string == "BASE_TABLE" ? [node] : members.flatMap { tables($0.value) }
            default: []
            }
        }
        for table in tables(node) { made.add(fromClause(table, context).all) }
        return made
    }

    private mutating func subquery(_ node: JSONValue, _ context: Context) -> Origins {
        let query = query(node["subquery"]?["node"] ?? .null, context)
        var made = query.filters
        if node["subquery_type"]?.string?.hasSuffix("EXISTS") != true {
            made.add(query.relation.all)
        }
        made.add(origins(of: node["child"] ?? .null, context))
        return made.computed
    }

    /// `lambda x: …`; `a -> b` is one too, or else takes something out of JSON.
    private mutating func lambda(_ node: JSONValue, _ context: Context) -> Origins {
        let isLambda = node["syntax_type"]?.string == "LAMBDA_KEYWORD"
        let left = node["lhs"] ?? .null
        var inner = context
        var made = Origins.none
        if isLambda {
            let names = Self.references(in: left).map { ($0.lowercased(), Origins.none) }
            inner.scope = ColumnScope(
                parameters: Dictionary(names) { first, _ in first },
                kind: .lambda,
                parent: context.scope
            )
        } else {
            made = origins(of: left, context)
        }
        made.add(origins(of: node["expr"] ?? .null, inner))
        return made
    }

    private static func references(in node: JSONValue) -> [String] {
        switch node {
        case .array(let elements): elements.flatMap(references)
        case .object(let members):
            node["class"]?.string == "COLUMN_REF"
                ? strings(node["column_names"]) : members.flatMap { references(in: $0.value) }
        default: []
        }
    }

    private func origins(ofPosition node: JSONValue, _ context: Context) -> Origins {
        var scope = context.scope
        while let inner = scope, inner.from.bindings.isEmpty { scope = inner.parent }
        guard let from = scope?.from else { return .none }
        let place = Int(node["index"]?.int ?? 0) - 1
        guard from.rests.isEmpty, from.star.indices.contains(place) else { return from.all }
        return from.star[place].column.origins
    }

    // MARK: Names

    /// The column that a name means.
    mutating func column(_ names: [String], _ context: Context) -> RelationColumn {
        var found: RelationColumn?
        var isSettled = false
        var scope = context.scope
        while let inner = scope {
            // A parameter of a macro may be meant where a column has its name.
            if !isSettled || inner.kind == .macro, let here = column(names, at: inner) {
                found = found.map { Self.either($0, here) } ?? here
                isSettled = isSettled || !isDoubtful(names, at: inner)
            }
            scope = inner.parent
        }
        if let found { return found }
        var all = Origins.none
        scope = context.scope
        while let inner = scope {
            all.add(inner.from.all)
            for (_, origins) in inner.parameters { all.add(origins) }
            scope = inner.parent
        }
        let name = names.joined(separator: ".")
        return RelationColumn(
            name: .given(names.last ?? ""),
            origins: all.doubted("the name '\(name)' is not known"),
            offset: nil
        )
    }

    /// Whether a name that means something here may mean something further out as well: a field of
    /// a column that a table could be called like, or a column of a relation whose columns are not
    /// known.
    private func isDoubtful(_ names: [String], at scope: ColumnScope) -> Bool {
        guard scope.kind == .query else { return false }
        let isNamed = scope.from.star.contains {
            $0.column.givenName?.lowercased() == names[0].lowercased()
        }
        if names.count == 1 {
            return !isNamed && scope.aliases[names[0].lowercased()] == nil
        }
        let isQualified = scope.from.bindings.contains {
            $0.name == names[0].lowercased() || $0.schema == names[0].lowercased()
        }
        return !isQualified
    }

    /// The column that a name means, of those of one scope; nil if there is none.
    mutating func column(_ names: [String], at scope: ColumnScope) -> RelationColumn? {
        let words = names.map { $0.lowercased() }
        if let parameter = scope.parameters[words[0]] {
            return RelationColumn(name: .given(names[0]), origins: parameter, offset: nil)
        }
        var found: [RelationColumn] = []
        if words.count >= 3 {
            for binding in scope.from.bindings
            where binding.schema == words[0] && (binding.table ?? "") == words[1] {
                found += fields(names.dropFirst(2), of: binding.relation)
            }
        }
        if words.count >= 2, found.isEmpty {
            for binding in scope.from.bindings where binding.name == words[0] {
                found += fields(names.dropFirst(1), of: binding.relation)
            }
        }
        if found.isEmpty {
            let star = Relation(columns: scope.from.star.map(\.column), rests: scope.from.rests)
            found = fields(names[...], of: star)
        }
        if found.isEmpty, words.count == 1 {
            for binding in scope.from.bindings where binding.name == words[0] {
                var row = binding.relation.all
                row.hasStructs = true
                found.append(RelationColumn(name: .given(names[0]), origins: row, offset: nil))
            }
        }
        if found.isEmpty || scope.prefersAliases, let alias = scope.aliases[words[0]] {
            found.append(words.count == 1 ? alias : Self.field(of: alias))
        }
        guard let first = found.first else { return nil }
        return found.dropFirst().reduce(first, Self.either)
    }

    /// The columns that the first of some names may mean; what follows it are fields.
    private func fields(
        _ names: ArraySlice<String>,
        of relation: Relation
    ) -> [RelationColumn] {
        let name = names.first ?? ""
        func isNamed(_ spelling: String?) -> Bool {
            spelling?.lowercased() == name.lowercased()
        }
        var found = relation.columns.filter { isNamed($0.givenName) }
        // Of columns with one name in one relation the first is meant; those of several relations
        // are of one name only where it does not matter.
        found = Array(found.prefix(1)) + found.dropFirst().filter { $0 != found[0] }
        let isKnown = !found.isEmpty
        for rest in relation.rests {
            // Fields of a struct may have the name of a column that is known.
            if case .table = rest, isKnown { continue }
            found.append(
                RelationColumn(name: .given(name), origins: rest.origins(of: name), offset: nil)
            )
        }
        return names.count > 1 ? found.map(Self.field) : found
    }

    private static func field(of column: RelationColumn) -> RelationColumn {
        var column = column
        column.origins = column.origins.computed
        return column
    }
}
