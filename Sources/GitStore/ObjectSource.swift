package import Diagnostics

/// Where objects are read from: a repository, or a batch that is not written yet.
///
/// Several threads may read at once.
package protocol ObjectSource: Sendable {
    /// The entries of a tree in git's order.
    func tree(_ id: ObjectID) throws(Failure) -> [TreeEntry]
    /// The bytes of a blob.
    func blob(_ id: ObjectID) throws(Failure) -> [UInt8]
    /// Lends the bytes of a blob for the duration of `body`.
    func withBlob<R>(
        _ id: ObjectID,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> R
    ) throws(Failure) -> R
    /// How to come by objects that are not there.
    var missingObjectsHint: String { get }
}

extension Repository: ObjectSource {}

extension ObjectBatch: ObjectSource {
    package func withBlob<R>(
        _ id: ObjectID,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> R
    ) throws(Failure) -> R {
        let bytes = try blob(id)
        return try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
            try unsafe body(UnsafeRawBufferPointer(bytes))
        }
    }

    package var missingObjectsHint: String { repository.missingObjectsHint }
}
