/// Something in a snapshot that is not as the format says.
package struct VerifyProblem: Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, for scripts.
    package enum Kind: String, Sendable {
        /// An object or file is missing.
        case missing
        /// A file or folder that does not belong there.
        case unexpected
        /// A file that cannot be read as what it must be.
        case malformed
        /// Bytes that do not have the digest they are named by.
        case digest
        /// Sizes or counts that do not add up.
        case size
        /// Rows out of order, or two with one key.
        case order
        /// Rows cut elsewhere than the format's rule cuts.
        case boundary
        /// Statistics that do not describe the rows.
        case statistics
    }

    package let kind: Kind
    /// `layer.name`, or a path if it is no table.
    package let table: String
    /// Folder of the segment.
    package let segment: String?
    /// File of the chunk, or another file of the folder.
    package let chunk: String?
    /// What differs; a sentence.
    package let message: String

    /// `table segment/chunk: message`.
    package var description: String {
        let place = [segment, chunk].compactMap { $0 }.joined(separator: "/")
        return table + (place.isEmpty ? "" : " \(place)") + ": " + message
    }
}

/// What verifying found, and how much it looked at.
package struct VerifyReport: Sendable {
    package internal(set) var problems: [VerifyProblem] = []
    package internal(set) var tables = 0
    package internal(set) var chunks = 0
    package internal(set) var rows = 0
    /// Bytes of text.
    package internal(set) var bytes = 0

    /// Makes an empty report.
    package init() {}

    /// Whether everything is as it must be.
    package var isClean: Bool { problems.isEmpty }

    /// Adds what another report found.
    package mutating func add(_ other: VerifyReport) {
        problems += other.problems
        tables += other.tables
        chunks += other.chunks
        rows += other.rows
        bytes += other.bytes
    }
}
