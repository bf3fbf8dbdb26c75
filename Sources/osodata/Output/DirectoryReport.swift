import Codecs
import Diagnostics
import Diffing
import ProjectDirectory

/// What a check of the directory found, as text, JSON and annotations of GitHub.
struct DirectoryReport {
    private let findings: DirectoryCheck.Findings
    private let directory: String
    private let since: String?
    /// Those to tell: what an edit brought, and what was there before in files it changed.
    private let problems: [DirectoryProblem]

    /// Makes a report.
    ///
    /// - Parameters:
    ///   - findings: what was found.
    ///   - directory: goes before the paths of files.
    ///   - since: where the edit began, as the user calls it.
    init(_ findings: DirectoryCheck.Findings, directory: String, since: String?) {
        self.findings = findings
        self.directory = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        self.since = since
        problems = findings.problems.filter { problem in
            guard let changed = findings.changed, problem.isOld else { return true }
            return changed.contains(problem.failure.place?.file ?? "")
        }
    }

    var errors: Int { problems.count { $0.severity == .error } }

    /// One sentence.
    var summary: String {
        let counts = [
            Self.count(errors, "error"), Self.count(problems.count - errors, "warning"),
        ].joined(separator: ", ")
        let what = [
            Self.count(findings.projects, "project"),
            Self.count(findings.collections, "collection"),
        ].joined(separator: ", ")
        guard let changed = findings.changed, let since else { return "\(what): \(counts)." }
        let rest = findings.problems.count - problems.count
        let old = rest == 0 ? "" : " In other files \(grouped(rest)) were there before."
        return
            "\(what), \(Self.count(changed.count, "file")) changed since \(since): \(counts).\(old)"
    }

    private static func count(_ count: Int, _ noun: String) -> String {
        "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
    }

    /// A line for each problem, as compilers write them, and its hint.
    var text: String {
        problems.map { problem in
            let failure = problem.failure
            var text = "\(place(of: failure)): \(problem.severity): \(failure.message)"
            text += " [\(failure.code)]\n"
            if let cause = failure.cause { text += "  cause: \(cause)\n" }
            if let hint = failure.hint { text += "  hint: \(hint)\n" }
            return text
        }.joined()
    }

    private func place(of failure: Failure) -> Place {
        let place = failure.place ?? Place(file: "")
        return Place(file: "\(directory)/\(place.file)", line: place.line, column: place.column)
    }

    /// Workflow commands of GitHub Actions, which show at the lines of a pull request.
    ///
    /// Source: "Workflow commands for GitHub Actions", setting an error message.
    var annotations: String {
        problems.map { problem in
            let failure = problem.failure
            let place = place(of: failure)
            var properties = ["file=\(Self.escaped(place.file, isProperty: true))"]
            if let line = place.line { properties.append("line=\(line)") }
            if let column = place.column { properties.append("col=\(column)") }
            let title = Self.escaped(failure.code.description, isProperty: true)
            properties.append("title=\(title)")
            let message = [failure.message, failure.hint].compactMap(\.self).joined(separator: "\n")
            return "::\(problem.severity) \(properties.joined(separator: ","))::"
                + Self.escaped(message, isProperty: false) + "\n"
        }.joined()
    }

    private static func escaped(_ text: String, isProperty: Bool) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": out += "%25"
            case "\r": out += "%0D"
            case "\n": out += "%0A"
            case ":" where isProperty: out += "%3A"
            case "," where isProperty: out += "%2C"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// Everything, for scripts.
    var json: JSONValue {
        .object([
            ("projects", .int(Int64(findings.projects))),
            ("collections", .int(Int64(findings.collections))),
            ("changed", findings.changed.map { .int(Int64($0.count)) } ?? .null),
            ("errors", .int(Int64(errors))),
            ("warnings", .int(Int64(problems.count - errors))),
            (
                "problems",
                .array(
                    problems.map { problem in
                        let failure = problem.failure
                        let place = place(of: failure)
                        return .object([
                            ("severity", .string(problem.severity.rawValue)),
                            ("rule", .string(failure.code.description)),
                            ("file", .string(place.file)),
                            ("line", place.line.map { .int(Int64($0)) } ?? .null),
                            ("column", place.column.map { .int(Int64($0)) } ?? .null),
                            ("message", .string(failure.message)),
                            ("hint", failure.hint.map { .string($0) } ?? .null),
                            ("was_there_before", .bool(problem.isOld)),
                        ])
                    }
                )
            ),
        ])
    }
}
