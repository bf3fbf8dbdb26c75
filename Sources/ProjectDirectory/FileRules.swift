import Diagnostics

/// The rules that a file is checked by.
///
/// Each thread has its own: two that count references to the same rules wait for each other half the
/// time.
struct FileRules: Sendable {
    let project: JSONSchema
    let collection: JSONSchema
    let links: [LinkRule]

    /// Reads the schemas of a directory, or takes those in this program.
    ///
    /// - Parameter folder: where the directory lies.
    /// - Throws: `directory.invalid-schema`, `directory.unreadable-file`.
    init(of folder: DirectoryFolder) throws(Failure) {
        func load(_ schema: DirectorySchema) throws(Failure) -> JSONSchema {
            let path = schema.path
            let bytes =
                try folder.contains(path) ? folder.bytes(of: path) : Array(schema.json.utf8)
            return try JSONSchema(parsing: bytes, file: path)
        }
        project = try load(.project)
        collection = try load(.collection)
        links = LinkRule.all()
    }
}
