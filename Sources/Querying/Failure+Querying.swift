package import Diagnostics

extension Failure.Code {
    /// The library beside the program is not the engine osodata is made for.
    package static let engineVersion = Self("query.engine-version")
    /// The engine did not start or does not know a setting.
    package static let engineStart = Self("query.engine-start")
    /// SQL that does not parse.
    package static let querySyntax = Self("query.syntax")
    /// SQL that names what is not there, or has types that do not fit.
    package static let queryInvalid = Self("query.invalid")
    /// SQL that failed while it ran.
    package static let queryFailed = Self("query.failed")
    /// SQL that was stopped.
    package static let queryInterrupted = Self("query.interrupted")
    /// SQL that needs more memory than it may use.
    package static let queryMemory = Self("query.memory")
    /// SQL that wants something from outside the warehouse.
    package static let queryForbidden = Self("query.forbidden")
    /// A result of a type snapshots do not hold.
    package static let queryType = Self("query.type")
    /// A value of a result that the column's type does not hold.
    package static let queryValue = Self("query.value")
    /// A result without a column that the table has, or the other way round.
    package static let queryColumns = Self("query.columns")
    /// Text where one SELECT is expected.
    package static let queryNotOneSelect = Self("query.not-one-select")
    /// A file for import that cannot be read.
    package static let importFile = Self("import.file")
    /// The engine's own bug.
    package static let engineBug = Self("query.engine-bug", .internal)
}
