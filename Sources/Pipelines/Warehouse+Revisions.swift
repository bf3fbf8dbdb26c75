package import Diagnostics
import Foundation
package import GitStore
import Records
import Snapshots

extension Warehouse {
    /// The commit that a revision names: the one place that knows how revisions are written.
    ///
    /// In this order, the first that is there:
    /// 1. what git knows: branches, tags, ids, `HEAD~3`;
    /// 2. a date or an instant, `2026-11-01` or `2026-11-01T12:00:00Z`: the last commit of HEAD
    ///    along first parents that was made by the end of it, in UTC;
    /// 3. a run: the value of a commit's trailer `Osodata-Run`, or the beginning of one alone, from
    ///    four letters on.
    ///
    /// `~2` and the like may follow each of them.
    ///
    /// - Throws: `git.unknown-revision` with a near name, `git.ambiguous-revision`.
    package func commit(_ revision: String) throws(Failure) -> ObjectID {
        let refusal: Failure
        do throws(Failure) {
            return try repository.resolve(revision)
        } catch {
            let codes: [Failure.Code] = [.unknownRevision, .ambiguousRevision]
            guard codes.contains(error.code), !revision.isEmpty else { throw error }
            refusal = error
        }
        guard let head = try headCommit() else { throw refusal }
        let end = revision.firstIndex { "~^".contains($0) } ?? revision.endIndex
        let name = String(revision[..<end])
        guard !name.isEmpty else { throw refusal }
        let isAmbiguous = refusal.code == .ambiguousRevision
        let found: ObjectID?
        if let instant = try Instant(name) {
            found = try commit(by: instant, from: head)
        } else {
            found = try run(name, from: head, exactly: isAmbiguous)
        }
        if let found { return try repository.resolve(found.hex + revision[end...]) }
        if isAmbiguous { throw refusal }
        throw Failure(
            refusal.code,
            refusal.message,
            hint: try nearReference(name).map { "Did you mean '\($0)'?" } ?? refusal.hint,
            cause: refusal.cause
        )
    }

    /// The last commit along first parents that was made by an instant.
    private func commit(by instant: Instant, from head: ObjectID) throws(Failure) -> ObjectID {
        var found: ObjectID?
        var first: CommitInfo?
        try repository.walk(from: head, firstParent: true) { (commit) throws(Failure) -> Bool in
            first = commit
            if commit.committer.time <= instant.lastSecond { found = commit.id }
            return found == nil
        }
        if let found { return found }
        let oldest = first.map { commit in
            let date = Date(timeIntervalSince1970: TimeInterval(commit.committer.time))
            return "The history here begins with \(commit.id.hex.prefix(12)) of "
                + "\(date.ISO8601Format())."
        }
        throw Failure(
            .unknownRevision,
            "No commit was made by '\(instant.text)'.",
            hint: oldest
        )
    }

    /// The commit of a run, the newest along first parents if there are several, or else one of
    /// another branch; nil if there is none.
    private func run(
        _ text: String,
        from head: ObjectID,
        exactly: Bool
    ) throws(Failure) -> ObjectID? {
        var found: [String: ObjectID] = [:]
        var seen: Set<ObjectID> = []
        var others: [ObjectID] = []
        // As short as git takes ids.
        let takesBeginning = !exactly && text.utf8.count >= 4
        func look(_ commit: CommitInfo) {
            for case ("Osodata-Run", let run) in commit.trailers
            where found[run] == nil && (run == text || takesBeginning && run.hasPrefix(text)) {
                found[run] = commit.id
            }
        }
        try repository.walk(from: head, firstParent: true) { (commit) throws(Failure) -> Bool in
            seen.insert(commit.id)
            look(commit)
            others += commit.parents.dropFirst()
            return found[text] == nil
        }
        if let run = found[text] { return run }
        for name in try repository.referenceNames() {
            if let id = try? repository.resolve(name) { others.append(id) }
        }
        while let id = others.popLast(), found[text] == nil {
            guard seen.insert(id).inserted else { continue }
            let commit: CommitInfo
            do throws(Failure) {
                commit = try repository.commit(id)
            } catch {
                // A shallow clone ends somewhere.
                guard error.lacksObject else { throw error }
                continue
            }
            look(commit)
            others += commit.parents
        }
        if let run = found[text] { return run }
        guard found.count > 1 else { return found.values.first }
        let runs = found.keys.sorted()
        throw Failure(
            .ambiguousRevision,
            "'\(text)' is the beginning of \(runs.count) runs.",
            hint: "Give more of it: \(runs.prefix(5).joined(separator: ", "))"
                + (runs.count > 5 ? ", …" : "")
        )
    }

    /// The branch or tag that a name is most likely a misspelling of.
    private func nearReference(_ name: String) throws(Failure) -> String? {
        var names = ["HEAD"]
        for reference in try repository.referenceNames() {
            for kind in ["refs/heads/", "refs/tags/", "refs/remotes/"]
            where reference.hasPrefix(kind) {
                names.append(String(reference.dropFirst(kind.count)))
            }
        }
        // What follows the name may be what is wrong.
        return names.contains(name) ? nil : nearest(to: name, among: names)
    }
}

/// A point in time as a person writes it, in UTC.
private struct Instant {
    let text: String
    /// The last second that counts, since 1970; a date's is its last one.
    let lastSecond: Int64

    /// Reads `2026-11-01` or `2026-11-01T12:00:00Z`; nil for what does not look like one.
    ///
    /// - Throws: `git.unknown-revision` for what looks like one and is none.
    init?(_ text: String) throws(Failure) {
        let bytes = Array(text.utf8)
        let shape = bytes.prefix(10).map { $0 &- 48 < 10 ? UInt8(ascii: "0") : $0 }
        guard shape == Array("0000-00-00".utf8),
            bytes.count == 10 || bytes[10] == UInt8(ascii: "T")
        else { return nil }
        let second = unsafe bytes.withUnsafeBufferPointer { bytes -> Int64? in
            if bytes.count == 10 {
                return unsafe CellText.parseDate(bytes).map { Int64($0) * 86_400 + 86_399 }
            }
            return unsafe CellText.parseTimestamp(bytes).map { micros in
                // Towards the past, also before 1970.
                (micros - (micros % 1_000_000 + 1_000_000) % 1_000_000) / 1_000_000
            }
        }
        guard let second else {
            throw Failure(
                .unknownRevision,
                "'\(text)' is no date.",
                hint: "Dates are written 2026-01-31, instants 2026-01-31T23:59:59Z, in UTC."
            )
        }
        self.text = text
        lastSecond = second
    }
}
