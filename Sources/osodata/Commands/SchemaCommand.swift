import ArgumentParser
import Pipelines
import ProjectDirectory

/// `osodata schema`.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of a file that people write, for editors.",
        discussion: """
            pipelines is pipelines.toml, model the header of a model, tests a file of models/tests; \
            project and collection are those of the directory, which keeps them in its folder \
            schema. Editors with taplo (Even Better TOML in VS Code, Helix, Neovim, Zed) take them \
            from a .taplo.toml: docs/pipelines.md shows one.
            """
    )

    @Argument(
        help: "pipelines, model, tests, project or collection.",
        transform: {
            guard let file = File($0) else {
                throw ValidationError("Say \(File.names.joined(separator: ", ")).")
            }
            return file
        }
    )
    var file: File

    /// Whose schema.
    enum File {
        case editor(EditorSchema)
        case directory(DirectorySchema)

        init?(_ name: String) {
            if let schema = EditorSchema(rawValue: name) {
                self = .editor(schema)
            } else if let schema = DirectorySchema(rawValue: name) {
                self = .directory(schema)
            } else {
                return nil
            }
        }

        static var names: [String] {
            EditorSchema.allCases.map(\.rawValue) + DirectorySchema.allCases.map(\.rawValue)
        }
    }

    func run() {
        switch file {
        case .editor(let schema): Output.json(schema.json)
        case .directory(let schema): Output.text(schema.json)
        }
    }
}
