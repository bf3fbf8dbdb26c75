/// An error a person can act on: what happened, where, and what to do next.
///
/// Every module throws this one type, so that typed throws compose and the command line and a
/// server render any failure alike. What differs between modules is the `Code`, which each module
/// extends with its own static members.
package struct Failure: Error, Sendable {
    /// A stable name for a kind of failure, as `area.what-happened`.
    ///
    /// Scripts may match on it.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        package let kind: Kind

        /// Makes a code; `name` is lower case, `area.what-happened`.
        package init(_ name: String, _ kind: Kind = .input) {
            description = name
            self.kind = kind
        }
    }

    /// Who can do something about a failure; decides the exit status.
    package enum Kind: Int32, Sendable {
        /// A difference was found or a check failed.
        case difference = 1
        /// The user can act: input, configuration, environment.
        case input = 2
        /// A bug in osodata.
        case `internal` = 3
        /// Somebody ended it: what a shell says of SIGINT.
        case cancelled = 130
    }

    package let code: Code
    /// A sentence: what happened, with the value in quotes.
    package let message: String
    /// A sentence or a command: what to do next.
    package let hint: String?
    /// Where in a user's file.
    package let place: Place?
    /// What a library underneath said.
    package let cause: String?

    /// Makes a failure.
    package init(
        _ code: Code,
        _ message: String,
        hint: String? = nil,
        place: Place? = nil,
        cause: String? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.place = place
        self.cause = cause
    }

    /// The same failure, said to be at `place` if it had none.
    package func at(_ place: Place) -> Failure {
        Failure(code, message, hint: hint, place: self.place ?? place, cause: cause)
    }

    /// Turns any error into a failure; one that is none already becomes `internal.unexpected`.
    package init(wrapping error: any Error) {
        if let failure = error as? Failure {
            self = failure
        } else {
            self = Failure(.unexpected, "An unexpected error came up.", cause: "\(error)")
        }
    }
}

extension Failure.Code {
    /// An error no code expected.
    package static let unexpected = Self("internal.unexpected", .internal)
}

/// A position in a file a person wrote.
package struct Place: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// From 1; nil if only the file is known.
    package let line: Int?
    /// From 1, in characters; nil if only the line is known.
    package let column: Int?

    /// Makes a place.
    package init(file: String, line: Int? = nil, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file`, `file:line` or `file:line:column`.
    package var description: String {
        guard let line else { return file }
        return "\(file):\(line)" + (column.map { ":\($0)" } ?? "")
    }
}

extension Failure: CustomStringConvertible {
    /// The text a terminal shows: place, message, cause, hint, a line each.
    package var description: String {
        var text = "error: " + (place.map { "\($0): " } ?? "") + message
        if let cause { text += "\n  cause: \(cause)" }
        if let hint { text += "\n  hint: \(hint)" }
        return text
    }
}
