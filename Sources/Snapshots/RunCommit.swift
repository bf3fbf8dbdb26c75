package import Codecs
package import GitStore

/// What one run wants to commit.
package struct RunCommit: Sendable {
    /// Where the commit goes.
    package enum Destination: Hashable, Sendable {
        /// The branch that is checked out. If HEAD is detached, or on another branch than
        /// `configured` (short name; nil takes any), the run goes to `refs/osodata/scratch`.
        case checkedOut(configured: String?)
        /// A reference by its full name, such as `refs/heads/data`, checked out or not.
        case reference(String)
        /// `refs/osodata/scratch`, on top of what HEAD is at: to look at, and to throw away.
        case scratch
    }

    package var tables: [PreparedTable]
    /// Tables to take out of the tree.
    package var removed: [TableName]
    /// Files beside the tables, by path; nil for one to take out of the tree.
    package var files: [String: [UInt8]?] = [:]
    /// First line of the message.
    package var subject: String
    /// Between subject and trailers; may be empty.
    package var body: String
    /// The trailers in order.
    ///
    /// `Osodata-Warehouse` is computed when publishing: put it where it shall stand, with any
    /// value, or leave it out and it comes last.
    package var trailers: [(key: String, value: String)]
    package var author: Signature
    package var committer: Signature
    /// The commit the run was planned on; nil on a branch without commits.
    package var base: ObjectID?
    package var destination: Destination
    /// Paths that must be the same at `base` and where the run is published.
    package var inputs = ["pipelines.toml", "models", "directory"]

    /// Makes a commit to be.
    package init(
        tables: [PreparedTable],
        removed: [TableName] = [],
        subject: String,
        body: String = "",
        trailers: [(key: String, value: String)] = [],
        author: Signature,
        committer: Signature,
        base: ObjectID?,
        destination: Destination = .checkedOut(configured: nil)
    ) {
        self.tables = tables
        self.removed = removed
        self.subject = subject
        self.body = body
        self.trailers = trailers
        self.author = author
        self.committer = committer
        self.base = base
        self.destination = destination
    }

    /// The whole message, with the warehouse digest put in.
    func message(warehouse: Digest) -> String {
        var text = subject + "\n"
        if !body.isEmpty { text += "\n" + body + (body.last == "\n" ? "" : "\n") }
        var lines = trailers
        if let index = lines.firstIndex(where: { $0.key == Self.warehouseTrailer }) {
            lines[index].value = warehouse.hex
        } else {
            lines.append((Self.warehouseTrailer, warehouse.hex))
        }
        return text + "\n" + lines.map { "\($0.key): \($0.value)\n" }.joined()
    }

    /// The trailer with the warehouse digest.
    package static let warehouseTrailer = "Osodata-Warehouse"
}

/// Where a run was published.
package struct PublishResult: Sendable {
    package let commit: ObjectID
    /// The reference that was moved, by its full name.
    package let reference: String
    /// Why the run went to `refs/osodata/scratch`; nil if it did not, or was meant to.
    package let scratchReason: String?
    /// The warehouse digest of the commit.
    package let warehouse: Digest
    /// How often the branch had to be tried; above 1 if others published meanwhile.
    package let attempts: Int
    /// False if the tree was as it is already, and no commit was made.
    package let isNew: Bool
    /// Objects and bytes written.
    package let writtenObjects: Int
    package let writtenBytes: Int
    /// Paths under `snapshots/` that were left alone because somebody had changed them.
    package let skippedPaths: [String]
    /// Why index and work tree stayed as they were, though the branch was checked out when the run
    /// was planned; nil if they went along, or had no reason to.
    package let leftAloneReason: String?

    package var isScratch: Bool { scratchReason != nil }
}
