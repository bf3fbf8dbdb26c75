import Codecs
import Diagnostics
import Foundation
import Snapshots

extension Check {
    private static let kinds = [
        "not_null", "unique", "accepted_values", "relationships", "rows", "freshness", "change",
        "sql",
    ]

    /// Reads the `[[checks]]` of a header.
    ///
    /// - Parameters:
    ///   - settings: the header.
    ///   - table: the model's table.
    /// - Returns: the checks in their order.
    /// - Throws: `config.*` with line and column.
    static func all(in settings: TOMLSettings, of table: TableName) throws(Failure) -> [Check] {
        var checks: [Check] = []
        for entry in try settings.tables("checks") ?? [] {
            let check = try Check(entry)
            guard !checks.contains(where: { $0.name == check.name }) else {
                throw Failure(
                    .configValue,
                    "The model '\(table)' has two checks '\(check.name)'.",
                    hint: "Give one of them a name of its own: name = \"…\".",
                    place: entry.place()
                )
            }
            checks.append(check)
        }
        return checks
    }

    private init(_ settings: TOMLSettings) throws(Failure) {
        try settings.refuseUnknownKeys(["name", "severity"] + Self.kinds)
        let given = Self.kinds.filter { settings.value($0) != nil }
        guard let key = given.first, given.count == 1 else {
            throw Failure(
                .configValue,
                given.isEmpty
                    ? "A check says what it checks."
                    : "A check is of one kind, and this one is \(given.joined(separator: " and ")).",
                hint: given.isEmpty
                    ? "Add one of: \(Self.kinds.joined(separator: ", "))."
                    : "Write [[checks]] once for each.",
                place: settings.place()
            )
        }
        place = settings.place(key)
        let severity = try settings.string("severity") ?? Severity.error.rawValue
        guard let known = Severity(rawValue: severity) else {
            throw settings.failure("severity", "'severity' is \"error\" or \"warn\".")
        }
        self.severity = known
        let read = try Self.kind(key, settings)
        kind = read.kind
        if let name = try settings.string("name") {
            guard !name.isEmpty, name.utf8.count <= 120, name.allSatisfy({ !$0.isNewline }) else {
                throw settings.failure("name", "A check's name is a line of 1 to 120 bytes.")
            }
            self.name = name
        } else if let name = read.name {
            self.name = name
        } else {
            throw Failure(
                .configMissingKey,
                "A check by SQL needs a name.",
                hint: "Add name = \"…\": what it promises, in a few words.",
                place: settings.place()
            )
        }
    }

    /// Reads what a check promises, and makes a name of it.
    private static func kind(
        _ key: String,
        _ settings: TOMLSettings
    ) throws(Failure) -> (kind: Kind, name: String?) {
        switch key {
        case "not_null", "unique":
            let columns = try settings.strings(key) ?? []
            guard !columns.isEmpty else {
                throw settings.failure(key, "'\(key)' names no column.")
            }
            return (
                key == "unique" ? .unique(columns) : .notNull(columns),
                "\(key) \(columns.joined(separator: " "))"
            )
        case "sql":
            guard let sql = try settings.string(key) else { break }
            return (.sql(sql), nil)
        default: break
        }
        guard let table = try settings.table(key) else {
            preconditionFailure("the caller found '\(key)'")
        }
        switch key {
        case "accepted_values":
            try table.refuseUnknownKeys(["column", "values"])
            let column = try table.requiredString("column")
            return (
                .acceptedValues(column: column, values: try values(table)), "\(key) \(column)"
            )
        case "relationships":
            try table.refuseUnknownKeys(["column", "to"])
            let column = try table.requiredString("column")
            let (other, target) = try self.target(table)
            return (
                .relationships(column: column, table: other, target: target), "\(key) \(column)"
            )
        case "rows":
            try table.refuseUnknownKeys(["min", "max"])
            let (minimum, maximum) = (try table.int("min"), try table.int("max"))
            guard minimum != nil || maximum != nil else {
                throw settings.failure(key, "'rows' has no bound.", hint: "rows = { min = 1 }")
            }
            return (.rows(minimum: minimum, maximum: maximum), key)
        case "freshness":
            try table.refuseUnknownKeys(["column", "within"])
            let column = try table.requiredString("column")
            return (
                .freshness(column: column, within: try within(table)), "\(key) \(column)"
            )
        default:
            try table.refuseUnknownKeys(["of", "percent"])
            let aggregate = try table.string("of") ?? "count(*)"
            guard let percent = table.value("percent")?.double, percent.isFinite, percent >= 0
            else {
                throw table.failure("percent", "'percent' is a number from 0.")
            }
            return (.change(of: aggregate, percent: percent), "\(key) \(aggregate)")
        }
    }

    private static func values(_ settings: TOMLSettings) throws(Failure) -> [JSONValue] {
        guard case .array(let values)? = settings.value("values"), !values.isEmpty else {
            throw settings.failure("values", "'values' is a list of what the column may hold.")
        }
        for value in values {
            switch value {
            case .string, .int, .double, .bool: continue
            case .null, .array, .object:
                throw settings.failure(
                    "values",
                    "'values' holds strings, numbers, true and false.",
                    hint: "Write a date as a string: \"2026-01-31\"."
                )
            }
        }
        return values
    }

    /// Reads `layer.table.column`.
    private static func target(
        _ settings: TOMLSettings
    ) throws(Failure) -> (table: TableName, column: String) {
        let text = try settings.requiredString("to")
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[2].isEmpty else {
            throw settings.failure(
                "to",
                "'to' is \"layer.table.column\", not \"\(text)\".",
                hint: "As in: to = \"marts.projects_v1.project_id\""
            )
        }
        do {
            return (try TableName(parsing: "\(parts[0]).\(parts[1])"), String(parts[2]))
        } catch {
            throw error.at(settings.place("to"))
        }
    }

    /// Reads a span of time as DuckDB's INTERVAL takes it.
    private static func within(_ settings: TOMLSettings) throws(Failure) -> String {
        let text = try settings.requiredString("within")
        let parts = text.split(separator: " ")
        let units = ["minute", "hour", "day", "week", "month", "year"]
        guard parts.count == 2, let number = Int(parts[0]), number >= 0,
            units.contains(where: { parts[1] == $0 || parts[1] == $0 + "s" })
        else {
            throw settings.failure(
                "within",
                "'within' is a number and a unit, not \"\(text)\".",
                hint: "As in \"36 hours\"; units: \(units.joined(separator: ", "))."
            )
        }
        return "\(number) \(parts[1])"
    }
}
