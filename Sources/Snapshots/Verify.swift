import Codecs
package import Diagnostics
package import GitStore
import Records

extension SnapshotStore {
    /// Recomputes everything the tables of a root tree state about themselves.
    /// - Parameters:
    ///   - root: a root tree.
    ///   - threads: how many chunks are checked at once.
    ///   - progress: called before each table.
    /// - Returns: what is wrong, and how much was looked at.
    /// - Throws: only if the folders above the tables cannot be read; what is wrong within a
    ///   table is in the report.
    package func verify(
        inTree root: ObjectID,
        threads: Int = 2,
        progress: (TableName) -> Void = { _ in }
    ) throws(Failure) -> VerifyReport {
        let (tables, strays) = try verifyFolders(inTree: root)
        var report = VerifyReport()
        report.problems = strays
        for (table, tree) in tables {
            progress(table)
            report.add(verify(table, tree: tree, threads: threads))
        }
        return report
    }

    /// Looks at what lies under `snapshots/` of a root tree, and reads no table.
    /// - Returns: the tables and the trees of their folders, by name, and what lies between them
    ///   that belongs to none.
    /// - Throws: if the folders cannot be read.
    package func verifyFolders(
        inTree root: ObjectID
    ) throws(Failure) -> (
        tables: [(table: TableName, tree: ObjectID)], strays: [VerifyProblem]
    ) {
        guard let top = try repository.entry(path: "snapshots", inTree: root), top.isTree else {
            return ([], [])
        }
        var tables: [(table: TableName, tree: ObjectID)] = []
        var strays: [VerifyProblem] = []
        func stray(_ path: String, _ kind: VerifyProblem.Kind, _ message: String) {
            strays.append(
                VerifyProblem(
                    kind: kind,
                    table: "snapshots/\(path)",
                    segment: nil,
                    chunk: nil,
                    message: message
                )
            )
        }
        // Notes beside the layers are welcome; folders could be taken for layers.
        for layer in try repository.tree(top.id) where layer.isTree {
            guard TableName.layers.contains(layer.name) else {
                stray(layer.name, .unexpected, "The folder's name is no layer.")
                continue
            }
            for folder in try repository.tree(layer.id) {
                let path = "\(layer.name)/\(folder.name)"
                if !folder.isTree {
                    stray(path, .unexpected, "A layer holds tables and nothing else.")
                } else if let table = TableName(folders: layer.name, folder.name) {
                    let names = try repository.tree(folder.id).map(\.name)
                    if names.contains(SnapshotFiles.manifest) {
                        tables.append((table, folder.id))
                    } else {
                        stray(path, .missing, "The folder has no \(SnapshotFiles.manifest).")
                    }
                } else {
                    stray(path, .unexpected, "The folder's name is no table name.")
                }
            }
        }
        return (tables.sorted { $0.table < $1.table }, strays)
    }

    /// Recomputes everything one table states about itself, whatever state it is in.
    /// - Parameters:
    ///   - table: its name.
    ///   - tree: the tree of its folder.
    ///   - threads: how many chunks are checked at once.
    /// - Returns: what is wrong, and how much was looked at.
    package func verify(_ table: TableName, tree: ObjectID, threads: Int = 2) -> VerifyReport {
        do throws(Failure) {
            if let snapshot = try snapshot(table, tree: tree) {
                return snapshot.verify(threads: threads)
            }
            return .failed(table, .missing, "The folder has no \(SnapshotFiles.manifest).")
        } catch {
            let kind: VerifyProblem.Kind = error.isMissing ? .missing : .malformed
            return .failed(table, kind, error.oneLine)
        }
    }
}

extension VerifyReport {
    fileprivate static func failed(
        _ table: TableName,
        _ kind: VerifyProblem.Kind,
        _ message: String
    ) -> VerifyReport {
        var report = VerifyReport()
        report.tables = 1
        report.problems = [
            VerifyProblem(
                kind: kind,
                table: table.description,
                segment: nil,
                chunk: nil,
                message: message
            )
        ]
        return report
    }
}

extension Failure {
    /// Message and cause, for a list of problems.
    var oneLine: String { [message, cause].compactMap { $0 }.joined(separator: " ") }
}

extension Snapshot {
    /// Recomputes everything the snapshot states about itself: names, sizes, digests, cuts,
    /// order, spelling of every row, statistics.
    package func verify(threads: Int = 2) -> VerifyReport {
        var verifier = SnapshotVerifier(self, threads: threads)
        verifier.run()
        return verifier.report
    }
}

/// Verifies one snapshot, top down, going on after a problem as far as it can.
struct SnapshotVerifier {
    private let snapshot: Snapshot
    private let threads: Int
    private(set) var report = VerifyReport()
    /// The last row of the chunk before, to compare across chunks.
    private var previous: CheckedChunk?

    init(_ snapshot: Snapshot, threads: Int) {
        self.snapshot = snapshot
        self.threads = threads
    }

