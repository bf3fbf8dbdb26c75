import Codecs
package import Diagnostics
import Foundation
import GitStore
import Records
import Snapshots

/// Changes too small for a commit, kept until the next one: provenance of tables whose content
/// came out equal, and coverage that moved without new rows.
///
/// Files of `.osodata/pending`, each naming the digest of the committed table it stands on, so
/// that one left behind by a pull or a reset is ignored. Losing them costs a rebuild, never a
/// wrong number.
struct Pending: Sendable {
    private let folder: URL
    private let path: String

    /// The pending changes of the warehouse at `root`.
    init(root: String) {
        path = "\(root)/.osodata/pending"
        folder = URL(fileURLWithPath: path)
    }

    /// The provenance `table` would have been committed with, if its committed digest is `digest`.
    func provenance(_ table: TableName, digest: Digest) -> JSONValue? {
        read(table, digest, "json").flatMap { try? JSONValue(parsing: $0) }
    }

    /// Keeps a provenance.
    func keep(_ provenance: JSONValue, _ table: TableName, digest: Digest) throws(Failure) {
        try write([UInt8](provenance.serialized().utf8), table, digest, "json")
    }

    /// Forgets what waits for `table`: it is as committed again.
    func forget(_ table: TableName, digest: Digest) {
        for kind in ["json", "ndjson"] {
            try? FileManager.default.removeItem(at: url(table, digest, kind))
        }
    }

    /// Canonical rows of `table` that stand for the committed ones of digest `digest`.
    func rows(_ table: TableName, digest: Digest?) -> [UInt8]? { read(table, digest, "ndjson") }

    /// Keeps rows.
    func keep(rows: [UInt8], _ table: TableName, digest: Digest?) throws(Failure) {
        try write(rows, table, digest, "ndjson")
    }

    /// How many changes wait.
    var count: Int { names.count { !$0.hasPrefix(".") } }

    /// Forgets what stands on no table of `digests`: a pull or a reset left it behind.
    ///
    /// - Returns: how many files.
    func clear(except digests: [TableName: Digest]) -> Int {
        let kept = Set(digests.map { "\($0.key).\($0.value.short)" })
        var removed = 0
        for name in names {
            let stem = name.split(separator: ".").dropLast().joined(separator: ".")
            // Coverage of a warehouse without commits stands on none.
            guard !kept.contains(stem), !stem.hasSuffix(".none") else { continue }
            guard (try? FileManager.default.removeItem(at: folder.appending(path: name))) != nil
            else { continue }
            removed += 1
        }
        return removed
    }

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    }

    /// Forgets everything: it was committed.
    func clear() { try? FileManager.default.removeItem(at: folder) }

    private func name(_ table: TableName, _ digest: Digest?, _ kind: String) -> String {
        "\(table).\(digest?.short ?? "none").\(kind)"
    }

    private func url(_ table: TableName, _ digest: Digest?, _ kind: String) -> URL {
        folder.appending(path: name(table, digest, kind))
    }

    private func read(_ table: TableName, _ digest: Digest?, _ kind: String) -> [UInt8]? {
        // Most tables have none: an address of Foundation's would cost more than the look.
        try? Files.read("\(path)/\(name(table, digest, kind))")
    }

    private func write(
        _ bytes: [UInt8],
        _ table: TableName,
        _ digest: Digest?,
        _ kind: String
    ) throws(Failure) {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(bytes).write(to: url(table, digest, kind), options: .atomic)
        } catch {
            throw Failure(
                .pendingUnwritable,
                "The folder '\(folder.path)' cannot be written.",
                hint: "Free some disk space or mend the folder's permissions.",
                cause: error.localizedDescription
            )
        }
    }
}

extension Failure.Code {
    /// `.osodata/pending` cannot be written.
    package static let pendingUnwritable = Self("run.pending-unwritable")
}
