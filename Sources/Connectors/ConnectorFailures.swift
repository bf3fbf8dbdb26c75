package import Diagnostics

extension Failure.Code {
    /// A text that is not the name of an hour.
    package static let archiveHour = Self("archive.hour")
    /// A file of an archive that cannot be read: cut off, or a line that is no event.
    package static let archiveContent = Self("archive.content")
    /// A repository without its whole history.
    package static let historyShallow = Self("history.shallow")
    /// Two repositories that cannot be told apart.
    package static let historyAddress = Self("history.address")
    /// A table of ours that does not look as this version writes it.
    package static let rawTable = Self("connector.raw-table")
}
