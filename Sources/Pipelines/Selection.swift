package import Diagnostics
import Foundation
import Glibc
package import Snapshots

/// Which tables a plan is about, as words of the command line say: all that any of them names.
///
/// A word is a name (`marts.projects_v1`, or `projects_v1` in any layer), a pattern (`marts.*`),
/// `tag:NAME`, `layer:NAME` or `state:modified`. `+` before it adds what those are made of, `+` after
/// it what is made of them.
package struct Selection: Sendable {
    private let terms: [Term]

    private struct Term: Sendable {
        let word: String
        let atom: Atom
        let takesUpstream: Bool
        let takesDownstream: Bool
    }

    private enum Atom: Sendable {
        /// A name or a pattern.
        case pattern(String)
        case tag(String)
        case layer(String)
        case modified
    }

    /// The words, as they were given.
    package var words: [String] { terms.map(\.word) }

    /// Reads words of the command line.
    ///
    /// - Returns: nil if there is none: everything.
    /// - Throws: `select.syntax`.
    package static func parse(_ words: [String]) throws(Failure) -> Selection? {
        guard !words.isEmpty else { return nil }
        var terms: [Term] = []
        for word in words { terms.append(try term(word)) }
        return Selection(terms: terms)
    }

    private static func term(_ word: String) throws(Failure) -> Term {
        var text = word[...]
        let takesUpstream = text.hasPrefix("+")
        if takesUpstream { text.removeFirst() }
        let takesDownstream = text.hasSuffix("+")
        if takesDownstream { text.removeLast() }
        guard !text.isEmpty, !text.contains("+") else {
            throw syntax("'\(word)' names no table.")
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let atom: Atom
        switch (parts[0], parts.count > 1 ? String(parts[1]) : nil) {
        case (_, nil): atom = .pattern(String(text))
        case ("tag", let name?) where !name.isEmpty: atom = .tag(name)
        case ("layer", let name?) where TableName.layers.contains(name): atom = .layer(name)
        case ("layer", let name?):
            throw syntax(
                "\"\(name)\" is no layer.",
                hint: "Layers are \(TableName.layers.joined(separator: ", "))."
            )
        case ("state", "modified"): atom = .modified
        default: throw syntax("'\(word)' selects nothing osodata knows.")
        }
        return Term(
            word: word,
            atom: atom,
            takesUpstream: takesUpstream,
            takesDownstream: takesDownstream
        )
    }

    private static func syntax(
        _ message: String,
        hint: String =
            "Select by NAME, a pattern, tag:NAME, layer:NAME or state:modified, with + before or after."
    ) -> Failure {
        Failure(.selectSyntax, message, hint: hint)
    }

    /// The tables selected.
    ///
    /// - Parameters:
    ///   - flow: all tables.
    ///   - isModified: whether what people wrote of a table changed since it was made.
    /// - Returns: at least one, but for `state:modified`.
    /// - Throws: `select.nothing` for a word that names nothing, with a near name; `state:modified`
    ///   may.
    package func tables(
        in flow: TableFlow,
        isModified: (TableName) throws(Failure) -> Bool
    ) throws(Failure) -> Set<TableName> {
        var selected: Set<TableName> = []
        for term in terms {
            var named: Set<TableName> = []
            for table in flow.tables where try matches(term.atom, table, flow, isModified) {
                named.insert(table)
            }
            if named.isEmpty, case .modified = term.atom { continue }
            guard !named.isEmpty else { throw Self.nothing(term, flow) }
            selected.formUnion(named)
            if term.takesUpstream { selected.formUnion(flow.reach(from: named, .upstream)) }
            if term.takesDownstream { selected.formUnion(flow.reach(from: named, .downstream)) }
        }
        return selected
    }

    private func matches(
        _ atom: Atom,
        _ table: TableName,
        _ flow: TableFlow,
        _ isModified: (TableName) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        switch atom {
        case .pattern(let pattern):
            for name in [table.description, table.name] where unsafe fnmatch(pattern, name, 0) == 0
            {
                return true
            }
            return false
        case .tag(let tag): return flow.models[table]?.tags.contains(tag) ?? false
        case .layer(let layer): return table.layer == layer
        case .modified: return try isModified(table)
        }
    }

    private static func nothing(_ term: Term, _ flow: TableFlow) -> Failure {
        let near: String?
        switch term.atom {
        case .pattern(let name):
            if let table = try? TableName(parsing: name) {
                near = nearest(to: table, among: flow.tables)?.description
            } else {
                near = nearest(to: name, among: flow.tables.map(\.name))
            }
        case .tag(let name):
            near = nearest(to: name, among: Array(Set(flow.models.values.flatMap(\.tags))))
                .map { "tag:\($0)" }
        case .layer, .modified: near = nil
        }
        return Failure(
            .selectNothing,
            "'\(term.word)' selects no table.",
            hint: near.map { "Did you mean '\($0)'?" } ?? "List them: osodata lineage"
        )
    }
}

extension Failure.Code {
    /// A word that is no selector.
    static let selectSyntax = Self("select.syntax")
    /// A selector that no table fits.
    static let selectNothing = Self("select.nothing")
    /// A selected table whose input was never made and is not selected.
    static let selectMissingInput = Self("select.missing-input")
}
