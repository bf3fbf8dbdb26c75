import Codecs
import Diagnostics
import Foundation
import GitStore
import Lineage

/// What `analyze` found in statements, kept for the next process: DuckDB takes about a millisecond
/// to parse one, and most are as they were.
///
/// One file beside the repository's other working files, with an entry for each statement of the
/// graph that was made last. Results do not depend on it; it may be removed at any time. Failures
/// are not kept.
final class AnalysisCache {
    private let file: URL
    /// All that an analysis hangs on beside the statement.
    private let context: String
    private let known: [String: JSONValue]
    private var used: [(key: String, value: JSONValue)] = []
    private var isChanged = false

    /// Reads what was kept.
    ///
    /// - Parameters:
    ///   - repository: beside whose files it is.
    ///   - files: the macros of the warehouse.
    ///   - version: the program's.
    /// - Throws: what reading the macros throws.
    init(
        of repository: Repository,
        files: some WarehouseFiles,
        version: String
    ) throws(Failure) {
        file = URL(fileURLWithPath: repository.gitDirectory)
            .appending(path: "osodata/analyses.json")
        let macros = Digest.of(try files.read(Model.macrosFile) ?? []).hex
        context = "\(version) \(StatementAnalysis.version) \(ModelEngine.name) \(macros)"
        let text = (try? Data(contentsOf: file)).map { [UInt8]($0) } ?? []
        let members = (try? JSONValue(parsing: text))?.object ?? []
        known = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// What was found in a statement before; nil if that was not kept.
    func kept(of sql: String) -> StatementAnalysis? {
        let key = key(of: sql)
        guard let kept = known[key], let analysis = StatementAnalysis(json: kept) else {
            return nil
        }
        used.append((key, kept))
        return analysis
    }

    /// Takes what was found in a statement, to be saved.
    func keep(_ analysis: StatementAnalysis, of sql: String) {
        used.append((key(of: sql), analysis.json))
        isChanged = true
    }

    private func key(of sql: String) -> String {
        Digest.of(json: .array([.string(context), .string(sql)])).hex
    }

    /// Keeps what was used; where that cannot be, the next process finds it again.
    func save() {
        guard isChanged || used.count != known.count else { return }
        let text = JSONValue.object(used.sorted { $0.key < $1.key }).serialized()
        try? FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try? Data(text.utf8).write(to: file, options: .atomic)
    }
}
