import TestSupport

/// Writes statements at random over the tables of `sampleTables`.
struct StatementMaker {
    /// A query and its columns: numbers and texts.
    struct Query {
        var sql: String
        var columns: [(name: String, isText: Bool)]
    }

    private var random: SeededRandom
    private var number = 0

    init(_ random: SeededRandom) { self.random = random }

    private mutating func name() -> String {
        number += 1
        return "n\(number)"
    }

    private mutating func pick<T>(_ items: [T]) -> T { items[random.int(0...items.count - 1)] }

    /// A query with so many more levels of queries in it.
    mutating func query(_ depth: Int, arity: [Bool]? = nil) -> Query {
        if depth > 0, random.oneIn(4) {
            let first = query(depth - 1, arity: arity)
            let second = query(depth - 1, arity: first.columns.map(\.isText))
            let kind = pick(["UNION ALL", "UNION", "EXCEPT", "INTERSECT ALL", "UNION ALL BY NAME"])
            if kind.hasSuffix("NAME") {
                let names = first.columns.map(\.name).joined(separator: ", ")
                return Query(
                    sql: "(\(first.sql)) \(kind) (FROM (\(second.sql)) AS s(\(names)))",
                    columns: first.columns
                )
            }
            return Query(sql: "(\(first.sql)) \(kind) (\(second.sql))", columns: first.columns)
        }
        var start = ""
        var (from, sight) = relation(depth)
        if depth > 0, random.oneIn(3) {
            let inner = query(depth - 1)
            let cte = name()
            start = "WITH \(cte) AS (\(inner.sql)) "
            from += pick([
                " CROSS JOIN \(cte)", ", \(cte)", " LEFT JOIN \(cte) ON \(condition(sight))",
            ])
            sight += inner.columns.map { ("\(cte).\($0.name)", $0.isText) }
        }
        if random.oneIn(5), sight.contains(where: { $0.name.hasSuffix(".b") }) {
            let list = name()
            from += ", unnest([\(number(sight)), 1]) AS \(list)(e)"
            sight.append(("\(list).e", false))
        }
        let isGrouped = random.oneIn(4)
        let types = arity ?? (0...random.int(0...3)).map { _ in random.oneIn(3) }
        var items: [String] = []
        var columns: [(name: String, isText: Bool)] = []
        var aliases: [(name: String, isText: Bool)] = []
        for (index, isText) in types.enumerated() {
            let alias = name()
            var item = isText ? text(sight) : number(sight, aliases: aliases, depth)
            if isGrouped, index % 2 == 1 || types.count == 1 {
                item =
                    isText
                    ? "max(\(text(sight)))"
                    : pick([
                        "sum(\(number(sight)))::BIGINT", "count(*)",
                        "total(\(number(sight)))::BIGINT",
                        "min(\(number(sight))) FILTER (\(condition(sight)))",
                    ])
            } else if !isGrouped, !isText, random.oneIn(5) {
                let window = "(PARTITION BY \(number(sight)) ORDER BY \(text(sight)))"
                item = pick(["sum(\(number(sight))) OVER \(window)", "rank() OVER \(window)"])
            } else if !isGrouped {
                aliases.append((alias, isText))
            }
            items.append("\(item) AS \(alias)")
            columns.append((alias, isText))
        }
        let isDistinct = !isGrouped && random.oneIn(6)
        var sql = start + "SELECT \(isDistinct ? "DISTINCT " : "")\(items.joined(separator: ", "))"
        sql += " FROM \(from)"
        if random.oneIn(3) { sql += " WHERE \(condition(sight))" }
        if isGrouped { sql += " GROUP BY ALL" }
        if random.oneIn(8) { sql += " ORDER BY ALL LIMIT 7" }
        return Query(sql: sql, columns: columns)
    }

    private typealias Sight = [(name: String, isText: Bool)]

    private mutating func relation(_ depth: Int) -> (String, Sight) {
        let alias = name()
        switch random.int(0...5) {
        case 0 where depth > 0, 1 where depth > 0:
            let inner = query(depth - 1)
            return (
                "(\(inner.sql)) AS \(alias)",
                inner.columns.map { ("\(alias).\($0.name)", $0.isText) }
            )
        case 2 where depth > 0:
            let other = name()
            let kind = pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
            let join = "raw.t AS \(alias) \(kind) raw.u AS \(other) USING (a)"
            return (
                join,
                [
                    ("a", false), ("\(alias).b", false), ("\(alias).c", true),
                    ("\(other).d", false),
                    ("e", true),
                ]
            )
        case 3:
            return (
                "raw.u AS \(alias)",
                [("\(alias).a", false), ("\(alias).d", false), ("\(alias).e", true)]
            )
        case 4:
            return ("rows_of(2) AS \(alias)", [("\(alias).a", false), ("\(alias).k", false)])
        default:
            return (
                "raw.t AS \(alias)",
                [("\(alias).a", false), ("\(alias).b", false), ("\(alias).c", true)]
            )
        }
    }

    private mutating func number(_ sight: Sight, aliases: Sight = [], _ depth: Int = 0) -> String {
        let names = sight.filter { !$0.isText }.map(\.name)
        let known = names.isEmpty ? "1" : pick(names)
        let plain = aliases.filter { !$0.isText }.map(\.name)
        switch random.int(0...8) {
        case 0: return "\(known) + \(names.isEmpty ? "2" : pick(names))"
        case 1: return "CASE WHEN \(condition(sight)) THEN \(known) END"
        case 2: return "twice(\(known))"
        case 3: return "length(\(text(sight)))"
        case 4: return "list_reduce([\(known), 1], lambda x, y: x - y)"
        case 5 where !plain.isEmpty: return "\(pick(plain)) - \(known)"
        case 6 where depth > 0:
            return "(SELECT max(q.d) FROM raw.u AS q WHERE q.a < \(known))"
        default: return known
        }
    }

    private mutating func text(_ sight: Sight) -> String {
        let names = sight.filter(\.isText).map(\.name)
        guard !names.isEmpty else { return "'k'" }
        return random.oneIn(3) ? "\(pick(names)) || 'z'" : pick(names)
    }

    private mutating func condition(_ sight: Sight) -> String {
        switch random.int(0...4) {
        case 0: return "\(text(sight)) <> 'y'"
        case 1: return "EXISTS (FROM raw.u AS w WHERE w.d > \(number(sight)))"
        case 2: return "\(number(sight)) IN (SELECT a FROM raw.t)"
        default: return "\(number(sight)) > \(random.int(0...3))"
        }
    }
}
