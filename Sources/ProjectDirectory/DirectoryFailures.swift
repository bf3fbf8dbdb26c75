package import Diagnostics

extension Failure.Code {
    /// A directory file cannot be read from disk.
    package static let unreadableFile = Self("directory.unreadable-file")
    /// A directory file is not YAML.
    package static let brokenYAML = Self("directory.broken-yaml")
    /// A value has the wrong type, or a required one is missing.
    package static let invalidDocument = Self("directory.invalid-document")
    /// A file states a version other than `ProjectDirectoryReader.version`.
    package static let wrongVersion = Self("directory.wrong-version")
    /// A file's name differs from the name it states.
    package static let nameMismatch = Self("directory.name-mismatch")
    /// Two files state one name.
    package static let duplicateName = Self("directory.duplicate-name")
    /// A collection lists a project that is not in the directory.
    package static let unknownProject = Self("directory.unknown-project")
    /// A file that looks like YAML but does not end in `.yaml`.
    package static let wrongExtension = Self("directory.wrong-extension")
}
