package import Codecs

/// The digests of format section 5: SHA-256 of rows, and over lines `name value\n` above them.
package enum SnapshotDigests {
    /// The digest of a chunk: of its text.
    package static func chunk(_ text: [UInt8]) -> Digest { .of(text) }

    /// The digest of a chunk: of its text.
    package static func chunk(_ text: UnsafeRawBufferPointer) -> Digest { unsafe .of(text) }

    /// The digest of a segment: a line `chunk <digest> <rows>` each.
    package static func segment(chunks: [(Digest, Int)]) -> Digest {
        var lines = ""
        for (digest, rows) in chunks { lines += "chunk \(digest.hex) \(rows)\n" }
        return .of(lines)
    }

    /// The digest of a group of segments: a line `segment <digest> <rows>` each.
    package static func group(segments: [(Digest, Int)]) -> Digest {
        var lines = ""
        for (digest, rows) in segments { lines += "segment \(digest.hex) \(rows)\n" }
        return .of(lines)
    }

    /// The digest of a table: its format, class, columns, key and segments.
    package static func table(schema: Schema, segments: [(Digest, Int)]) -> Digest {
        var hash = SHA256()
        hash.update("format osodata.snapshot/1\n")
        hash.update("class \(schema.cutClass.rawValue)\n")
        for column in schema.columns {
            hash.update("column \(column.name) \(column.type) \(column.isNullable)\n")
        }
        for name in schema.key { hash.update("key \(name)\n") }
        for (digest, rows) in segments { hash.update("segment \(digest.hex) \(rows)\n") }
        return hash.finalize()
    }

    /// The digest of a warehouse: the sorted lines `<layer>.<table> <digest>` of all layers but
    /// `meta`.
    package static func warehouse(_ tables: [(table: String, digest: Digest)]) -> Digest {
        let lines = tables.filter { !$0.table.hasPrefix("meta.") }
            .map { Array("\($0.table) \($0.digest.hex)\n".utf8) }
            .sorted { $0.lexicographicallyPrecedes($1) }
        var hash = SHA256()
        for line in lines { hash.update(line) }
        return hash.finalize()
    }
}
