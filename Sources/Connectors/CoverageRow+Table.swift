import Codecs
package import Diagnostics
package import Records

/// Coverage as a table.
extension CoverageRow {
    /// The columns of `meta.coverage`.
    package static let schema = RawTable.schema(
        [
            ("source", .string, false, "Name of the source in pipelines.toml."),
            ("partition", .string, false, "An hour of an archive, or the address of a repository."),
            ("connector", .string, false, "The connector that read it."),
            ("location", .string, false, "Where it was read from."),
            ("state", .string, false, "covered, or missing: upstream does not have it."),
            ("rows", .int64, false, "Rows that come from this partition."),
            ("lines", .int64, false, "Lines or commits read."),
            ("bytes", .int64, false, "Bytes as fetched."),
            ("folded", .int64, false, "Rows left out because an equal one was there."),
            (
                "conflicting", .int64, false,
                "Rows left out because another row with the same key came first."
            ),
            (
                "dropped", .int64, false,
                "Rows left out by the keep rule; commits of osodata's runs."
            ),
            ("replaced_characters", .int64, false, "Characters replaced by U+FFFD."),
            ("duplicate_keys", .int64, false, "Members of JSON objects a later one stands for."),
            ("scrubbed_emails", .int64, false, "E-mail addresses replaced by a hash."),
            ("clamped_times", .int64, false, "Times moved into the years 0001 to 9999."),
            ("covered_until", .timestamp, true, "Everything before this time is known."),
            ("made_up", .bool, false, "Whether the data is a sample made up by osodata's authors."),
            ("filter", .string, true, "Digest of what decides which content is kept, and how."),
            ("content_sha256", .string, true, "SHA-256 of the content as fetched."),
            ("etag", .string, true, "ETag of the answer; the commit HEAD named."),
            ("last_modified", .string, true, "Last-Modified of the answer."),
        ],
        key: ["source", "partition"],
        cutClass: .small
    )

    /// The rows as a sorted table.
    ///
    /// - Throws: `records.duplicate-key` if a source has a partition twice.
    package static func rowSet(_ rows: [CoverageRow]) throws(Failure) -> RowSet {
        var builder = RowBuilder(schema: schema)
        for row in rows {
            for text in [
                row.source, row.partition, row.connector, row.location, row.state.rawValue,
            ] {
                try builder.string(text)
            }
            for number in [
                row.rows, row.lines, row.bytes, row.folded, row.conflicting, row.dropped,
                row.replacedCharacters, row.duplicateKeys, row.scrubbedEmails, row.clampedTimes,
            ] {
                try builder.int64(number)
            }
            if let time = row.coveredUntil {
                try builder.timestamp(micros: time)
            } else {
                try builder.null()
            }
            try builder.bool(row.madeUp)
            for text in [row.filter, row.contentSHA256, row.etag, row.lastModified] {
                if let text { try builder.string(text) } else { try builder.null() }
            }
            try builder.endRow()
        }
        var set = builder.finish()
        try set.sort()
        return set
    }

    /// Reads a table that `rowSet(_:)` made, in its order.
    ///
    /// A table of an older version may lack columns: they are as if nothing was known.
    ///
    /// - Throws: `connector.raw-table`.
    package static func rows(of set: RowSet) throws(Failure) -> [CoverageRow] {
        var rows: [CoverageRow] = []
        for index in 0..<set.count {
            let text = unsafe set.withRow(index) { unsafe Array($0) }
            rows.append(try row(try JSONValue(parsing: text)))
        }
        return rows
    }

    private static func row(_ value: JSONValue) throws(Failure) -> CoverageRow {
        guard let source = value["source"]?.string, let partition = value["partition"]?.string,
            let state = (value["state"]?.string).flatMap(State.init(rawValue:))
        else {
            throw Failure(
                .rawTable,
                "A row of meta.coverage has no source, partition or state.",
                hint: "Restore snapshots/ from git, or remove the table and run again."
            )
        }
        var row = CoverageRow(
            source: source,
            partition: partition,
            connector: value["connector"]?.string ?? "",
            location: value["location"]?.string ?? "",
            state: state,
            madeUp: value["made_up"]?.bool ?? false
        )
        func number(_ name: String) -> Int64 { value[name]?.int ?? 0 }
        row.rows = number("rows")
        row.lines = number("lines")
        row.bytes = number("bytes")
        row.folded = number("folded")
        row.conflicting = number("conflicting")
        row.dropped = number("dropped")
        row.replacedCharacters = number("replaced_characters")
        row.duplicateKeys = number("duplicate_keys")
        row.scrubbedEmails = number("scrubbed_emails")
        row.clampedTimes = number("clamped_times")
        row.coveredUntil = (value["covered_until"]?.string)
            .flatMap { EventTime.parse(Array($0.utf8))?.micros }
        row.filter = value["filter"]?.string
        row.contentSHA256 = value["content_sha256"]?.string
        row.etag = value["etag"]?.string
        row.lastModified = value["last_modified"]?.string
        return row
    }
}
