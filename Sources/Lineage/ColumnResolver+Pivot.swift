import Codecs

/// PIVOT and UNPIVOT.
extension ColumnResolver {
    mutating func pivot(_ node: JSONValue, _ context: Context) -> FromClause {
        let source = fromClause(node["source"] ?? .null, context)
        var inner = context
        inner.scope = ColumnScope(source, parent: context.scope)
        let isUnpivot = !Self.strings(node["unpivot_names"]).isEmpty
        var filters = source.filters
        let relation =
            isUnpivot
            ? unpivoted(node, source, inner, &filters) : pivoted(node, source, inner, &filters)
        return bound(node, relation, filters: filters)
    }

    private mutating func pivoted(
        _ node: JSONValue,
        _ source: FromClause,
        _ context: Context,
        _ filters: inout Origins
    ) -> Relation {
        let aggregates = node["aggregates"]?.array ?? []
        var values = Origins.none
        for aggregate in aggregates { values.add(origins(of: aggregate, context)) }
        var names = [""]
        var keys = Origins.none
        for pivot in node["pivots"]?.array ?? [] {
            keys.add(origins(of: pivot["pivot_expressions"] ?? .null, context))
            keys.add(origins(of: pivot["subquery"] ?? .null, context))
            let entries = (pivot["entries"]?.array ?? []).map(Self.entryName)
            names = names.flatMap { name in
                entries.map { entry in entry.map { name.isEmpty ? $0 : "\(name)_\($0)" } ?? "?" }
            }
        }
        // A condition of CASE picks the rows that are added up.
        values.add(keys)
        let groups = Self.strings(node["groups"])
        let isEnumerated =
            !names.contains { $0.contains("?") } && !(names == [""])
            && source.rests.isEmpty
        guard isEnumerated else {
            filters.add(source.all)
            return Relation(rests: [.any(source.all.doubted("the columns of PIVOT are not known"))])
        }
        var relation = Relation()
        for star in source.star {
            let name = star.column.givenName?.lowercased() ?? ""
            let isKept =
                groups.isEmpty
                ? !mentions(name, node["aggregates"], node["pivots"])
                : groups.contains { $0.lowercased() == name }
            if isKept { relation.columns.append(star.column) }
        }
        filters.add(relation.all)
        filters.add(keys)
        for name in names {
            for aggregate in aggregates {
                let own = aggregate["alias"]?.string.flatMap { $0.isEmpty ? nil : $0 }
                let label = own ?? text(of: aggregate) ?? "?"
                let isShort = aggregates.count == 1 && own == nil
                relation.columns.append(
                    RelationColumn(
                        name: .given(isShort ? name : "\(name)_\(label)"),
                        origins: values,
                        offset: offset(of: aggregate, context)
                    )
                )
            }
        }
        return relation
    }

    /// Whether a column is named anywhere in some nodes.
    private func mentions(_ name: String, _ nodes: JSONValue?...) -> Bool {
        func isIn(_ node: JSONValue) -> Bool {
            switch node {
            case .array(let elements): elements.contains(where: isIn)
            case .object(let members):
                node["class"]?.string == "COLUMN_REF"
                    ? Self.strings(node["column_names"]).last?.lowercased() == name
                    : members.contains { isIn($0.value) }
            default: false
            }
        }
        return nodes.contains { $0.map(isIn) ?? false }
    }

    /// What a value of IN is called; nil if it is no constant.
    private static func entryName(_ entry: JSONValue) -> String? {
        if let alias = entry["alias"]?.string, !alias.isEmpty { return alias }
        let value = entry["star_expr"] ?? .null
        guard value["class"]?.string == "CONSTANT" else { return nil }
        return value["literal"]?["text"]?.string
    }

    private mutating func unpivoted(
        _ node: JSONValue,
        _ source: FromClause,
        _ context: Context,
        _ filters: inout Origins
    ) -> Relation {
        let names = Self.strings(node["unpivot_names"])
        var values = [Origins](repeating: .none, count: names.count)
        var taken: [String] = []
        var isKnown = source.rests.isEmpty
        for entry in node["pivots"]?.array?.first?["entries"]?.array ?? [] {
            let value = entry["star_expr"] ?? .null
            switch value["class"]?.string {
            case "COLUMN_REF":
                taken.append(Self.strings(value["column_names"]).last ?? "")
                for index in values.indices { values[index].add(origins(of: value, context)) }
            case "STAR":
                let star = expandStar(value, context)
                taken += star.columns.compactMap(\.givenName)
                isKnown = isKnown && star.rests.isEmpty
                for index in values.indices { values[index].add(star.all) }
            default:
                let parts = (value["arguments"]?.array ?? []).compactMap { $0["expression"] }
                isKnown = isKnown && parts.count == names.count
                for (index, part) in parts.enumerated() where index < values.count {
                    isKnown = isKnown && part["class"]?.string == "COLUMN_REF"
                    taken.append(Self.strings(part["column_names"]).last ?? "")
                    values[index].add(origins(of: part, context))
                }
            }
        }
        // A value that is NULL makes no row.
        for value in values { filters.add(value) }
        guard isKnown else {
            let all = source.all.doubted("the columns of UNPIVOT are not known")
            return Relation(rests: [.any(all)])
        }
        let gone = Set(taken.map { $0.lowercased() })
        var relation = Relation(
            columns: source.star.map(\.column)
                .filter { !gone.contains($0.givenName?.lowercased() ?? "") }
        )
        for pivot in node["pivots"]?.array ?? [] {
            for name in Self.strings(pivot["unpivot_names"]) {
                relation.columns.append(
                    RelationColumn(name: .given(name), origins: .none, offset: nil)
                )
            }
        }
        for (name, origins) in zip(names, values) {
            relation.columns.append(
                RelationColumn(
                    name: .given(name),
                    origins: origins,
                    offset: offset(of: node, context)
                )
            )
        }
        return relation
    }
}
