package import Diagnostics

extension Failure.Code {
    /// A row's text is not as the format spells it.
    package static let malformedRow = Self("records.malformed-row")
    /// Two rows with one key.
    package static let duplicateKey = Self("records.duplicate-key")
    /// A value that its column cannot hold.
    package static let wrongValue = Self("records.wrong-value")
    /// A null in a column that has none.
    package static let unexpectedNull = Self("records.unexpected-null")
    /// A row over 16 MiB.
    package static let rowTooLarge = Self("records.row-too-large")
}
