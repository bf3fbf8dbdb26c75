import Diagnostics
import Dispatch
import Records
import Synchronization

/// Goes through a file's blocks on its threads: each takes the next block as it becomes free.
///
/// As many blocks are in memory as there are threads, and the beginning of one more.
/// - Parameters:
///   - file: the file.
///   - syntax: where its records end.
///   - makeState: makes what one thread gathers.
///   - body: takes one block apart.
///   - finish: called by each thread behind its last block, unless there is a failure.
/// - Returns: what each thread gathered (which of them had which block is a matter of chance), and
///   of all failures that of the earliest block: of those before it, all is gathered.
/// - Throws: `import.file` if the file cannot be opened, `codec.*`.
func forEachBlock<State: Sendable>(
    of file: ImportFile,
    _ syntax: RecordSplitter.Syntax,
    state makeState: @Sendable () -> State,
    _ body: @Sendable (ImportBlock, inout State) throws(Failure) -> Void,
    finish: @Sendable (inout State) throws(Failure) -> Void = { _ in }
) throws(Failure) -> (states: [State], failure: Failure?) {
    let shared = Mutex(SharedBlocks<State>(blocks: try ImportBlocks(file, syntax)))
    @Sendable func work() {
        var state = makeState()
        var index = Int.max
        do throws(Failure) {
            while let block = shared.withLock({ $0.next() }) {
                index = block.index
                try body(block, &state)
            }
            index = Int.max
            if shared.withLock({ $0.failure == nil }) { try finish(&state) }
        } catch {
            shared.withLock { $0.fail(error, at: index) }
        }
        shared.withLock { $0.states.append(state) }
    }
    if file.threads == 1 {
        work()
    } else {
        DispatchQueue.concurrentPerform(iterations: file.threads) { _ in work() }
    }
    return shared.withLock { shared in
        var states: [State] = []
        swap(&states, &shared.states)
        return (states, shared.failure?.error)
    }
}

/// Makes rows of a file's blocks on its threads, each with a share of the memory.
///
/// - Parameters:
///   - file: the file.
///   - syntax: where its records end.
///   - schema: of the rows.
///   - limit: how much memory all rows may take before they go to disk; nil for any.
///   - replaced: becomes higher by the characters that were replaced.
///   - body: makes rows of one block, whose order is the line they begin in, and counts
///     characters that were replaced.
/// - Returns: the rows, sorted.
/// - Throws: the failure of the earliest block that has one; `records.duplicate-key`.
func sortedRows(
    of file: ImportFile,
    _ syntax: RecordSplitter.Syntax,
    schema: Schema,
    limit: SortLimit?,
    replaced: inout Int,
    _ body: @Sendable (ImportBlock, inout RowBuilder, inout Int) throws(Failure) -> Void
) throws(Failure) -> SortedRows {
    let share = limit.map { SortLimit(bytes: $0.bytes / file.threads, storage: $0.storage) }
    var (states, failure) = try forEachBlock(
        of: file,
        syntax,
        state: {
            BlockRows(builder: RowBuilder(schema: schema, limit: share, isPart: true))
        },
        { (block, state) throws(Failure) in
            try body(block, &state.builder, &state.replaced)
        },
        finish: { (state) throws(Failure) in try state.builder.finishPart() }
    )
    if let failure { throw failure }
    replaced += states.reduce(0) { $0 + $1.replaced }
    var builders = states.map(\.builder)
    states = []
    return try SortedRows.merging(schema: schema, &builders)
}

/// What one thread makes of blocks.
private struct BlockRows {
    var builder: RowBuilder
    var replaced = 0
}

/// What the threads share.
private struct SharedBlocks<State: Sendable> {
    var blocks: ImportBlocks
    var states: [State] = []
    private(set) var failure: (index: Int, error: Failure)?

    init(blocks: ImportBlocks) { self.blocks = blocks }

    /// The next block; nil behind the last and after a failure, since blocks before it are taken
    /// already and will be finished.
    mutating func next() -> ImportBlock? {
        guard failure == nil else { return nil }
        do throws(Failure) { return try blocks.next() } catch {
            fail(error, at: blocks.nextIndex)
            return nil
        }
    }

    mutating func fail(_ error: Failure, at index: Int) {
        if let failure, failure.index <= index { return }
        failure = (index, error)
    }
}
