import Codecs

extension StatementTree {
    /// A statement that asks for nothing but least and greatest values of columns of one table.
    package struct Extremes: Sendable {
        /// The table's path.
        package let table: [String]
        /// The columns, in lower case.
        package let columns: Set<String>
    }

    /// What this statement asks for, if it is `SELECT min(a), max(b) … FROM table` and no more.
    package var extremes: Extremes? {
        guard root["type"]?.string == "SELECT_NODE",
            let table = root["from_table"], table["type"]?.string == "BASE_TABLE",
            let path = table["qualified_name"]?["path"]?.array?.compactMap(\.string),
            isAbsent(table["sample"]), isAbsent(table["at_clause"]),
            table["column_name_alias"]?.array?.isEmpty ?? true
        else { return nil }
        for part in ["where_clause", "having", "qualify", "sample"] {
            guard isAbsent(root[part]) else { return nil }
        }
        for part in ["group_expressions", "group_sets", "modifiers"] {
            guard root[part]?.array?.isEmpty ?? true else { return nil }
        }
        guard root["cte_map"]?["map"]?.array?.isEmpty ?? true,
            root["aggregate_handling"]?.string == "STANDARD_HANDLING",
            let items = root["select_list"]?.array, !items.isEmpty
        else { return nil }
        var columns: Set<String> = []
        for item in items {
            guard let column = extremeColumn(item) else { return nil }
            columns.insert(column.lowercased())
        }
        return Extremes(table: path, columns: columns)
    }

    /// The column that `min(column)` or `max(column)` is of; nil for anything else.
    private func extremeColumn(_ item: JSONValue) -> String? {
        guard item["class"]?.string == "FUNCTION",
            ["min", "max"].contains(item["function_name"]?.string?.lowercased() ?? ""),
            item["qualified_name"]?["path"]?.array?.count ?? 1 == 1,
            isAbsent(item["filter"]), item["order_bys"]?["orders"]?.array?.isEmpty ?? true,
            let arguments = item["arguments"]?.array, arguments.count == 1,
            let argument = arguments[0]["expression"],
            argument["class"]?.string == "COLUMN_REF",
            let names = argument["column_names"]?.array
        else { return nil }
        return names.last?.string
    }

    private func isAbsent(_ value: JSONValue?) -> Bool { value == nil || value == .null }
}
