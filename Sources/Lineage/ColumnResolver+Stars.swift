import Codecs
import Querying

/// Items of the select list, and `*` and COLUMNS among them.
extension ColumnResolver {
    /// The columns that one item of the select list makes.
    mutating func selectItem(_ item: JSONValue, _ context: Context) -> Relation {
        let place = offset(of: item, context)
        let alias = item["alias"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        switch item["class"]?.string {
        case "STAR": return expandStar(item, context)
        case "COLUMN_REF":
            let names = Self.strings(item["column_names"])
            var found = column(names, context)
            found.name = .given(alias ?? names.last ?? "")
            return Relation(columns: [Self.placed(found, place)])
        case "POSITIONAL_REFERENCE":
            var scope = context.scope
            while let inner = scope, inner.from.bindings.isEmpty { scope = inner.parent }
            let index = Int(item["index"]?.int ?? 0) - 1
            guard let from = scope?.from, from.rests.isEmpty, from.star.indices.contains(index)
            else { break }
            var found = from.star[index].column
            if let alias { found.name = .given(alias) }
            return Relation(columns: [Self.placed(found, place)])
        default: break
        }
        if let star = Self.star(in: item), !Self.unpacks(item) {
            return spread(item, over: star, alias, context)
        }
        let made = origins(of: item, context)
        if made.hasStructs, makesColumns(item) {
            return Relation(rests: [.any(made.doubted("unnest of a struct is not followed"))])
        }
        return Relation(
            columns: [
                RelationColumn(
                    name: alias.map { .given($0) } ?? .expression(item),
                    origins: made,
                    offset: place
                )
            ]
        )
    }

    /// A column that is taken over: it stands where it is computed, or if nowhere, here.
    private static func placed(_ column: RelationColumn, _ place: Int?) -> RelationColumn {
        var column = column
        if column.origins.isUnchanged || column.offset == nil { column.offset = place }
        return column
    }

    /// Whether an item may be the `unnest` of a struct, which makes a column of each field.
    private func makesColumns(_ item: JSONValue) -> Bool {
        guard item["class"]?.string == "FUNCTION", containsUnnest(item) else { return false }
        guard ["unnest", "unlist"].contains(item["function_name"]?.string?.lowercased()) else {
            return true
        }
        let arguments = item["arguments"]?.array ?? []
        guard arguments.count == 1, let argument = arguments[0]["expression"] else { return true }
        let name = argument["function_name"]?.string?.lowercased() ?? ""
        if argument["class"]?.string == "FUNCTION", Self.lists.contains(name),
            connection.macroDefinition(name) == nil
        {
            return false
        }
        return true
    }

    // MARK: Stars

    /// The first `*` or COLUMNS in an expression, subqueries aside.
    private static func star(in node: JSONValue) -> JSONValue? {
        switch node {
        case .array(let elements):
            for element in elements { if let star = star(in: element) { return star } }
        case .object(let members):
            switch node["class"]?.string {
            case "STAR": return node
            case "SUBQUERY": return nil
            default: for (_, member) in members { if let star = star(in: member) { return star } }
            }
        default: break
        }
        return nil
    }

    /// Whether `*COLUMNS(…)` makes arguments of the columns.
    private static func unpacks(_ node: JSONValue) -> Bool {
        switch node {
        case .array(let elements): elements.contains(where: unpacks)
        case .object(let members):
            node["type"]?.string == "OPERATOR_UNPACK" || members.contains { unpacks($0.value) }
        default: false
        }
    }

    /// An expression with COLUMNS in it is one for each of them.
    private mutating func spread(
        _ item: JSONValue,
        over star: JSONValue,
        _ alias: String?,
        _ context: Context
    ) -> Relation {
        let source = expandStar(star, context)
        if star["columns"]?.bool != true {
            // `* LIKE 'a%'` chooses among the columns by name.
            let names = source.columns.compactMap(\.givenName)
            if source.rests.isEmpty, let chosen = chosen(by: item, of: star, among: names) {
                return Relation(
                    columns: source.columns.filter { chosen.contains($0.givenName ?? "") }
                )
            }
            return source.collapsed("which columns '*' is of is not known")
        }
        var relation = Relation()
        for column in source.columns {
            var inner = context
            inner.star = column.origins
            let made = origins(of: item, inner)
            let own = column.givenName ?? ""
            let name = alias.map { $0.replacing("\\0", with: own) } ?? own
            if name.contains("\\") {
                relation.rests.append(.any(made))
            } else {
                relation.columns.append(
                    RelationColumn(
                        name: .given(name),
                        origins: made,
                        offset: offset(of: item, context)
                    )
                )
            }
        }
        if !source.rests.isEmpty || !relation.rests.isEmpty {
            var inner = context
            inner.star = source.all
            relation.rests = [.any(origins(of: item, inner))]
        }
        return relation
    }

    /// What `*` or COLUMNS stands for within an expression.
    mutating func starOrigins(_ node: JSONValue, _ context: Context) -> Origins {
        context.star?.computed ?? expandStar(node, context).all
    }

    /// The columns of `*`, `t.*` or COLUMNS(…).
    mutating func expandStar(_ node: JSONValue, _ context: Context) -> Relation {
        var scope = context.scope
        while let inner = scope, inner.from.bindings.isEmpty { scope = inner.parent }
        guard let from = scope?.from else { return Relation() }
        var stars = from.star
        var rests = from.rests
        if let name = node["relation_name"]?.string, !name.isEmpty {
            let bindings = from.bindings.filter { $0.name == name.lowercased() }
            guard let binding = bindings.first else {
                let all = column([name], context).origins
                return Relation(rests: [.any(all.doubted("the fields of '\(name)' are not known"))])
            }
            stars = FromClause(binding).star
            rests = binding.relation.rests
        }
        let place = offset(of: node, context)
        let source = Relation(columns: stars.map(\.column), rests: rests)
        if let choice = node["expr"], !choice.isNull {
            let names = source.columns.compactMap(\.givenName)
            let isPlain =
                (node["rename_list"]?.array ?? []).isEmpty
                && (node["replace_list"]?.array ?? []).isEmpty
            guard isPlain, rests.isEmpty, let chosen = chosen(by: node, of: node, among: names)
            else {
                return source.collapsed("which columns COLUMNS(…) is of is not known")
            }
            return Relation(
                columns: source.columns.filter { chosen.contains($0.givenName ?? "") }
                    .map { Self.placed($0, place) }
            )
        }
        var excluded: [(table: String?, column: String)] = []
        for name in Self.strings(node["exclude_list"]) { excluded.append((nil, name.lowercased())) }
        for name in node["qualified_exclude_list"]?.array ?? [] {
            let table = name["table"]?.string.flatMap { $0.isEmpty ? nil : $0.lowercased() }
            excluded.append((table, name["column"]?.string?.lowercased() ?? ""))
        }
        var relation = Relation(rests: rests)
        var owners: [[String]] = []
        for star in stars {
            let name = star.column.givenName?.lowercased() ?? ""
            let hits = excluded.filter { table, column in
                column == name && (table.map { star.owners.contains($0) } ?? true)
            }
            if !hits.isEmpty {
                // The other side of USING stays.
                if star.owners.count == 1 || hits.contains(where: { $0.table == nil }) { continue }
                return source.collapsed("which column of USING is left out is not known")
            }
            relation.columns.append(Self.placed(star.column, place))
            owners.append(star.owners)
        }
        for entry in node["rename_list"]?.array ?? [] {
            let old = entry["key"]?["column"]?.string?.lowercased() ?? ""
            let table = entry["key"]?["table"]?.string?.lowercased() ?? ""
            for (index, column) in relation.columns.enumerated()
            where column.givenName?.lowercased() == old
                && (table.isEmpty || owners[index].contains(table))
            {
                relation.columns[index].name = .given(entry["value"]?.string ?? old)
            }
        }
        for entry in node["replace_list"]?.array ?? [] {
            let name = entry["key"]?.string ?? ""
            let value = entry["value"] ?? .null
            let made = selectItem(value, context)
            for (index, column) in relation.columns.enumerated()
            where column.givenName?.lowercased() == name.lowercased() {
                relation.columns[index].origins =
                    made.columns.count == 1 ? made.columns[0].origins : made.all
                relation.columns[index].offset = offset(of: value, context)
            }
            // Of those with one name one is left.
            var isFirst = true
            relation.columns.removeAll { column in
                guard column.givenName?.lowercased() == name.lowercased() else { return false }
                defer { isFirst = false }
                return !isFirst
            }
        }
        return relation
    }

    /// The names that an item with `*` in it takes; DuckDB tells, of a row that has them all.
    private func chosen(
        by item: JSONValue,
        of star: JSONValue,
        among names: [String]
    ) -> Set<String>? {
        var seen: Set<String> = []
        let unique = names.filter { seen.insert($0.lowercased()).inserted }
        guard !unique.isEmpty, let text = text(of: item) else { return nil }
        let row = unique.map { "NULL AS \(quotedIdentifier($0))" }.joined(separator: ", ")
        let relation = star["relation_name"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "row"
        let sql = "SELECT \(text) FROM (SELECT \(row)) AS \(quotedIdentifier(relation))"
        guard let columns = try? connection.describe(sql) else { return nil }
        let chosen = Set(columns.map { $0.name.lowercased() })
        return Set(names.filter { chosen.contains($0.lowercased()) })
    }
}
