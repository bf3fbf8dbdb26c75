package import Codecs
import Diagnostics

/// What a statement says that DuckDB does not know: revisions of tables, differences, values to be
/// put in.
package enum RevisionUse: Sendable {
    /// `layer.table AT (VERSION => 'HEAD~1')`; `name` and `clause` are where both stand.
    case table(path: [String], at: JSONValue, name: Range<Int>, clause: Range<Int>)
    /// `changes('layer.table', 'A', 'B')`.
    case changes(arguments: [JSONValue], call: Range<Int>)
    /// `$name`.
    case parameter(name: String, range: Range<Int>)
}

extension StatementTree {
    /// The table function that stands for a difference.
    package static let changesFunction = "changes"

    /// Such uses in the order of the tree; ranges count bytes of `sql`.
    ///
    /// Those whose place cannot be found in the text are left out, and DuckDB refuses them.
    package func revisionUses() -> [RevisionUse] {
        var uses: [RevisionUse] = []
        let text = Array(sql.utf8)
        collect(root, text, into: &uses)
        return uses
    }

    private func collect(_ node: JSONValue, _ text: [UInt8], into uses: inout [RevisionUse]) {
        switch node {
        case .array(let elements):
            for element in elements { collect(element, text, into: &uses) }
        case .object(let members):
            if let use = use(node, text) { uses.append(use) }
            for (_, member) in members { collect(member, text, into: &uses) }
        default: break
        }
    }

    private func use(_ node: JSONValue, _ text: [UInt8]) -> RevisionUse? {
        guard let start = node["query_location"]?.int.map({ Int($0) }),
            let length = node["query_location_length"]?.int.map({ Int($0) }),
            start >= 0, length > 0, start + length <= text.count
        else { return nil }
        let range = start..<(start + length)
        if node["class"]?.string == "PARAMETER", let name = node["identifier"]?.string {
            return .parameter(name: name, range: range)
        }
        switch node["type"]?.string {
        case "BASE_TABLE":
            guard let at = node["at_clause"]?["expr"],
                let path = node["qualified_name"]?["path"]?.array?.compactMap(\.string),
                let value = at["query_location"]?.int.map({ Int($0) })
            else { return nil }
            var lexer = SQLLexer(text, at: start)
            for index in path.indices {
                guard index == 0 || lexer.skip("."), lexer.skipWord() else { return nil }
            }
            let name = start..<lexer.offset
            // The clause is the last AT before its value.
            var clause: Range<Int>?
            while lexer.offset < value {
                let place = lexer.skipBlank()
                guard let word = lexer.word() else { break }
                if word == "AT", lexer.offset <= value {
                    var rest = lexer
                    _ = rest.skipBlank()
                    if rest.skipGroup() { clause = place..<rest.offset }
                }
            }
            return clause.map { .table(path: path, at: at, name: name, clause: $0) }
        case "TABLE_FUNCTION":
            guard let function = node["function"],
                function["function_name"]?.string?.lowercased() == Self.changesFunction,
                function["qualified_name"]?["path"]?.array?.count ?? 1 == 1
            else { return nil }
            let arguments = function["arguments"]?.array?.compactMap { $0["expression"] } ?? []
            var lexer = SQLLexer(text, at: start)
            guard lexer.skipWord() else { return nil }
            _ = lexer.skipBlank()
            guard lexer.skipGroup() else { return nil }
            return .changes(arguments: arguments, call: start..<lexer.offset)
        default: return nil
        }
    }
}
