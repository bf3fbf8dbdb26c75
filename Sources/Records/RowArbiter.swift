package import Diagnostics

/// Decides between rows of one key.
package protocol RowArbiter: AnyObject, Sendable {
    /// Whether the row that a table has stays where another of its key comes.
    ///
    /// Called in key order, by one thread, only for rows that differ.
    /// - Parameters:
    ///   - old: text of the row that is there, with its newline.
    ///   - new: text of the other.
    /// - Returns: whether the old one stays.
    /// - Throws: what reading the rows throws.
    func keeps(_ old: [UInt8], insteadOf new: [UInt8]) throws(Failure) -> Bool
}
