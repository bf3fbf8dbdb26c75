import Connectors
import Diagnostics
import ProjectDirectory
import Records
package import Snapshots

/// The tables every warehouse has without a model, empty where no source writes them, so that
/// models can count on them.
package enum RawTables {
    /// What `pipelines.toml` says of the sources.
    static let sources = name("raw", "sources")
    /// How far the sources are known.
    static let coverage = name("meta", "coverage")
    /// What came of the models' checks; there only where models have some.
    static let checks = name("meta", "checks")
    /// What partitions are made of; there only where models are in partitions.
    static let partitions = name("meta", "partitions")
    /// Records of runs and of their tables, on a reference of their own.
    static let runs = name("meta", "runs")
    static let steps = name("meta", "steps")
    /// What the directory says.
    static let directory = [
        name("raw", "projects"), name("raw", "collections"), name("raw", "artifacts_by_project"),
    ]
    /// What each connector writes.
    static let connectors = [name("raw", "git_commits"), name("raw", "github_events")]

    /// All of them.
    package static let all = [sources, coverage] + directory + connectors

    /// The schema of a table that a connector writes.
    static func connectorSchema(_ table: TableName) -> Schema {
        table == connectors[0] ? GitHistory.schema : GitHubArchive.schema
    }

    /// The schema of one of `all`.
    static func schema(of table: TableName) throws(Failure) -> Schema {
        switch table {
        case sources: try sourcesSchema()
        case coverage: CoverageRow.schema
        case directory[0]: try DirectoryContents.projectSchema()
        case directory[1]: try DirectoryContents.collectionSchema()
        case directory[2]: try DirectoryContents.artifactSchema()
        default: connectorSchema(table)
        }
    }

    /// The schema of `raw.sources`.
    static func sourcesSchema() throws(Failure) -> Schema {
        try Schema(
            columns: [
                Column(
                    id: 1,
                    name: "source",
                    type: .string,
                    isNullable: false,
                    doc: "Name in pipelines.toml."
                ),
                Column(id: 2, name: "connector", type: .string, isNullable: false, doc: nil),
                Column(
                    id: 3,
                    name: "location",
                    type: .string,
                    isNullable: false,
                    doc: "Where the data comes from."
                ),
                Column(
                    id: 4,
                    name: "made_up",
                    type: .bool,
                    isNullable: false,
                    doc: "True where the data is invented."
                ),
            ],
            key: ["source"],
            cutClass: .standard(forLayer: "raw")
        )
    }

    private static func name(_ layer: String, _ name: String) -> TableName {
        guard let table = try? TableName(layer: layer, name: name) else {
            preconditionFailure("'\(layer).\(name)' is written above and is a table name.")
        }
        return table
    }
}