    private mutating func problem(
        _ kind: VerifyProblem.Kind,
        _ message: String,
        segment: String? = nil,
        chunk: String? = nil
    ) {
        report.problems.append(
            VerifyProblem(
                kind: kind,
                table: snapshot.table.description,
                segment: segment,
                chunk: chunk,
                message: message
            )
        )
    }

    mutating func run() {
        report.tables = 1
        checkManifest()
        checkFolder()
        let count = snapshot.manifest.segments.count
        for index in 0..<count { checkSegment(index, isLast: index == count - 1) }
    }

    /// Spelling, sums, digest and merged statistics of the manifest.
    private mutating func checkManifest() {
        let manifest = snapshot.manifest
        do throws(Failure) {
            if let entry = snapshot.entries[SnapshotFiles.manifest],
                try snapshot.objects.blob(entry.id) != manifest.serialized()
            {
                problem(.malformed, "manifest.json is not in canonical spelling.")
            }
            _ = try snapshot.provenance()
        } catch {
            problem(.malformed, error.oneLine)
        }
        let stated = Manifest(
            schema: manifest.schema,
            segments: manifest.segments,
            history: manifest.history,
            groupLimit: manifest.groupLimit
        )
        if stated.rows != manifest.rows {
            problem(
                .size,
                "The manifest states \(manifest.rows) rows, its segments \(stated.rows)."
            )
        }
        if stated.bytes != manifest.bytes {
            problem(
                .size,
                "The manifest states \(manifest.bytes) bytes, its segments \(stated.bytes)."
            )
        }
        if stated.digest != manifest.digest {
            problem(
                .digest,
                "The manifest states the digest \(manifest.digest.short), its segments and schema "
                    + "make \(stated.digest.short)."
            )
        }
        if let column = firstDifference(stated.statistics, manifest.statistics) {
            problem(
                .statistics,
                "The table's statistics of \"\(column)\" are not those of its segments."
            )
        }
        let ids = manifest.schema.columns.map(\.id)
        if Set(ids).count != ids.count { problem(.malformed, "Two columns have one id.") }
        if ids.contains(where: { $0 < 1 }) { problem(.malformed, "A column has the id 0.") }
    }

    /// Checks that every entry of the folder belongs there.
    private mutating func checkFolder() {
        let manifest = snapshot.manifest
        let groups = manifest.isGrouped ? manifest.groups : []
        for group in groups { checkGroup(group) }
        let folders = Set(
            manifest.isGrouped ? groups.map(\.folder) : manifest.segments.map(\.folder)
        )
        for (name, entry) in snapshot.entries.sorted(by: { $0.key < $1.key })
        where entry.isTree && !folders.contains(name) {
            problem(
                .unexpected,
                "The manifest lists no segment or group of this name.",
                segment: name
            )
        }
        let files = [SnapshotFiles.manifest, SnapshotFiles.provenance]
        for (name, entry) in snapshot.entries.sorted(by: { $0.key < $1.key }) where !entry.isTree {
            if files.contains(name) {
                checkMode(entry, segment: nil)
            } else if !folders.contains(name) {
                problem(.unexpected, "A table has no such file.", chunk: name)
            }
        }
        if snapshot.entries[SnapshotFiles.provenance] == nil {
            problem(.missing, "There is no \(SnapshotFiles.provenance).")
        }
    }

    /// Checks the list of a group, and that every entry of its folder belongs there.
    private mutating func checkGroup(_ group: SegmentGroup) {
        guard let folder = snapshot.entries[group.folder], folder.isTree else {
            return problem(.missing, "The folder of a group is not there.", segment: group.folder)
        }
        let segments = Set(group.segments.map(\.folder))
        do throws(Failure) {
            for entry in try snapshot.objects.tree(folder.id) {
                if entry.name == SegmentGroup.fileName {
                    checkMode(entry, segment: group.folder)
                    if try snapshot.objects.blob(entry.id) != group.serialized(snapshot.schema) {
                        problem(
                            .malformed,
                            "group.json is not what its segments make.",
                            segment: group.folder
                        )
                    }
                } else if !entry.isTree || !segments.contains(entry.name) {
                    problem(
                        .unexpected,
                        "group.json lists no segment of this name.",
                        segment: group.folder,
                        chunk: entry.name
                    )
                }
            }
        } catch {
            problem(error.isMissing ? .missing : .malformed, error.oneLine, segment: group.folder)
        }
    }

    /// Checks that a file is a plain one.
    private mutating func checkMode(_ entry: TreeEntry, segment: String?) {
        guard entry.mode != TreeEntry.fileMode else { return }
        problem(
            .unexpected,
            "Its mode is \(String(entry.mode, radix: 8)), not that of a plain file.",
            segment: segment,
            chunk: entry.name
        )
    }

