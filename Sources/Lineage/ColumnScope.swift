/// What a FROM clause puts in sight.
struct FromClause {
    /// A relation with the name by which columns are qualified.
    struct Binding {
        /// In lower case.
        let name: String
        /// The schema of a table, in lower case.
        let schema: String?
        /// The table's own name, in lower case.
        let table: String?
        let relation: Relation
    }

    /// A column of `*`.
    struct StarColumn {
        var column: RelationColumn
        /// The bindings it is of; several for a column of USING.
        var owners: [String]
    }

    var bindings: [Binding] = []
    var star: [StarColumn] = []
    var rests: [Relation.Rest] = []
    var filters = Origins.none

    init() {}

    /// One relation.
    init(_ binding: Binding, filters: Origins = .none) {
        bindings = [binding]
        star = binding.relation.columns.map { StarColumn(column: $0, owners: [binding.name]) }
        rests = binding.relation.rests
        self.filters = filters
    }

    /// What all columns together are made of.
    var all: Origins {
        bindings.reduce(into: .none) { $0.add($1.relation.all) }
    }
}

/// Names in sight at a place of a statement.
final class ColumnScope {
    /// What puts names in sight.
    enum Kind {
        case query, lambda
        /// Nothing further out can be seen from its body.
        case macro
    }

    let from: FromClause
    let parent: ColumnScope?
    /// Aliases of the select list so far, in lower case; or the columns of a set operation.
    var aliases: [String: RelationColumn] = [:]
    /// Whether an alias may be meant where a column has its name, as in ORDER BY.
    var prefersAliases = false
    /// Parameters of a lambda or a macro, in lower case.
    let parameters: [String: Origins]
    let kind: Kind

    init(
        _ from: FromClause = FromClause(),
        parameters: [String: Origins] = [:],
        kind: Kind = .query,
        parent: ColumnScope?
    ) {
        self.from = from
        self.parameters = parameters
        self.kind = kind
        self.parent = parent
    }
}
