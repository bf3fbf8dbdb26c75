package import Diagnostics
import Querying

extension Failure.Code {
    /// A model reads something that is no table of the warehouse: clock, chance, file, state.
    package static let hiddenInput = Self("lineage.hidden-input")
    /// A model's result depends on the order in which rows come.
    package static let unorderedResult = Self("lineage.unordered-result")
    /// A model's last digit depends on the order of rows or the machine.
    package static let inexactResult = Self("lineage.inexact-result")
    /// A model names a table without its layer.
    package static let tableWithoutLayer = Self("lineage.table-without-layer")
    /// A macro that calls itself.
    package static let recursiveMacro = Self("lineage.recursive-macro")
}

/// Something in a statement that keeps its result from being the same every time.
struct Refusal {
    let code: Failure.Code
    let message: String
    let hint: String
    let position: SourcePosition?

    func failure(in file: String) -> Failure {
        Failure(
            code,
            message,
            hint: hint,
            place: position?.place(in: file) ?? Place(file: file)
        )
    }
}
