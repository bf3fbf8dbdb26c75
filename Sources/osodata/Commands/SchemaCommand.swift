import ArgumentParser
import Pipelines

/// `osodata schema`.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of a file that people write, for editors.",
        discussion: """
            pipelines is pipelines.toml, model the header of a model, tests a file of models/tests. \
            Editors with taplo (Even Better TOML in VS Code, Helix, Neovim, Zed) take it from a \
            .taplo.toml: docs/pipelines.md shows one.
            """
    )

    @Argument(help: "pipelines, model or tests.") var file: EditorSchema

    func run() { Output.json(file.json) }
}

extension EditorSchema: ExpressibleByArgument {}
