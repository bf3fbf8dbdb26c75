package import Diagnostics

extension Failure.Code {
    /// The folder is in no git repository.
    package static let notARepository = Self("git.not-a-repository")
    /// Another user owns the repository.
    package static let foreignOwned = Self("git.foreign-owned")
    /// The repository names its objects by SHA-256.
    package static let sha256Repository = Self("git.sha256")
    /// The repository uses an extension that libgit2 does not know.
    package static let unsupportedExtension = Self("git.unsupported-extension")
    /// A repository is there already.
    package static let repositoryExists = Self("git.repository-exists")
    /// A revision names no commit.
    package static let unknownRevision = Self("git.unknown-revision")
    /// A short id that more than one object has.
    package static let ambiguousRevision = Self("git.ambiguous-revision")
    /// The repository lacks an object that something names.
    package static let missingObject = Self("git.missing-object")
    /// An object is not of the type it should have.
    package static let wrongObjectType = Self("git.wrong-object-type")
    /// An object's bytes make no sense.
    package static let malformedObject = Self("git.malformed-object")
    /// Someone else holds a lock, or left it behind.
    package static let locked = Self("git.locked")
    /// A path that git would not take, or that leads out of its folder.
    package static let unsafePath = Self("git.unsafe-path")
    /// Files under `snapshots/` differ from what is committed.
    package static let dirtySnapshots = Self("git.dirty-snapshots")
    /// A merge, rebase or the like is neither finished nor given up.
    package static let operationInProgress = Self("git.operation-in-progress")
    /// Something that is no folder stands where a folder must be.
    package static let workTreeObstructed = Self("git.work-tree-obstructed")
    /// The journal of an interrupted run cannot be read.
    package static let corruptJournal = Self("git.corrupt-journal")
    /// The file system refused something.
    package static let fileSystem = Self("git.file-system")
    /// libgit2 refused something that has no code of its own here.
    package static let gitFailed = Self("git.failed")
}
