package import Codecs

/// JSON Schema of the files that people write, so that editors complete keys and mark mistakes while
/// typing.
///
/// Draft 7 (https://json-schema.org/draft-07), the last that editors of TOML know well.
package enum EditorSchema: String, CaseIterable, Sendable {
    /// `pipelines.toml`.
    case pipelines
    /// The header of a model: the TOML in its first comment.
    case model
    /// Files of `models/tests`.
    case tests

    /// The schema.
    package var json: JSONValue {
        let (title, type): (String, Shape) =
            switch self {
            case .pipelines: ("pipelines.toml of osodata", Self.pipelinesType)
            case .model: ("Header of a model of osodata", Self.modelType)
            case .tests: ("Tests of models of osodata", Self.testsType)
            }
        return .object(
            [
                ("$schema", .string("http://json-schema.org/draft-07/schema#")),
                ("title", .string(title)),
            ] + type.members
        )
    }

    /// A value's schema.
    private struct Shape {
        let members: [(key: String, value: JSONValue)]

        /// The schema with a sentence on what it is for.
        func doc(_ text: String) -> Shape {
            Shape(members: [("description", .string(text))] + members)
        }

        var json: JSONValue { .object(members) }
    }

    // MARK: Kinds of values

    private static let text = Shape(members: [("type", .string("string"))])

    private static func text(matching pattern: String) -> Shape {
        Shape(members: text.members + [("pattern", .string(pattern))])
    }

    private static func one(of values: [String]) -> Shape {
        Shape(members: [("enum", .array(values.map { .string($0) }))])
    }

    private static let truth = Shape(members: [("type", .string("boolean"))])

    private static func whole(from least: Int64, to most: Int64? = nil) -> Shape {
        Shape(
            members: [("type", .string("integer")), ("minimum", .int(least))]
                + (most.map { [("maximum", JSONValue.int($0))] } ?? [])
        )
    }

    private static func list(of type: Shape, atLeast least: Int64 = 0) -> Shape {
        Shape(members: [
            ("type", .string("array")), ("items", type.json), ("minItems", .int(least)),
        ])
    }

    /// A table with these keys and no others.
    private static func table(_ keys: [(String, Shape)], required: [String] = []) -> Shape {
        Shape(members: [
            ("type", .string("object")), ("properties", .object(keys.map { ($0.0, $0.1.json) })),
            ("required", .array(required.map { .string($0) })),
            ("additionalProperties", .bool(false)),
        ])
    }

    /// A table whose keys people choose.
    private static func map(of type: Shape) -> Shape {
        Shape(members: [("type", .string("object")), ("additionalProperties", type.json)])
    }

    private static func any(of types: [Shape]) -> Shape {
        Shape(members: [("oneOf", .array(types.map(\.json)))])
    }

    private static let duration = text(matching: "^[0-9]+[smhd]$")
    private static let tableName = text(matching: "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$")

    // MARK: pipelines.toml

    private static let pipelinesType = table([
        ("warehouse", table([("name", text.doc("The warehouse's name, for people."))])),
        (
            "privacy",
            table([
                (
                    "email_key_id",
                    text.doc("Names the key of e-mail hashes; required with sources.")
                ),
                ("email_key_env", text.doc("The environment variable that holds the key.")),
                ("email_key", text.doc("The key itself, for a demonstration.")),
            ])
        ),
        (
            "directory",
            table([("path", text.doc("Folder with projects/ and collections/."))])
        ),
        ("sources", map(of: any(of: [gitSource, archiveSource]).doc("A source of raw rows."))),
        (
            "run",
            table([
                ("jobs", whole(from: 1, to: 64).doc("Models made at the same time.")),
                ("timeout", duration.doc("How long a model's statement may take, as 30m.")),
            ])
        ),
        (
            "notify",
            table(
                [
                    (
                        "webhook_env",
                        text.doc("The environment variable with the address to post failures to.")
                    )
                ],
                required: ["webhook_env"]
            )
        ),
        (
            "sinks",
            map(
                of: any(of: [exportSink, pushSink]).doc("Where tables go when they are published.")
            )
        ), ("schedule", schedule),
    ])

    private static let commonSource: [(String, Shape)] = [
        ("made_up", truth.doc("True where the data is invented."))
    ]

    private static let gitSource = table(
        [("connector", one(of: ["git"]))] + commonSource + [
            (
                "repositories",
                list(
                    of: table(
                        [
                            ("path", text.doc("Relative to the warehouse.")),
                            ("url", text.doc("The public address that the directory lists.")),
                        ],
                        required: ["path", "url"]
                    ),
                    atLeast: 1
                )
            )
        ],
        required: ["connector", "repositories"]
    )

    private static let archiveSource = table(
        [("connector", one(of: ["github-archive"]))] + commonSource + [
            ("endpoint", text.doc("https://data.gharchive.org, or a folder as file://data.")),
            ("from", text.doc("First hour or day: 2015-01-01-0 or 2015-01-01.")),
            ("to", text.doc("Last hour or day, included.")),
            (
                "keep",
                one(of: ["directory", "all"]).doc("Events of what the directory lists, or all.")
            ),
        ],
        required: ["connector", "from", "to"]
    )

    private static let exportSink = table(
        [
            ("kind", one(of: ["export"])),
            ("tables", list(of: text, atLeast: 1).doc("Selectors, as marts.*")),
            (
                "format",
                one(of: Sink.Export.Format.allCases.map(\.rawValue)).doc("parquet if missing.")
            ),
            ("path", text.doc("A folder in the warehouse that nothing else uses.")),
        ],
        required: ["kind", "tables", "path"]
    )

    private static let pushSink = table(
        [
            ("kind", one(of: ["push"])),
            ("remote", text.doc("A remote of git that the branch is pushed to.")),
        ],
        required: ["kind", "remote"]
    )

    private static let schedule = table(
        [
            ("time_zone", text.doc("Whose clocks, as Europe/Berlin; UTC if missing.")),
            ("program", text.doc("How exported jobs call osodata.")),
            ("setup", text.doc("A shell line that exported workflows run first.")),
            (
                "runs",
                list(
                    of: table(
                        [
                            ("name", text(matching: "^[a-z0-9_-]{1,60}$")),
                            ("cron", text.doc("minute hour day month weekday, or @daily.")),
                            ("select", list(of: text).doc("Selectors; everything if missing.")),
                            ("push", truth.doc("Whether it takes in and pushes.")),
                            ("catch_up", truth.doc("Whether a time that passed is made up for.")),
                        ],
                        required: ["name", "cron"]
                    ),
                    atLeast: 1
                )
            ),
        ],
        required: ["runs"]
    ).doc("Which runs start by themselves.")

    // MARK: Models

    private static let columns = list(of: text, atLeast: 1)

    private static let modelType = table([
        ("key", list(of: text).doc("Columns that name a row, in the order in which rows lie.")),
        ("description", text.doc("One or more sentences about the table.")),
        ("class", one(of: ["large", "small"]).doc("How rows are cut into chunks.")),
        ("columns", map(of: text).doc("A sentence a column.")),
        ("owner", text.doc("Who answers for the table.")),
        ("tags", list(of: text).doc("Words to select it by.")),
        ("freshness", duration.doc("How old its data may be, as 36h.")),
        ("timeout", duration.doc("How long its statement may take, as 30m.")),
        (
            "partition",
            table(
                [
                    ("by", one(of: Partition.Unit.allCases.map(\.rawValue))),
                    ("column", text.doc("A DATE or TIMESTAMP, first of the key.")),
                    ("inputs", map(of: text).doc("Tables that are cut, each by a column of time.")),
                    ("lookback", whole(from: 0, to: 1_000).doc("Partitions before that it sees.")),
                ],
                required: ["by", "column", "inputs"]
            ).doc("Pieces of time in which the table is made.")
        ),
        ("was", map(of: text).doc("Renamed columns: new_name = \"old_name\".")),
        ("checks", list(of: check).doc("What the table must keep to be published.")),
    ])

    private static let check = table([
        ("name", text.doc("Tells checks of a model apart; required for sql.")),
        ("severity", one(of: ["error", "warn"])),
        ("not_null", columns), ("unique", columns),
        (
            "accepted_values",
            table(
                [
                    ("column", text),
                    (
                        "values",
                        list(
                            of: Shape(members: [
                                (
                                    "type",
                                    .array(["string", "number", "boolean"].map { .string($0) })
                                )
                            ]),
                            atLeast: 1
                        )
                    ),
                ],
                required: ["column", "values"]
            )
        ),
        (
            "relationships",
            table(
                [("column", text), ("to", text.doc("layer.table.column"))],
                required: ["column", "to"]
            )
        ),
        (
            "rows",
            table([("min", whole(from: .min)), ("max", whole(from: .min))])
        ),
        (
            "freshness",
            table(
                [("column", text), ("within", text.doc("As 36 hours."))],
                required: ["column", "within"]
            )
        ),
        (
            "change",
            table(
                [
                    ("of", text.doc("An aggregate; count(*) if missing.")),
                    (
                        "percent",
                        Shape(members: [("type", .string("number")), ("minimum", .int(0))])
                    ),
                ],
                required: ["percent"]
            )
        ),
        ("sql", text.doc("A SELECT of the rows that break the promise.")),
    ])

    // MARK: Tests

    private static let rows = list(of: map(of: Shape(members: [])))

    private static let testsType = table([
        (
            "tests",
            list(
                of: table(
                    [
                        ("name", text), ("model", tableName.doc("The model's table.")),
                        ("as_of", text.doc("The value of as_of(), as 2026-01-31T00:00:00Z.")),
                        ("given", map(of: rows).doc("Rows of the tables it reads.")),
                        ("expect", rows.doc("Rows it must make; [] for none.")),
                    ],
                    required: ["name", "model", "expect"]
                )
            )
        )
    ])
}
