package import Codecs
package import Diagnostics

/// A SELECT as DuckDB parses it, a tree of JSON objects (`json_serialize_sql`).
package struct StatementTree: Sendable {
    /// The `node` of the statement.
    package let root: JSONValue
    /// The text it was parsed from; positions count its bytes.
    package let sql: String
    /// The file the text is from.
    package let file: String?

    /// The place of a node, or of the first node within it that has one; nil if none has.
    package func place(of node: JSONValue) -> SourcePosition? {
        offset(of: node).map { SourcePosition(byte: $0, in: sql) }
    }

    private func offset(of node: JSONValue) -> Int? {
        // 2^64 - 1, which is no int64, stands for no place.
        if let offset = node["query_location"]?.int, (0...sql.utf8.count).contains(Int(offset)) {
            return Int(offset)
        }
        return switch node {
        case .object(let members): members.compactMap { offset(of: $0.value) }.min()
        case .array(let elements): elements.compactMap(offset(of:)).min()
        default: nil
        }
    }

    /// The tree without positions, as canonical text: equal for statements that differ in white
    /// space, comments and the case of keywords.
    package var withoutPositions: String { Self.strip(root).serialized() }

    static func strip(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                members.compactMap { key, value in
                    key == "query_location" || key == "query_location_length"
                        ? nil : (key, strip(value))
                }
            )
        case .array(let elements): .array(elements.map(strip))
        default: value
        }
    }

    /// A table that a statement names.
    package struct Table: Sendable {
        /// `["marts", "projects_v1"]`; one part for a name without a schema.
        package let path: [String]
        package let position: SourcePosition?
        /// Makes a reference to a table.
        package init(path: [String], position: SourcePosition?) {
            self.path = path
            self.position = position
        }

        /// The parts joined by points.
        package var name: String { path.joined(separator: ".") }
    }

    /// The tables a statement names, in the order of the tree; names of CTEs left out.
    package func tables() -> [Table] {
        var tables: [Table] = []
        collect(root, scope: [], into: &tables)
        return tables
    }

    /// The paths of these tables, each once.
    package var tablePaths: [[String]] {
        var seen: Set<[String]> = []
        return tables().map(\.path).filter { seen.insert($0).inserted }
    }

    private func collect(_ value: JSONValue, scope: Set<String>, into tables: inout [Table]) {
        switch value {
        case .array(let elements):
            for element in elements { collect(element, scope: scope, into: &tables) }
        case .object(let members):
            var scope = scope
            // A CTE is seen by those after it, by the statement, and by itself if recursive;
            // a table of its name can only be meant by writing its schema.
            for entry in value["cte_map"]?["map"]?.array ?? [] {
                guard let name = entry["key"]?.string else { continue }
                let isRecursive =
                    entry["value"]?["query_node"]?["type"]?.string == "RECURSIVE_CTE_NODE"
                let inner = isRecursive ? scope.union([name.lowercased()]) : scope
                if let query = entry["value"] { collect(query, scope: inner, into: &tables) }
                scope.insert(name.lowercased())
            }
            if value["type"]?.string == "BASE_TABLE" {
                let path = value["qualified_name"]?["path"]?.array?.compactMap(\.string) ?? []
                if path.count > 1 || !scope.contains(path.first?.lowercased() ?? "") {
                    tables.append(Table(path: path, position: place(of: value)))
                }
            }
            for (key, member) in members where key != "cte_map" {
                collect(member, scope: scope, into: &tables)
            }
        default: break
        }
    }
}

extension Connection {
    /// Parses one SELECT.
    ///
    /// - Throws: `query.syntax` with place, `query.not-one-select`.
    package func tree(_ sql: String, file: String? = nil) throws(Failure) -> StatementTree {
        guard let tree = try statementTree(sql, file: file) else {
            throw Failure(
                .queryNotOneSelect,
                "The text is not one SELECT.",
                hint: "Write one SELECT.",
                place: file.map { Place(file: $0) }
            )
        }
        return tree
    }

    /// The statement's tree; nil if the text is not one SELECT.
    ///
    /// - Throws: `query.syntax` with place.
    package func statementTree(_ sql: String, file: String?) throws(Failure) -> StatementTree? {
        let text = try string("SELECT json_serialize_sql(\(quotedLiteral(sql)))")
        let json: JSONValue
        do throws(Failure) {
            json = try JSONValue(parsing: text)
        } catch {
            throw Failure(
                .querySyntax,
                "The statement is nested too deeply.",
                hint: "Give subqueries names: WITH name AS (SELECT …)",
                place: file.map { Place(file: $0) },
                cause: error.message
            )
        }
        guard json["error"]?.bool == false else {
            // The type for whatever is no SELECT.
            guard let type = json["error_type"]?.string, type != "not implemented" else {
                return nil
            }
            let error = JSONValue.object([
                ("exception_type", .string(type)),
                ("exception_message", json["error_message"] ?? .string("")),
                ("position", json["position"] ?? .null),
            ])
            throw EngineError(error.serialized()).failure(in: sql, file: file)
        }
        guard let statements = json["statements"]?.array, statements.count == 1,
            let node = statements[0]["node"]
        else { return nil }
        return StatementTree(root: node, sql: sql, file: file)
    }

    /// The SQL that a tree stands for, as DuckDB spells it.
    ///
    /// - Parameter root: the `node` of a statement.
    /// - Returns: one SELECT.
    /// - Throws: `query.*` for what is no tree.
    package func text(of root: JSONValue) throws(Failure) -> String {
        // Without positions, because an unknown one is 2^64 - 1, which no JSONValue holds.
        let node = StatementTree.strip(root)
        let json = JSONValue.object([
            ("error", .bool(false)),
            ("statements", .array([.object([("node", node), ("named_param_map", .array([]))])])),
        ])
        let text = try string(
            "SELECT json_deserialize_sql(\(quotedLiteral(json.serialized()))::JSON)"
        )
        return String(decoding: text, as: UTF8.self)
    }

    /// The tables that statements name, each once, in their order, names of CTEs left out.
    ///
    /// - Returns: paths, `["marts", "projects_v1"]` if so written; the tables need not be there.
    /// - Throws: `query.syntax` with place.
    package func tablePaths(_ sql: String, file: String? = nil) throws(Failure) -> [[String]] {
        if let tree = try statementTree(sql, file: file) { return tree.tablePaths }
        // EXPLAIN, DESCRIBE and the like: DuckDB's own answer, which binds the statement.
        return try engineTableNames(sql, file: file).map {
            $0.split(separator: ".").map(String.init)
        }
    }

    /// A statement's tree without positions, as canonical JSON text.
    ///
    /// - Throws: `query.syntax` with place, `query.not-one-select`.
    package func serialize(_ sql: String, file: String? = nil) throws(Failure) -> [UInt8] {
        [UInt8](try tree(sql, file: file).withoutPositions.utf8)
    }
}
