package import Diagnostics
package import Fetching
package import Records

/// GitHub Archive: public events of GitHub, one gzip file of JSON lines an hour
/// (https://www.gharchive.org).
package enum GitHubArchive {
    /// The table the events go to.
    package static let table = "raw.github_events"
    /// Name in `meta.coverage`.
    package static let name = "github-archive"
    /// Part of the filter digest: raise it when the same content gives other rows.
    static let version = 1
    /// Columns that say where a row came from: rows that differ in these alone are equal.
    static let origin: Set<String> = ["source", "source_file", "source_line"]

    /// The columns of `raw.github_events`.
    package static let schema = RawTable.schema(
        [
            ("created_at", .timestamp, false, "When it happened."),
            (
                "event_id", .string, false,
                "Upstream's id; without one (2012 to 2014), SHA-256 of the line."
            ),
            ("event_type", .string, false, "As upstream names it, PushEvent."),
            ("actor_id", .int64, true, "GitHub's number of the actor."),
            ("actor_login", .string, true, "The actor's login."),
            ("repo_id", .int64, true, "GitHub's number of the repository."),
            ("repo_name", .string, true, "owner/name, as it was called then."),
            ("org_id", .int64, true, "GitHub's number of the organization."),
            ("org_login", .string, true, "The organization's login."),
            ("is_public", .bool, true, "Whether the event was public."),
            ("payload", .json, true, "What happened; depends on the type and the year."),
            ("other", .json, true, "Everything of the event that is in no other column."),
            ("source", .string, false, "Name of the source in pipelines.toml."),
            ("source_file", .string, false, "The file it was read from."),
            ("source_line", .int64, false, "The line in that file, from 1."),
        ],
        key: ["created_at", "event_id"],
        cutClass: .large
    )

    /// Reads hours of the archive, several at a time.
    ///
    /// An hour whose content and rule are those of `context.previousCoverage` keeps its rows and is
    /// not parsed again. An hour that was there and is no longer keeps its rows too, unless the rule
    /// has changed since; `notes` of the result tell of hours that are not there.
    ///
    /// `endpoint` is the folder of the files, `https://data.gharchive.org` or `file:///…`; `location`
    /// is how `meta.coverage` names it (as it is, if nil), so that no path of this machine gets
    /// there. The order of `hours` does not matter; `coveredUntil` is stated up to the first that is
    /// missing. `keep` says which events become rows.
    ///
    /// - Throws: `archive.content` with file and line for a file that is cut off or a line that is
    ///   no event; what fetching throws. Of several failures that of the first hour.
    package static func extract(
        endpoint: String,
        location: String? = nil,
        hours: [ArchiveHour],
        keep: EventFilter,
        fetcher: Fetcher,
        context: SourceContext
    ) throws(Failure) -> ExtractResult {
        let hours = Array(Set(hours)).sorted()
        let filter = context.filterDigest(connector: name, version: version, rule: keep.digest)
        let previous = context.coverageByPartition(connector: name)
        let reader = HourReader(
            endpoint: endpoint,
            location: location ?? endpoint,
            rule: keep,
            filter: filter,
            fetcher: fetcher,
            context: context,
            hourCount: hours.count
        )
        let known = previous.filter { $0.value.filter == filter }
        var partitions = try Parallel.map(hours, threads: context.threads) {
            (hour) throws(Failure) in
            let name = hour.description
            let rows = previous[name]?.rows ?? 0
            return try reader.read(hour, known: known[name], wasThere: rows > 0)
        }
        let notes = notes(of: partitions)
        try stateCoveredUntil(&partitions, hours, reader)

        return ExtractResult(
            source: context.sourceName,
            partitions: partitions,
            previous: Array(previous.values),
            notes: notes
        )
    }

    /// A sentence for each kind of hours that are not there.
    private static func notes(of partitions: [ExtractResult.Partition]) -> [String] {
        let limit = 5
        return ExtractResult.Partition.Absence.allCases.compactMap { absence in
            let hours = partitions.filter { $0.absence == absence }.map(\.coverage.partition)
            guard !hours.isEmpty else { return nil }
            let what =
                switch absence {
                case .kept: "no longer there, rows stay"
                case .dropped: "no longer there, and what to keep has changed, so rows go"
                case .unknown: "not there"
                }
            let more = hours.count > limit ? " and \(hours.count - limit) more" : ""
            return "\(what): \(hours.prefix(limit).joined(separator: ", "))\(more)"
        }
    }

    /// Reads the hours from one to another, both included, each an hour (`2015-01-01-0`) or a day.
    ///
    /// - Throws: `archive.hour`, or as `extract(endpoint:location:hours:keep:fetcher:context:)`.
    package static func extract(
        endpoint: String,
        location: String? = nil,
        from first: String,
        to last: String,
        keep: EventFilter,
        fetcher: Fetcher,
        context: SourceContext
    ) throws(Failure) -> ExtractResult {
        try extract(
            endpoint: endpoint,
            location: location,
            hours: ArchiveHour.hours(from: first, to: last),
            keep: keep,
            fetcher: fetcher,
            context: context
        )
    }

    /// Leaves the end of the hour only to those up to the first that is missing: behind a gap
    /// nothing can be said to be known until then.
    private static func stateCoveredUntil(
        _ partitions: inout [ExtractResult.Partition],
        _ hours: [ArchiveHour],
        _ reader: HourReader
    ) throws(Failure) {
        var isWhole = true
        for index in partitions.indices {
            isWhole = isWhole && partitions[index].coverage.state == .covered
            if !isWhole || partitions[index].coverage.madeUp {
                partitions[index].coverage.coveredUntil = nil
            } else if partitions[index].coverage.coveredUntil == nil {
                // A gap before it was closed, and its row does not say when its hour ends.
                if (2012...2014).contains(hours[index].year) {
                    partitions[index] = try reader.read(hours[index], known: nil)
                } else {
                    let end = hours[index].end(offsetSeconds: 0)
                    partitions[index].coverage.coveredUntil = end
                }
            }
        }
    }
}
