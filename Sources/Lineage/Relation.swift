import Codecs
import Snapshots

/// One column of what a SELECT, a table or a function in FROM gives.
struct RelationColumn: Equatable {
    /// What it is called.
    enum Name {
        case given(String)
        /// As DuckDB spells the expression.
        case expression(JSONValue)
    }

    var name: Name
    var origins: Origins
    /// Where its expression begins, in bytes of the statement; nil for a column of a table.
    var offset: Int?

    /// The name, if it is not that of an expression.
    var givenName: String? { if case .given(let name) = name { name } else { nil } }

    static func == (left: RelationColumn, right: RelationColumn) -> Bool {
        left.origins == right.origins && left.givenName == right.givenName
    }
}

/// The columns of what a SELECT, a table or a function in FROM gives.
struct Relation: Equatable {
    /// Columns of which there are none or many, since nothing says which.
    enum Rest: Equatable {
        /// Those of a table whose schema is not known.
        case table(TableName)
        /// Whatever they are called, they are made of this.
        case any(Origins)
    }

    var columns: [RelationColumn] = []
    /// If there are any, places in `columns` mean nothing.
    var rests: [Rest] = []

    /// What all columns together are made of.
    var all: Origins {
        var origins = Origins.none
        for column in columns { origins.add(column.origins) }
        for rest in rests { origins.add(rest.all) }
        return origins
    }

    /// With other names for the first columns.
    func renamed(_ names: [String]) -> Relation {
        var relation = self
        guard rests.isEmpty || names.isEmpty else {
            let all = relation.all
            relation.columns = names.map {
                RelationColumn(name: .given($0), origins: all, offset: nil)
            }
            relation.rests = [.any(all)]
            return relation
        }
        for (index, name) in names.enumerated() where index < columns.count {
            relation.columns[index].name = .given(name)
        }
        return relation
    }

    /// As DuckDB hands on the columns of a subquery: of those with one name, all but the first are
    /// numbered.
    var numbered: Relation {
        var relation = self
        var seen: Set<String> = []
        for (index, column) in columns.enumerated() {
            guard let name = column.givenName else { continue }
            var unique = name
            var number = 0
            while !seen.insert(unique.lowercased()).inserted {
                number += 1
                unique = "\(name)_\(number)"
            }
            relation.columns[index].name = .given(unique)
        }
        return relation
    }

    /// The columns in one, where neither names nor places can be told.
    func collapsed(_ reason: String) -> Relation {
        Relation(rests: [.any(all.doubted(reason))])
    }
}

extension Relation.Rest {
    /// What they are all made of.
    var all: Origins {
        switch self {
        case .table(let table): Origins(unknown: "the columns of \(table) are not known")
        case .any(let origins): origins.computed
        }
    }

    /// What the one of a name is made of.
    func origins(of name: String) -> Origins {
        switch self {
        case .table(let table): Origins(ColumnName(table, name))
        case .any(let origins): origins.computed
        }
    }
}

/// The rows that a query gives, and what decides which there are.
struct QueryOrigins: Equatable {
    var relation: Relation
    var filters: Origins
}
