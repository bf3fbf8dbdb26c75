package import Diagnostics

/// Something wrong with a directory.
package struct DirectoryProblem: Sendable {
    /// How much it matters.
    package enum Severity: String, Sendable {
        case error, warning
    }

    /// The rule (`code`), what was found, where, and what to write instead; the file is relative to
    /// the directory's root.
    package let failure: Failure
    /// What of the file it is about, so that it is known again when lines move.
    let subject: String
    package internal(set) var severity: Severity

    /// Whether it was there before the edit that is checked.
    package internal(set) var isOld = false

    init(_ failure: Failure, subject: String) {
        self.failure = failure
        self.subject = subject
        severity = Self.tolerated.contains(failure.code) ? .warning : .error
    }

    /// The same rule, file and subject.
    var identity: String {
        "\(failure.code) \(failure.place?.file ?? "") \(subject)"
    }

    /// Rules that real directories break, and that readers can live with: errors only in what an
    /// edit brings.
    private static let tolerated: Set<Failure.Code> = [
        .notASlug, .wrongFolder, .displayNameTaken, .urlHost, .urlShape, .addressShape,
        .addressChecksum, .artifactTaken, .oddCharacter, .listedTwice, .byteOrderMark,
    ]
}
