import Codecs
import Diagnostics
import Foundation
import GitStore
import Records
import Snapshots

/// Partitions of tables that are not published yet: a run that died, or whose other partitions
/// failed, is taken up where it was.
///
/// A file a partition in `.osodata/partitions`, named by the table and the partition's fingerprint.
/// They may be removed at any time; equal fingerprints promise equal rows.
struct PartitionSpool: Sendable {
    /// Bytes of text of one frame.
    private static let pieceBytes = 4 << 20

    private let folder: String

    /// The files of a table in a repository.
    init(of table: TableName, in repository: Repository) {
        folder = "\(Self.parent(repository))/\(table)"
    }

    private static func parent(_ repository: Repository) -> String {
        let base = repository.workTree.map { "\($0)/.osodata" }
        return "\(base ?? "\(repository.gitDirectory)/osodata")/partitions"
    }

    /// Removes the files of tables that are in partitions no more.
    ///
    /// - Parameters:
    ///   - repository: where.
    ///   - tables: those that are.
    static func clear(in repository: Repository, except tables: Set<TableName>) {
        let parent = parent(repository)
        let kept = Set(tables.map(\.description))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where !kept.contains(name) {
            try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
        }
    }

    private func path(_ fingerprint: Digest) -> String { "\(folder)/\(fingerprint.hex)" }

    /// The text of a partition's rows in pieces of whole rows; nil if it is not here, or damaged.
    func pieces(_ fingerprint: Digest) -> [[UInt8]]? {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path(fingerprint))) else {
            return nil
        }
        let decompressor = ZstdDecompressor()
        var pieces: [[UInt8]] = []
        var rest = [UInt8](data)[...]
        while rest.count > 4 {
            // A frame, behind its length in four bytes, the least first.
            let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard length <= rest.count,
                let text = try? decompressor.decompress(
                    Array(rest.prefix(length)),
                    limit: Self.pieceBytes + RowSet.rowBytesLimit
                )
            else { return nil }
            pieces.append(text)
            rest = rest.dropFirst(length)
        }
        return rest.isEmpty ? pieces : nil
    }

    /// Keeps the rows of a partition; where that cannot be, a later run makes them again.
    ///
    /// - Throws: what reading the rows throws.
    func keep(_ rows: SortedRows, _ fingerprint: Digest) throws(Failure) {
        let compressor = ZstdCompressor(level: 1)
        var file: [UInt8] = []
        var piece: [UInt8] = []
        func endPiece() {
            let frame = compressor.compress(piece)
            for shift in [0, 8, 16, 24] {
                file.append(UInt8(truncatingIfNeeded: frame.count >> shift))
            }
            file += frame
            piece.removeAll(keepingCapacity: true)
        }
        try unsafe rows.forEach { (row, _, _) throws(Failure) in
            unsafe piece.append(contentsOf: row)
            if piece.count >= Self.pieceBytes { endPiece() }
        }
        if !piece.isEmpty { endPiece() }
        try? FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        try? Data(file).write(to: URL(fileURLWithPath: path(fingerprint)), options: .atomic)
    }

    /// Removes what no partition of the table is made of any more.
    func keepOnly(_ fingerprints: some Sequence<Digest>) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard !names.isEmpty else { return }
        let kept = Set(fingerprints.map(\.hex))
        for name in names where !kept.contains(name) {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
    }

    /// Removes all: the table is published, or as it was.
    func clear() { try? FileManager.default.removeItem(atPath: folder) }
}
