package import Codecs
package import GitStore
package import Records

/// A table whose objects are made and wait to be published.
package struct PreparedTable: Sendable {
    package let table: TableName
    package let schema: Schema
    package let digest: Digest
    package let rows: Int
    /// Bytes of all text, uncompressed.
    package let bytes: Int
    /// The tree of the table's folder.
    package let tree: ObjectID
    /// What the previous version had; nil if there was none.
    package let previousDigest: Digest?
    package let previousRows: Int?
    /// The previous version's folder.
    package let previousTree: ObjectID?
    package let segmentCount: Int
    package let chunkCount: Int
    /// Chunks that the previous version did not have.
    package let newChunks: Int
    /// Their text, uncompressed.
    package let newTextBytes: Int
    /// Their size as stored.
    package let newBytes: Int
    package let manifest: Manifest

    /// Whether the content or the schema differs from the previous version.
    package var isChanged: Bool { previousDigest != digest }
    /// Whether anything in the folder differs, provenance and column docs included.
    package var isTreeChanged: Bool { previousTree != tree }
}
