import Codecs
import Diagnostics
import GitStore
import Records

/// Reads one repository's history into rows.
struct HistoryReader {
    private let path: String
    private let address: String
    private let filter: String
    private let context: SourceContext

    init(path: String, address: String, _ filter: String, _ context: SourceContext) {
        self.path = path
        self.address = address
        self.filter = filter
        self.context = context
    }

    /// Reads the repository; its rows are nil if the commits are those of `previous`.
    func read(previous: CoverageRow?) throws(Failure) -> ExtractResult.Partition {
        let repository = try Repository(discovering: path)
        guard !repository.isShallow else {
            throw Failure(
                .historyShallow,
                "The repository \"\(path)\" has only a part of its history.",
                hint: "git -C \"\(path)\" fetch --unshallow"
            )
        }
        let head: ObjectID? =
            switch try repository.head() {
            case .branch(_, let commit): commit
            case .detached(let commit): commit
            }
        if let previous, let head, previous.etag == head.hex {
            return .init(coverage: previous)
        }
        var coverage = CoverageRow(
            source: context.sourceName,
            partition: address,
            connector: GitHistory.name,
            location: address,
            state: .covered,
            madeUp: context.madeUp
        )
        coverage.filter = filter
        coverage.etag = head?.hex
        coverage.coveredUntil = context.madeUp ? nil : context.now

        // Which commits there are is found first: most runs find nothing new and stop there.
        let ids = try commits(repository, from: head, &coverage)
        var hash = SHA256()
        hash.update("repository \(address)\n")
        for id in ids.sorted() { hash.update("commit \(id.hex)\n") }
        let content = hash.finalize().hex
        if let previous, previous.contentSHA256 == content {
            return .init(coverage: previous)
        }
        coverage.contentSHA256 = content

        let cleaner = TextCleaner(EmailScrubber(key: context.emailKey))
        var builder = RowBuilder(schema: GitHistory.schema, limit: context.memory.limit)
        for id in ids {
            let commit = try repository.commit(id)
            coverage.bytes += Int64(commit.message.count)
            coverage.replacedCharacters += replacements(in: commit)
            try append(commit, to: &builder, cleaner, &coverage)
        }
        coverage.scrubbedEmails = cleaner.scrubbedEmails
        coverage.replacedCharacters += cleaner.replacedCharacters
        coverage.rows = Int64(builder.rowCount)
        context.progress("\(address): \(builder.rowCount) commits")
        return .init(coverage: coverage, rows: try context.memory.keep(builder.finishSorted()))
    }

    /// The commits that count, in the order of the walk.
    private func commits(
        _ repository: Repository,
        from head: ObjectID?,
        _ coverage: inout CoverageRow
    ) throws(Failure) -> [ObjectID] {
        guard let head else { return [] }
        var ids: [ObjectID] = []
        var lines: Int64 = 0
        var dropped: Int64 = 0
        try repository.walk(from: head) { (commit) throws(Failure) in
            lines += 1
            if commit.trailers.contains(where: { $0.key.lowercased() == "osodata-run" }) {
                dropped += 1
            } else {
                ids.append(commit.id)
            }
            return true
        }
        coverage.lines = lines
        coverage.dropped = dropped
        return ids
    }

    private func append(
        _ commit: CommitInfo,
        to builder: inout RowBuilder,
        _ cleaner: TextCleaner,
        _ coverage: inout CoverageRow
    ) throws(Failure) {
        try builder.timestamp(micros: micros(commit.committer.time, &coverage))
        try builder.string(address)
        try builder.string(commit.id.hex)
        try builder.timestamp(micros: micros(commit.author.time, &coverage))
        try append(commit.author, to: &builder, cleaner)
        try append(commit.committer, to: &builder, cleaner)
        try builder.beginList()
        for parent in commit.parents { try builder.string(parent.hex) }
        try builder.endList()
        try builder.string(utf8: cleaner.clean(commit.message))
        try builder.string(context.sourceName)
        try builder.string("HEAD")
        try builder.endRow()
    }

    /// U+FFFD in a commit's texts.
    ///
    /// Those that stand for what was not UTF-8 cannot be told from
    /// those somebody wrote; hardly anybody does.
    private func replacements(in commit: CommitInfo) -> Int64 {
        var count: Int64 = 0
        let people = commit.author.name + commit.author.email + commit.committer.name
        for text in [commit.message, Array((people + commit.committer.email).utf8)] {
            for (index, byte) in text.enumerated() where byte == 0xEF {
                if text[index...].starts(with: "\u{FFFD}".utf8) { count += 1 }
            }
        }
        return count
    }

    /// Name, login and address of one person.
    private func append(
        _ person: Signature,
        to builder: inout RowBuilder,
        _ cleaner: TextCleaner
    ) throws(Failure) {
        let name = cleaner.clean(Array(person.name.utf8))
        if name.isEmpty { try builder.null() } else { try builder.string(utf8: name) }
        if let login = GitHistory.login(in: person.email) {
            try builder.string(utf8: cleaner.clean(Array(login.utf8)))
        } else {
            try builder.null()
        }
        if let hash = cleaner.hash(wholeAddress: person.email) {
            try builder.string(utf8: hash)
        } else {
            try builder.null()
        }
    }

    /// Microseconds of a time in seconds, moved into the years a row can say.
    private func micros(_ seconds: Int64, _ coverage: inout CoverageRow) -> Int64 {
        let range = CellText.timestampRange
        let (micros, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if !overflow, range.contains(micros) { return micros }
        coverage.clampedTimes += 1
        // The last whole second, so that the text has no fraction that nobody wrote.
        return seconds < 0 ? range.lowerBound : range.upperBound / 1_000_000 * 1_000_000
    }
}
