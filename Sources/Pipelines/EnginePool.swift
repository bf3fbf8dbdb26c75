import Diagnostics
import Foundation
import GitStore
import Querying
import Snapshots
import Synchronization

/// SQL engines of one run, each opened when it is needed: a run without news needs none.
///
/// Models that are made at the same time have an engine each: views, `as_of()` and the number of
/// threads are an engine's own.
final class EnginePool: Sendable {
    private let make: @Sendable () throws(Failure) -> Connection
    private let idle = Mutex<[Connection]>([])

    /// Engines that are made so.
    init(_ make: @escaping @Sendable () throws(Failure) -> Connection) { self.make = make }

    /// Engines with the macros of a warehouse.
    ///
    /// - Parameters:
    ///   - files: of the warehouse.
    ///   - repository: beside whose files they spill.
    ///   - options: threads and memory.
    ///   - count: how many may be at work at the same time; the memory is divided among them.
    convenience init(
        files: some WarehouseFiles,
        repository: Repository,
        options: Runner.Options,
        count: Int = 1
    ) {
        var options = options
        if count > 1 {
            let all = options.memoryLimit ?? Self.standardMemory
            options.memoryLimit = max(all / Int64(count), 16 << 20)
        }
        self.init { [options] () throws(Failure) in
            try ModelEngine.connect(files: files, repository: repository, options: options)
        }
    }

    /// What DuckDB takes by itself: four fifths of the machine's memory.
    private static var standardMemory: Int64 {
        Int64(clamping: ProcessInfo.processInfo.physicalMemory / 5 * 4)
    }

    /// An engine that nobody uses; one that was used before if there is one.
    ///
    /// - Throws: `query.*`, with the place in the macro file.
    func take() throws(Failure) -> Connection {
        if let engine = idle.withLock({ $0.popLast() }) { return engine }
        return try make()
    }

    /// Gives an engine back.
    func give(_ engine: Connection) { idle.withLock { $0.append(engine) } }

    /// Uses an engine for a moment.
    func using<R>(_ body: (Connection) throws(Failure) -> R) throws(Failure) -> R {
        let engine = try take()
        defer { give(engine) }
        return try body(engine)
    }
}
