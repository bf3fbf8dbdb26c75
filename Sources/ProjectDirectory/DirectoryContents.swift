package import Codecs

/// Everything a directory says, in the order of its paths.
package struct DirectoryContents: Sendable {
    package let projects: [Project]
    package let collections: [ProjectCollection]
    /// Of the paths and bytes of all files read.
    package let digest: Digest

    /// GitHub owners listed whole, lower case.
    package let githubOwners: Set<String>
    /// GitHub repositories listed one by one, as lower-case `owner/name`.
    package let githubRepositories: Set<String>

    /// A directory without files.
    package static let empty = DirectoryContents(
        projects: [],
        collections: [],
        digest: SHA256().finalize()
    )

    /// Makes the contents; both lists must be in order of their files.
    init(projects: [Project], collections: [ProjectCollection], digest: Digest) {
        self.projects = projects
        self.collections = collections
        self.digest = digest
        var owners: Set<String> = []
        var repositories: Set<String> = []
        for artifact in projects.lazy.flatMap(\.artifacts) where artifact.source == "GITHUB" {
            if artifact.name.isEmpty {
                owners.insert(artifact.namespace)
            } else {
                repositories.insert("\(artifact.namespace)/\(artifact.name)")
            }
        }
        githubOwners = owners
        githubRepositories = repositories
    }
}
