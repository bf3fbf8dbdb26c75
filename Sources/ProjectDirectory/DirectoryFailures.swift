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

// Rules of `osodata directory check`.
extension Failure.Code {
    /// A schema in the directory's folder `schema` cannot be used.
    package static let invalidSchema = Self("directory.invalid-schema")
    /// A mapping has a key that the schema does not know.
    static let unknownKey = Self("directory.unknown-key")
    /// A value is none of those the schema lists.
    static let unknownValue = Self("directory.unknown-value")
    /// A name is not lower case, digits and single hyphens.
    static let notASlug = Self("directory.not-a-slug")
    /// A project's file is not below the first character of its name.
    static let wrongFolder = Self("directory.wrong-folder")
    /// Two projects have one display name, whatever its case.
    static let displayNameTaken = Self("directory.display-name-taken")
    /// A URL is on a host of another kind.
    static let urlHost = Self("directory.url-host")
    /// A URL does not say what its kind should.
    static let urlShape = Self("directory.url-shape")
    /// An address is not `0x` and 40 digits.
    static let addressShape = Self("directory.address-shape")
    /// An address's case is not its checksum (EIP-55).
    static let addressChecksum = Self("directory.address-checksum")
    /// An artifact belongs to another project.
    static let artifactTaken = Self("directory.artifact-taken")
    /// A character that is not seen, or looks like another.
    static let oddCharacter = Self("directory.odd-character")
    /// One file lists something twice.
    static let listedTwice = Self("directory.listed-twice")
    /// A file starts with a byte order mark.
    static let byteOrderMark = Self("directory.byte-order-mark")
}
