import CEdit
import Codecs
import Diagnostics
import Foundation
import Glibc
import Pipelines
import Querying
import Records
import Snapshots
import Synchronization

/// Asks for statements in a terminal and runs them: `osodata query` without one.
///
/// A statement ends with a semicolon, on whichever line. Tab completes tables, columns and keywords,
/// the arrows go through what was typed before, Ctrl-C ends the statement that runs or the one
/// that is being typed, Ctrl-D the shell.
struct QueryShell {
    private var command: QueryCommand
    private let warehouse: Warehouse
    private let historyFile: String

    private static let help = """
        End a statement with a semicolon. Tab completes, Ctrl-C ends a statement, Ctrl-D the shell.
          .tables          the tables of the revision
          .schema TABLE    the columns of a table
          .at REVISION     the revision of tables that say none
          .format FORMAT   table, json, ndjson, csv or markdown
          .timing on|off   tell how long a statement took
          .explain on|off  tell what was read and passed over
          .help, .quit
        """

    /// A shell with the options of a command.
    init(_ command: QueryCommand, _ warehouse: Warehouse) {
        self.command = command
        self.warehouse = warehouse
        let environment = ProcessInfo.processInfo.environment
        historyFile =
            environment["OSODATA_HISTORY"]
            ?? (environment["HOME"] ?? ".") + "/.osodata_history"
    }

    /// Runs until the input ends or somebody says `.quit`.
    mutating func run() throws {
        Output.message("osodata \(Osodata.version), revision \(command.revision); .help for help")
        // libedit keeps the name.
        unsafe osodata_edit_start(strdup("osodata"), Completion.complete, Interrupts.key)
        using_history()
        unsafe read_history(historyFile)
        Interrupts.start()
        Completion.words.withLock { $0 = nil }
        Completion.source.withLock { [warehouse, command] source in
            source = { Self.words(of: warehouse, at: command.revision) }
        }
        var text = ""
        while true {
            Interrupts.clear()
            guard let line = Self.read(text.isEmpty ? "osodata> " : "    ...> ") else {
                // A key of the terminal's that interrupts ends the statement, not the shell.
                guard Interrupts.happened else { break }
                text = ""
                Output.status("^C\n")
                continue
            }
            if text.isEmpty, line.allSatisfy(\.isWhitespace) { continue }
            if text.isEmpty, line.first == "." {
                remember(line)
                guard perform(line) else { break }
                continue
            }
            text += (text.isEmpty ? "" : "\n") + line
            guard text.endsStatement else { continue }
            remember(text.replacing("\n", with: " "))
            execute(text)
            text = ""
        }
        unsafe write_history(historyFile)
    }

    private static func read(_ prompt: String) -> String? {
        guard let line = unsafe readline(prompt) else { return nil }
        defer { unsafe free(line) }
        return unsafe String(cString: line)
    }

    private func remember(_ text: String) { unsafe add_history(text) }

    private func execute(_ text: String) {
        attempt {
            try command.run(text, of: warehouse) { connection in Interrupts.run(connection) }
        }
        Interrupts.run(nil)
    }

