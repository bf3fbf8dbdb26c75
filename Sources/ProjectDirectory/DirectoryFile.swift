import Diagnostics

/// The part that project and collection files have in common.
struct DirectoryFile {
    /// The file's base name.
    let name: String
    /// Relative to the directory's root.
    let sourceFile: String
    let displayName: String
    let description: String?
    /// The line that states the name.
    let nameLine: Int
    /// All entries, by key.
    let entries: [String: YAMLValue]

    /// Checks version and name, and reads what every file must have.
    ///
    /// - Parameters:
    ///   - yaml: the file's document.
    ///   - path: the file, relative to the directory's root.
    ///   - kind: what the file describes, for messages.
    /// - Throws: `directory.invalid-document`, `directory.wrong-version`,
    ///   `directory.name-mismatch`.
    init(_ yaml: YAMLValue, path: String, kind: String) throws(Failure) {
        let name = String((path.split(separator: "/").last ?? "").dropLast(".yaml".count))
        var entries: [String: YAMLValue] = [:]
        for (key, value) in try yaml.entries("A \(kind) file") where !value.isNull {
            entries[try key.text("A key")] = value
        }
        func required(_ key: String) throws(Failure) -> YAMLValue {
            guard let value = entries[key] else {
                throw yaml.invalid(
                    "The \(kind) has no \"\(key)\".",
                    hint: "Add a line \"\(key): …\"."
                )
            }
            return value
        }
        let version = try required("version")
        guard try version.text("The version") == "\(ProjectDirectoryReader.version)" else {
            throw Failure(
                .wrongVersion,
                "The version is \"\(try version.text("The version"))\", not"
                    + " \"\(ProjectDirectoryReader.version)\".",
                hint: "Bring the file to version \(ProjectDirectoryReader.version).",
                place: version.place
            )
        }
        let stated = try required("name")
        guard try stated.text("The name") == name else {
            throw Failure(
                .nameMismatch,
                "The name is \"\(try stated.text("The name"))\", but the file is called"
                    + " \"\(name).yaml\".",
                hint: "Make them equal.",
                place: stated.place
            )
        }
        self.name = name
        sourceFile = path
        displayName = try required("display_name").text("The display name")
        description = try entries["description"]?.text("The description")
        nameLine = stated.line
        self.entries = entries
    }
}

/// A collection with the places of its members, kept until the members are known to exist.
struct ListedCollection: Sendable {
    let contents: ProjectCollection
    private let members: [(name: String, place: Place)]

    /// Reads a collection file.
    init(yaml: YAMLValue, path: String) throws(Failure) {
        let file = try DirectoryFile(yaml, path: path, kind: "collection")
        guard let list = file.entries["projects"] else {
            throw yaml.invalid("The collection has no \"projects\".", hint: "List at least one.")
        }
        var members: [(name: String, place: Place)] = []
        for element in try list.elements("\"projects\"") {
            members.append((try element.text("A project's name"), element.place))
        }
        guard !members.isEmpty else {
            throw list.invalid("The collection lists no project.", hint: "List at least one.")
        }
        self.members = members
        contents = ProjectCollection(
            name: file.name,
            displayName: file.displayName,
            description: file.description,
            projects: members.map(\.name),
            sourceFile: file.sourceFile,
            sourceLine: file.nameLine
        )
    }

    /// A failure for each member that is not among `known`.
    func unknownProjects(known: Set<String>) -> [Failure] {
        members.filter { !known.contains($0.name) }.map { member in
            Failure(
                .unknownProject,
                "The collection lists \"\(member.name)\", but there is no such project.",
                hint: "Correct the name, or add \"projects/\(member.name.prefix(1))/"
                    + "\(member.name).yaml\".",
                place: member.place
            )
        }
    }
}
