package import GitStore

/// When a repository reaches the limits of the place that hosts it, at the pace of its last runs.
package struct Forecast: Sendable, Equatable {
    /// One limit and how far it is.
    package struct Limit: Sendable, Equatable {
        /// Which one, for scripts.
        package enum Kind: String, Sendable {
            case repository
            case push
            case file
            case folder
        }

        package let kind: Kind
        package let used: Int
        package let limit: Int
        /// Runs until it is reached; nil if nothing grows or nothing is known.
        package let runsLeft: Int?
        package let daysLeft: Int?

        /// Whether it is time to do something.
        package var needsAttention: Bool {
            Double(used) >= 0.8 * Double(limit) || daysLeft.map { $0 <= Forecast.notice } ?? false
        }
    }

    package let limits: [Limit]
    /// Bytes a run adds; nil before the second run.
    package let bytesPerRun: Int?
    /// Runs a day, a run a day at the most of what less than a day can tell.
    package let runsPerDay: Double?

    /// So many days ahead one can still do something in peace.
    package static let notice = 90

    /// What GitHub allows: objects of 100 MB, pushes of 2 GB; about 10 GB and folders of 3,000
    /// entries are what it advises.
    package static func limit(_ kind: Limit.Kind) -> Int {
        switch kind {
        case .repository: 10 << 30
        case .push: 2 << 30
        case .file: 100 << 20
        case .folder: 3000
        }
    }

    /// What was measured.
    package struct Measures: Sendable {
        /// Bytes of all objects on disk.
        package var repositoryBytes = 0
        /// Bytes that the next push brings.
        package var pushBytes = 0
        /// Bytes of the largest file.
        package var largestFile = 0
        /// Entries of the largest folder of snapshots, now and after the oldest of the runs.
        package var largestFolder = 0
        package var largestFolderBefore = 0
        /// The last runs, newest first: when, in seconds since 1970, and the bytes they added.
        ///
        /// The run that wrote the first snapshots is none of them: the next will not be like it.
        package var runs: [(time: Int64, bytes: Int)] = []

        /// Nothing measured yet.
        package init() {}
    }

    /// Computes how long the repository can go on.
    package init(_ measures: Measures) {
        let runs = measures.runs
        let bytes = runs.isEmpty ? nil : runs.reduce(0) { $0 + $1.bytes } / runs.count
        bytesPerRun = bytes
        var perDay: Double?
        if runs.count > 1 {
            let times = runs.map(\.time)
            let span = (times.max() ?? 0) - (times.min() ?? 0)
            // Runs by hand within an hour do not tell of a hundred a day.
            perDay = Double(runs.count - 1) / max(Double(span) / 86_400, 1)
        }
        runsPerDay = perDay
        let entries =
            runs.isEmpty
            ? nil
            : Double(measures.largestFolder - measures.largestFolderBefore) / Double(runs.count)
        func limit(_ kind: Limit.Kind, _ used: Int, _ growth: Double?) -> Limit {
            let left = Double(max(Self.limit(kind) - used, 0))
            var count: Double?
            if let growth, growth > 0 { count = (left / growth).rounded(.down) }
            if left == 0 { count = 0 }
            let days = count.flatMap { count in perDay.map { count / $0 } }
            return Limit(
                kind: kind,
                used: used,
                limit: Self.limit(kind),
                runsLeft: count.flatMap { Int(exactly: min($0, 1e12)) },
                daysLeft: left == 0 ? 0 : days.map { Int(min($0, 1e12)) }
            )
        }
        limits = [
            limit(.repository, measures.repositoryBytes, bytes.map(Double.init)),
            // Pushing after every run keeps it small: it does not grow by itself.
            limit(.push, measures.pushBytes, nil),
            limit(.file, measures.largestFile, nil),
            limit(.folder, measures.largestFolder, entries),
        ]
    }
}

extension ObjectStorage {
    /// Whether objects lie in so many places that git and osodata search long: more than 50 packs,
    /// or more files than git's own `gc.auto` takes.
    package var needsRepack: Bool { packs > Self.packLimit || looseObjects > 6700 }

    /// As many packs as git's own `gc.autoPackLimit` takes.
    package static let packLimit = 50
}

extension Forecast.Limit {
    /// How far the limit is, without a full stop.
    package var text: String {
        let percent = Int(100 * Double(used) / Double(limit))
        let share = "(\(percent) %)"
        let now =
            switch kind {
            case .repository: "The repository has \(bytes(used)) of \(bytes(limit)) \(share)"
            case .push: "The next push brings \(bytes(used)) of \(bytes(limit)) \(share)"
            case .file: "The largest file has \(bytes(used)) of \(bytes(limit)) \(share)"
            case .folder: "The largest folder has \(used) of \(limit) entries \(share)"
            }
        guard let runsLeft else { return now }
        if used >= limit { return now + ": the limit is reached" }
        guard let daysLeft else { return now + ", the limit in \(runsLeft) more runs" }
        let when =
            switch daysLeft {
            case ..<1000: "\(daysLeft) days"
            case ..<365_000: "\(daysLeft / 365) years"
            default: "over 1000 years"
            }
        return now + ", the limit in \(when) (\(runsLeft) runs)"
    }

    private func bytes(_ count: Int) -> String { byteText(count) }

    /// What to do about it.
    package var advice: String {
        switch kind {
        case .repository:
            "See what takes the room: osodata gc --dry-run. A key that puts the time first, and "
                + "keep = \"directory\", make runs smaller; old history can move to an archive: "
                + "git clone --mirror, then start the branch anew with git checkout --orphan."
        case .push:
            "Push in parts, oldest first: git push origin COMMIT:refs/heads/BRANCH."
        case .file:
            "Take the file out of git before it is pushed: git rm --cached FILE."
        case .folder:
            "Split the table, as by year: a folder holds 3,000 segments at most."
        }
    }
}

/// A number of bytes as people say it, `512 bytes` or `2.4 kB`; a kB has 1,024.
package func byteText(_ count: Int) -> String {
    let units: [(name: String, size: Int)] = [("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)]
    for unit in units where count >= unit.size {
        let tenths = (count * 10 + unit.size / 2) / unit.size
        return tenths % 10 == 0 || tenths >= 1000
            ? "\(tenths / 10) \(unit.name)" : "\(tenths / 10).\(tenths % 10) \(unit.name)"
    }
    return "\(count) bytes"
}
