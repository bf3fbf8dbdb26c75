/// A project of the directory: what its file says, and the artifacts that follow from it.
package struct Project: Hashable, Sendable {
    /// The file's base name, and the project's name everywhere else.
    package let name: String
    package let displayName: String
    package let description: String?
    /// In the order of the file, without repetitions.
    package let artifacts: [ProjectArtifact]
    /// The whole file as canonical JSON (RFC 8785).
    package let document: [UInt8]
    /// Where the file says the name; the file is relative to the directory's root.
    package let sourceFile: String
    package let sourceLine: Int
}

/// A collection of the directory: a list of projects by name.
package struct ProjectCollection: Hashable, Sendable {
    /// The file's base name.
    package let name: String
    package let displayName: String
    package let description: String?
    /// Names of projects in the order of the file.
    package let projects: [String]
    /// Where the file says the name; the file is relative to the directory's root.
    package let sourceFile: String
    package let sourceLine: Int
}

/// Something a project owns, in Open Source Observer's terms (docs/directory.md).
package struct ProjectArtifact: Hashable, Sendable {
    /// Where it lives, upper case, as `GITHUB` or `MAINNET`.
    package let source: String
    /// What it is, upper case, as `REPOSITORY` or `CONTRACT`.
    package let type: String
    /// Lower case; empty where the source has no namespaces.
    package let namespace: String
    /// Lower case; empty for a GitHub owner.
    package let name: String
    /// The source's own id, where the directory's text determines it.
    package let sourceID: String?
    /// Lower case.
    package let url: String?
    /// The line that lists it.
    package let sourceLine: Int

    /// What makes two artifacts of one project the same.
    struct Identity: Hashable {
        let source: String
        let type: String
        let namespace: String
        let name: String
    }

    var identity: Identity {
        Identity(source: source, type: type, namespace: namespace, name: name)
    }
}
