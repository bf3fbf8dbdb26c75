import Codecs
package import Diagnostics
import Foundation
import Records
package import Snapshots

/// A test of one model: given rows of its inputs, the rows it shall make.
///
/// Tests are `[[tests]]` of the TOML files in `models/tests`.
package struct ModelTest: Sendable {
    /// Rows as a person writes them: columns that are left out are NULL.
    typealias Row = [(column: String, value: JSONValue)]

    package let name: String
    package let model: TableName
    /// Where the file says it.
    package let place: Place
    /// What `as_of()` is, if it matters.
    let asOf: String?
    /// Rows by input; an input that is not here is empty.
    let given: [(table: TableName, rows: [Row], place: Place)]
    let expected: [Row]
    let expectedPlace: Place

    /// The columns that are compared: those any expected row names.
    var comparedColumns: [String] { Self.columns(of: expected) }

    static func columns(of rows: [Row]) -> [String] {
        Set(rows.flatMap { $0.map(\.column) }).sorted()
    }

    private static let folder = "models/tests"

    /// Reads every test of a warehouse, in the order of files.
    ///
    /// - Throws: `config.*` with file, line and column.
    static func load(_ files: some WarehouseFiles) throws(Failure) -> [ModelTest] {
        var tests: [ModelTest] = []
        for path in try files.list(folder) where path.hasSuffix(".toml") {
            let text = try files.requiredText(path, hint: "Restore the file.")
            let settings = try TOMLSettings(parsing: text, file: path)
            try settings.refuseUnknownKeys(["tests"])
            for entry in try settings.tables("tests") ?? [] {
                let test = try ModelTest(entry)
                if let other = tests.first(where: { $0.name == test.name }) {
                    throw entry.failure(
                        "name",
                        "Two tests are called '\(test.name)'.",
                        hint: "The other is at \(other.place)."
                    )
                }
                tests.append(test)
            }
        }
        return tests
    }

    private init(_ settings: TOMLSettings) throws(Failure) {
        try settings.refuseUnknownKeys(["name", "model", "as_of", "given", "expect"])
        name = try settings.requiredString("name")
        place = settings.place("name")
        model = try Self.table(settings.requiredString("model"), at: settings.place("model"))
        asOf = try settings.string("as_of").map { (text) throws(Failure) in
            guard let time = try? Date(text, strategy: .iso8601) else {
                throw settings.failure(
                    "as_of",
                    "'as_of' is no time: \"\(text)\".",
                    hint: "As in \"2026-01-31T00:00:00Z\"."
                )
            }
            return CellText.timestampText(micros: Int64(time.timeIntervalSince1970) * 1_000_000)
        }
        var given: [(table: TableName, rows: [Row], place: Place)] = []
        if let inputs = try settings.table("given") {
            for key in inputs.keys {
                let table = try Self.table(key, at: inputs.place(key))
                given.append((table, try Self.rows(inputs, key), inputs.place(key)))
            }
        }
        self.given = given
        guard settings.value("expect") != nil else {
            throw Failure(
                .configMissingKey,
                "The test '\(name)' expects nothing.",
                hint: "Add expect = [{ column = value }, …]; expect = [] is no row at all.",
                place: settings.place()
            )
        }
        expected = try Self.rows(settings, "expect")
        expectedPlace = settings.place("expect")
    }

    private static func table(_ name: String, at place: Place) throws(Failure) -> TableName {
        do { return try TableName(parsing: name) } catch { throw error.at(place) }
    }

    private static func rows(_ settings: TOMLSettings, _ key: String) throws(Failure) -> [Row] {
        var rows: [Row] = []
        for entry in try settings.tables(key) ?? [] {
            var row: Row = []
            for column in entry.keys {
                guard let value = entry.value(column), !value.isNull else {
                    throw entry.failure(
                        column,
                        "The value of '\(column)' is no JSON.",
                        hint: "Write a date or a time as a string; leave a column out for NULL."
                    )
                }
                row.append((column, value))
            }
            rows.append(row)
        }
        return rows
    }
}