    private mutating func checkSegment(_ index: Int, isLast: Bool) {
        let info = snapshot.manifest.segments[index]
        let name = info.folder
        let file: SegmentFile
        let folder: [String: TreeEntry]
        do throws(Failure) {
            (file, folder) = try snapshot.segmentFile(index)
            if let entry = folder[SegmentFile.name],
                try snapshot.objects.blob(entry.id) != file.serialized(snapshot.schema)
            {
                problem(.malformed, "segment.json is not in canonical spelling.", segment: name)
            }
        } catch {
            let kind: VerifyProblem.Kind = error.isMissing ? .missing : .malformed
            problem(kind, error.oneLine, segment: name)
            previous = nil
            return
        }
        checkSegmentFile(file, info)
        let files = Set(file.chunks.map(\.file)).union([SegmentFile.name])
        for (file, entry) in folder.sorted(by: { $0.key < $1.key }) {
            if files.contains(file) {
                checkMode(entry, segment: name)
            } else {
                problem(.unexpected, "segment.json lists no such file.", segment: name, chunk: file)
            }
        }
        let chunks = file.chunks.map { chunk in
            var chunk = chunk
            chunk.blob = folder[chunk.file]?.id ?? .zero
            return chunk
        }
        let snapshot = snapshot
        let checked =
            (try? parallelMap(chunks.count, threads: threads, state: { () }) {
                (index, _: inout Void) throws(Failure) -> CheckedChunk in
                CheckedChunk(chunks[index], of: snapshot)
            }) ?? []
        for (position, chunk) in checked.enumerated() {
            let isLastOfSegment = position == checked.count - 1
            report.chunks += 1
            report.rows += chunk.rows
            report.bytes += chunk.bytes
            for found in chunk.problems {
                problem(found.kind, found.message, segment: name, chunk: chunks[position].file)
            }
            checkSeam(chunk, startsSegment: position == 0, name, chunks[position].file)
            if isLastOfSegment, !isLast || chunk.endsSegment, chunk.rows > 0,
                !chunk.endsSegment, chunk.isReadable
            {
                problem(
                    .boundary,
                    "The segment ends at a row that ends none.",
                    segment: name,
                    chunk: chunks[position].file
                )
            }
            if !isLastOfSegment, chunk.endsSegment {
                problem(
                    .boundary,
                    "The chunk's last row ends a segment, but the segment goes on.",
                    segment: name,
                    chunk: chunks[position].file
                )
            }
            previous = chunk.isReadable ? chunk : nil
        }
    }

    private mutating func checkSegmentFile(_ file: SegmentFile, _ info: SegmentInfo) {
        let name = info.folder
        let stated = SegmentFile(chunks: file.chunks, schema: snapshot.schema)
        if stated.digest != file.digest || file.digest != info.digest {
            problem(
                .digest,
                "The manifest states the digest \(info.digest.short), segment.json "
                    + "\(file.digest.short), its chunks make \(stated.digest.short).",
                segment: name
            )
        }
        if stated.rows != file.rows || file.rows != info.rows {
            problem(
                .size,
                "The manifest states \(info.rows) rows, segment.json \(file.rows), its chunks "
                    + "\(stated.rows).",
                segment: name
            )
        }
        if stated.bytes != file.bytes || file.bytes != info.bytes {
            problem(
                .size,
                "The manifest states \(info.bytes) bytes, segment.json \(file.bytes), its chunks "
                    + "\(stated.bytes).",
                segment: name
            )
        }
        if file.chunks.count != info.chunkCount {
            problem(
                .size,
                "The manifest states \(info.chunkCount) chunks, segment.json lists "
                    + "\(file.chunks.count).",
                segment: name
            )
        }
        if file.chunks.isEmpty { problem(.size, "The segment has no chunk.", segment: name) }
        if let column = firstDifference(stated.statistics, file.statistics)
            ?? firstDifference(file.statistics, info.statistics)
        {
            problem(
                .statistics,
                "The segment's statistics of \"\(column)\" are not those of its chunks.",
                segment: name
            )
        }
    }

    /// What lies between two chunks: order, and a reason to cut.
    private mutating func checkSeam(
        _ chunk: CheckedChunk,
        startsSegment: Bool,
        _ segment: String,
        _ file: String
    ) {
        guard let previous, chunk.isReadable, chunk.rows > 0 else { return }
        if !precedes(previous.lastKey, chunk.firstKey) {
            problem(
                .order,
                "The first row does not come after the last row of the chunk before.",
                segment: segment,
                chunk: file
            )
        }
        guard !startsSegment, !previous.endsChunk else { return }
        var cutter = previous.cutter
        let cut = cutter.next(rowLength: chunk.firstLength, hash: chunk.firstHash)
        if !cut.chunkBefore {
            problem(
                .boundary,
                "The chunk starts where the one before had no reason to end.",
                segment: segment,
                chunk: file
            )
        }
    }

    private func firstDifference(_ a: [ColumnStatistics], _ b: [ColumnStatistics]) -> String? {
        let columns = snapshot.schema.columns
        return columns.indices.first { a[$0] != b[$0] }.map { columns[$0].name }
    }
}

/// Whether key `a` comes before key `b`.
func precedes(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.lexicographicallyPrecedes(b)
}