    /// Does something and tells of its failure, after which the shell goes on.
    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
            Output.flush()
        } catch let failure as Failure {
            Output.error(failure)
        } catch {
            Output.message("error: \(error)")
        }
    }

    /// Performs a line that begins with a point; gives whether to go on.
    private mutating func perform(_ line: String) -> Bool {
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        let argument = words.count > 1 ? words[1] : nil
        switch (words[0], argument) {
        case (".quit", nil), (".exit", nil): return false
        case (".help", nil): Output.message(Self.help)
        case (".tables", nil):
            attempt {
                for table in try tables() { Output.line(table.description) }
            }
        case (".schema", let name?):
            attempt {
                let table = try TableName(parsing: name)
                guard let tree = try warehouse.tree(command.revision),
                    let snapshot = try warehouse.store.snapshot(table, inTree: tree)
                else { throw Failure(.unknownTable, "There is no table '\(name)'.") }
                var text = TextTable([("COLUMN", .left), ("TYPE", .left)])
                for column in snapshot.schema.dataColumns {
                    text.add([column.name, column.type.description])
                }
                Output.text(text.rendered())
            }
        case (".at", let revision?):
            attempt {
                _ = try warehouse.tree(revision)
                command.revision = revision
                Completion.words.withLock { $0 = nil }
            }
        case (".format", let name?):
            if let format = QueryCommand.Format(rawValue: name), format != .parquet {
                command.format = format
            } else {
                Output.message("error: '\(name)' is no format for a terminal.")
            }
        case (".timing", "on"), (".timing", "off"): command.timing = argument == "on"
        case (".explain", "on"), (".explain", "off"): command.explain = argument == "on"
        default: Output.message("error: '\(line)' is not known here; .help lists what is.")
        }
        return true
    }

    private func tables() throws(Failure) -> [TableName] {
        guard let tree = try warehouse.tree(command.revision) else { return [] }
        return try warehouse.store.tables(inTree: tree)
    }

    /// What Tab completes: tables, their columns, keywords, commands.
    private static func words(of warehouse: Warehouse, at revision: String) -> [String] {
        var words: Set<String> = [
            ".at", ".exit", ".explain", ".format", ".help", ".quit", ".schema", ".tables",
            ".timing",
        ]
        words.formUnion(keywords)
        if let tree = try? warehouse.tree(revision) {
            for table in (try? warehouse.store.tables(inTree: tree)) ?? [] {
                words.insert(table.description)
                let snapshot = try? warehouse.store.snapshot(table, inTree: tree)
                words.formUnion(snapshot?.schema.dataColumns.map(\.name) ?? [])
            }
        }
        return words.sorted()
    }

    private static let keywords =
        """
        all and any as asc at between by case cast count cross date_trunc desc distinct else end except exists
        explain false filter from full group having in inner intersect interval is join left like limit max
        min not null offset on or order outer over partition qualify right row_number select sum then
        true union using values version when where window with changes
        """.split(whereSeparator: \.isWhitespace).map(String.init)
}

/// What libedit asks for when Tab is pressed; it knows functions of C only.
private enum Completion {
    /// How to find the words, and the words once they are found.
    static let source = Mutex<(@Sendable () -> [String])?>(nil)
    static let words = Mutex<[String]?>(nil)
    /// The words that begin as what is typed, those not given yet.
    private static let left = Mutex<[String]>([])

    static let complete:
        @convention(c) (UnsafePointer<CChar>?, CInt, CInt)
            -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = { text, _, _ in
                osodata_edit_end_completion()
                guard let text = unsafe text else { return nil }
                let typed = unsafe String(cString: text)
                let known = words.withLock { $0 } ?? source.withLock { $0 }?() ?? []
                words.withLock { $0 = known }
                // Keywords as the user writes them; names as they are.
                let isUpper = typed.contains(where: \.isUppercase) && typed == typed.uppercased()
                left.withLock { left in
                    left = known.map { isUpper && !$0.contains(".") ? $0.uppercased() : $0 }
                        .filter { $0.hasPrefix(typed) }
                }
                return unsafe rl_completion_matches(text, Completion.next)
            }

    private static let next:
        @convention(c) (UnsafePointer<CChar>?, CInt) -> UnsafeMutablePointer<CChar>? = { _, _ in
            let word = left.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            return unsafe word.flatMap { unsafe strdup($0) }
        }
}

/// Ctrl-C: a handler may do next to nothing, so it wakes a thread that ends what runs.
private enum Interrupts {
    private static let state = Mutex<Connection?>(nil)
    private static let count = Atomic<Int>(0)
    /// Where the handler writes.
    private static let wakeUp = Atomic<Int32>(-1)

    static func start() {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { return }
        wakeUp.store(ends[1], ordering: .relaxed)
        let reading = ends[0]
        // The thread takes no signals: one would end its read, and nobody would be woken after it.
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, &before)
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while unsafe Glibc.read(reading, &byte, 1) == 1 { state.withLock { $0?.interrupt() } }
        }
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { _ in
            Interrupts.count.add(1, ordering: .relaxed)
            var byte: UInt8 = 1
            _ = unsafe Glibc.write(Interrupts.wakeUp.load(ordering: .relaxed), &byte, 1)
        }
        unsafe sigaction(SIGINT, &action, nil)
        // Whoever started us may have blocked it.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Ctrl-C as a key of a line that is being typed.
    static let key: @convention(c) (CInt, CInt) -> CInt = { _, _ in
        Interrupts.count.add(1, ordering: .relaxed)
        osodata_edit_end_line()
        return 0
    }

    /// The connection that runs a statement; nil if none does.
    static func run(_ connection: Connection?) { state.withLock { $0 = connection } }

    /// Whether there was an interrupt since `clear()`.
    static var happened: Bool { count.load(ordering: .relaxed) > 0 }

    static func clear() { count.store(0, ordering: .relaxed) }
}
