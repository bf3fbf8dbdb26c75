package import Diagnostics

/// Where sorted rows go that do not fit into memory; this module does no IO of its own.
package protocol RunStorage: Sendable {
    /// An empty file that goes away by itself.
    func makeFile() throws(Failure) -> any RunFile
}

/// One run's bytes: written once from start to end, then read, several times if need be.
package protocol RunFile: Sendable {
    /// Appends bytes.
    func append(_ bytes: [UInt8]) throws(Failure)
    /// Exactly `count` bytes from `offset` on.
    func read(_ count: Int, at offset: Int) throws(Failure) -> [UInt8]
}

/// How much memory rows may take while they are made and sorted, and where the rest goes.
package struct SortLimit: Sendable {
    /// Bytes of text, keys and places; a sort needs no more than this and one row.
    package let bytes: Int
    package let storage: any RunStorage

    /// Makes a limit.
    package init(bytes: Int, storage: any RunStorage) {
        self.bytes = bytes
        self.storage = storage
    }
}
