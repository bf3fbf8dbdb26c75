package import Diagnostics
import GitStore

extension Failure.Code {
    /// Text that names no table.
    package static let tableName = Self("snapshot.table-name")
    /// No such table at the revision.
    package static let unknownTable = Self("snapshot.unknown-table")
    /// A manifest or segment file that does not say what one must say.
    package static let malformedManifest = Self("snapshot.malformed-manifest")
    /// A manifest of a format version this program does not know.
    package static let unknownFormat = Self("snapshot.unknown-format")
    /// A chunk whose bytes are not those its digest names.
    package static let corruptChunk = Self("snapshot.corrupt-chunk")
    /// A file or object that a snapshot needs is not in the repository.
    package static let missingObject = Self("snapshot.missing-object")
    /// More segments than a folder may hold.
    package static let tooManySegments = Self("snapshot.too-many-segments")
    /// Rows of one batch that could not be used as one table.
    package static let unsortedRows = Self("snapshot.unsorted-rows", .internal)
    /// Configuration, models or directory changed on the branch while a run was under way.
    package static let inputsMoved = Self("snapshot.inputs-moved")
    /// A table that a run wrote was changed on the branch by somebody else meanwhile.
    package static let tableMoved = Self("snapshot.table-moved")
    /// The branch moved again and again while a run tried to publish.
    package static let publishContended = Self("snapshot.publish-contended")
}

extension Failure {
    /// Whether a file of a snapshot, or the object of one, is not there.
    var isMissing: Bool { code == .missingObject || lacksObject }
}
