import Codecs
package import Diagnostics
package import Records

/// The directory as rows of the raw layer.
extension DirectoryContents {
    /// The schema of `raw.projects`.
    package static func projectSchema() throws(Failure) -> Schema {
        try schema(
            [
                ("project_id", .string, false), ("project_source", .string, false),
                ("project_namespace", .string, false), ("project_name", .string, false),
                ("display_name", .string, false), ("description", .string, true),
                ("document", .json, false), ("source_file", .string, false),
                ("source_line", .int64, false),
            ],
            key: ["project_id"]
        )
    }

    /// The schema of `raw.collections`.
    package static func collectionSchema() throws(Failure) -> Schema {
        try schema(
            [
                ("collection_id", .string, false), ("collection_source", .string, false),
                ("collection_namespace", .string, false), ("collection_name", .string, false),
                ("display_name", .string, false), ("description", .string, true),
                ("projects", .list(.string), false), ("source_file", .string, false),
                ("source_line", .int64, false),
            ],
            key: ["collection_id"]
        )
    }

    /// The schema of `raw.artifacts_by_project`.
    ///
    /// Source and namespace are in the key because one id can stand for two artifacts.
    package static func artifactSchema() throws(Failure) -> Schema {
        try schema(
            [
                ("project_id", .string, false), ("artifact_id", .string, false),
                ("artifact_type", .string, false), ("artifact_source", .string, false),
                ("artifact_namespace", .string, false), ("artifact_name", .string, false),
                ("artifact_source_id", .string, true), ("artifact_url", .string, true),
                ("project_source", .string, false), ("project_namespace", .string, false),
                ("project_name", .string, false), ("source_file", .string, false),
                ("source_line", .int64, false),
            ],
            key: [
                "project_id", "artifact_id", "artifact_type", "artifact_source",
                "artifact_namespace",
            ]
        )
    }

    /// The rows of `raw.projects`, sorted.
    package func projectRows() throws(Failure) -> RowSet {
        var rows = RowBuilder(schema: try Self.projectSchema())
        for project in projects {
            try rows.string(Self.id(project.name))
            try rows.string(Self.source)
            try rows.string(Self.namespace)
            try rows.string(project.name)
            try rows.string(project.displayName)
            try rows.optional(project.description)
            try rows.json(canonical: project.document)
            try rows.string(project.sourceFile)
            try rows.int64(Int64(project.sourceLine))
            try rows.endRow()
        }
        return try Self.sorted(rows)
    }

    /// The rows of `raw.collections`, sorted.
    package func collectionRows() throws(Failure) -> RowSet {
        var rows = RowBuilder(schema: try Self.collectionSchema())
        for collection in collections {
            try rows.string(Self.id(collection.name))
            try rows.string(Self.source)
            try rows.string(Self.namespace)
            try rows.string(collection.name)
            try rows.string(collection.displayName)
            try rows.optional(collection.description)
            try rows.beginList()
            for project in collection.projects { try rows.string(project) }
            try rows.endList()
            try rows.string(collection.sourceFile)
            try rows.int64(Int64(collection.sourceLine))
            try rows.endRow()
        }
        return try Self.sorted(rows)
    }

    /// The rows of `raw.artifacts_by_project`, sorted.
    ///
    /// A GitHub owner has type `OWNER`.
    package func artifactRows() throws(Failure) -> RowSet {
        var rows = RowBuilder(schema: try Self.artifactSchema())
        for project in projects {
            let projectID = Self.id(project.name)
            for artifact in project.artifacts {
                try rows.string(projectID)
                try rows.string(
                    osoID(artifact.source, artifact.namespace, artifact.name)
                )
                try rows.string(artifact.type)
                try rows.string(artifact.source)
                try rows.string(artifact.namespace)
                try rows.string(artifact.name)
                try rows.optional(artifact.sourceID)
                try rows.optional(artifact.url)
                try rows.string(Self.source)
                try rows.string(Self.namespace)
                try rows.string(project.name)
                try rows.string(project.sourceFile)
                try rows.int64(Int64(artifact.sourceLine))
                try rows.endRow()
            }
        }
        return try Self.sorted(rows)
    }

    /// What Open Source Observer calls this kind of registry.
    private static let source = "OSS_DIRECTORY"
    private static let namespace = "oso"

    private static func id(_ name: String) -> String { osoID(source, namespace, name) }

    private static func schema(
        _ columns: [(name: String, type: ColumnType, isNullable: Bool)],
        key: [String]
    ) throws(Failure) -> Schema {
        try Schema(
            columns: columns.enumerated().map { index, column in
                Column(
                    id: index + 1,
                    name: column.name,
                    type: column.type,
                    isNullable: column.isNullable
                )
            },
            key: key,
            cutClass: .large
        )
    }

    private static func sorted(_ builder: consuming RowBuilder) throws(Failure) -> RowSet {
        var rows = builder.finish()
        try rows.sort()
        return rows
    }
}

/// Open Source Observer's id: Base64 of SHA-256 of the three, without a separator.
///
/// Its input is taken as it is: callers pass sources in upper case, all else in lower case.
package func osoID(_ source: String, _ namespace: String, _ name: String) -> String {
    Base64.encode(Digest.of(source + namespace + name).bytes)
}
