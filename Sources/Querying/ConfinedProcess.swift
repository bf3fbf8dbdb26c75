import CConfinement
import Codecs
package import Diagnostics
import Glibc

/// A process of this program that is held to a `Confinement`, and killed at its deadline.
///
/// It gets one text on standard input; what it writes to standard output is handed on while it
/// runs; lines it writes to standard error are messages, the last one the failure it ended with, as
/// JSON.
package struct ConfinedProcess: ~Copyable {
    /// What became of it.
    package struct Outcome: Sendable {
        /// Why it ended; nil if it did what it should.
        package let failure: Failure?
        /// What it told its user.
        package let messages: [String]
        /// The most bytes it had in memory, the program's own code among them.
        package let peakBytes: Int
        /// Seconds of processor time.
        package let processorSeconds: Double
    }

    private let process: pid_t
    private let input: Int32
    private let output: Int32
    private let messages: Int32

    /// Runs this program with other arguments.
    ///
    /// The caller must ignore SIGPIPE. The time that `output` takes does not count.
    ///
    /// - Parameters:
    ///   - arguments: those after the program's name; they must make it enter the confinement.
    ///   - environment: all of its environment.
    ///   - input: what it reads.
    ///   - seconds: how long it may take.
    ///   - memory: bytes it may allocate, for failures.
    ///   - output: takes what it writes, piece by piece; the process is killed if it throws.
    /// - Returns: how it ended.
    /// - Throws: `query.confinement` if it cannot be started; what `output` throws.
    package static func run(
        _ arguments: [String],
        environment: [String: String],
        input: String,
        seconds: Double,
        memory: Int,
        output: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Outcome {
        let process = try ConfinedProcess(arguments, environment)
        return try process.relay(Array(input.utf8), seconds, memory, output)
    }

    private init(_ arguments: [String], _ environment: [String: String]) throws(Failure) {
        let (childInput, input) = try Self.pipe()
        let (output, childOutput) = try Self.pipe()
        let (messages, childMessages) = try Self.pipe()
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        for (number, end) in [childInput, childOutput, childMessages].enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, end, Int32(number))
        }
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var words = unsafe (["osodata"] + arguments).map { unsafe strdup($0) } + [nil]
        var variables =
            unsafe environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
        var process = pid_t()
        let error = unsafe posix_spawn(
            &process,
            "/proc/self/exe",
            &actions,
            nil,
            &words,
            &variables
        )
        unsafe (words + variables).forEach { unsafe free($0) }
        unsafe posix_spawn_file_actions_destroy(&actions)
        for end in [childInput, childOutput, childMessages] { close(end) }
        guard error == 0 else {
            for end in [input, output, messages] { close(end) }
            throw Self.cannotStart(error)
        }
        self.process = process
        self.input = input
        self.output = output
        self.messages = messages
    }

    /// Both ends, the one that is read first.
    ///
    /// They stay above the three numbers that the process gives them, and out of other processes.
    private static func pipe() throws(Failure) -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw cannotStart(errno) }
        return (ends[0], ends[1])
    }

    private static func cannotStart(_ error: Int32) -> Failure {
        Failure(
            .queryConfinement,
            "The process for the statement cannot be started.",
            cause: unsafe String(cString: strerror(error))
        )
    }

    private consuming func relay(
        _ text: [UInt8],
        _ seconds: Double,
        _ memory: Int,
        _ consume: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Outcome {
        let clock = ContinuousClock()
        var deadline = clock.now + .seconds(seconds)
        var waiting = text[...]
        var said: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var polled = [
            pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: messages, events: Int16(POLLIN), revents: 0),
        ]
        _ = fcntl(input, F_SETFL, O_NONBLOCK)
        var isLate = false
        do throws(Failure) {
            // The process has ended, or is not the one we wrote, when nothing can come from it.
            while polled[1].fd >= 0 || polled[2].fd >= 0 {
                let left = (deadline - clock.now) / .milliseconds(1)
                isLate = left <= 0
                if isLate { break }
                _ = unsafe poll(&polled, nfds_t(polled.count), Int32(min(left, 60_000)) + 1)
                if polled[0].revents != 0 {
                    if !Self.feed(&waiting, to: input) {
                        close(input)
                        polled[0].fd = -1
                    }
                }
                if polled[1].revents != 0 {
                    let count = unsafe read(output, &buffer, buffer.count)
                    if count <= 0 {
                        polled[1].fd = -1
                    } else {
                        let start = clock.now
                        try consume(buffer[..<count])
                        deadline += clock.now - start
                    }
                }
                if polled[2].revents != 0 {
                    let count = unsafe read(messages, &buffer, buffer.count)
                    if count <= 0 { polled[2].fd = -1 }
                    said += buffer[..<max(min(count, Self.mostSaid - said.count), 0)]
                }
                for index in polled.indices { polled[index].revents = 0 }
            }
        } catch {
            if polled[0].fd >= 0 { close(input) }
            _ = end()
            throw error
        }
        if polled[0].fd >= 0 { close(input) }
        let (status, usage) = end()
        var lines = String(decoding: said, as: UTF8.self).split(separator: "\n").map(String.init)
        let failure = Self.failure(status, isLate, seconds, memory, &lines)
        return Outcome(
            failure: failure,
            messages: lines,
            peakBytes: usage.ru_maxrss * 1_024,
            processorSeconds: Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        )
    }

    /// Bytes of messages to keep; a failure is much shorter.
    private static let mostSaid = 1 << 16

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    /// Writes what fits into the pipe; false if there is no more to write.
    private static func feed(_ waiting: inout ArraySlice<UInt8>, to input: Int32) -> Bool {
        let written = unsafe waiting.withUnsafeBytes {
            unsafe write(input, $0.baseAddress, $0.count)
        }
        if written > 0 { waiting = waiting.dropFirst(written) }
        return !waiting.isEmpty && (written > 0 || errno == EAGAIN || errno == EINTR)
    }

    /// Kills what still runs and gives how it ended.
    private func end() -> (status: Int32, usage: rusage) {
        close(output)
        close(messages)
        // One that is ending already keeps its status.
        kill(process, SIGKILL)
        var status: Int32 = 0
        var usage = rusage()
        while unsafe wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
        return (status, usage)
    }

    private static func failure(
        _ status: Int32,
        _ isLate: Bool,
        _ seconds: Double,
        _ memory: Int,
        _ lines: inout [String]
    ) -> Failure? {
        let (signal, code) = (status & 0x7F, status >> 8 & 0xFF)
        if signal == 0, code == 0, !isLate { return nil }
        if isLate || signal == SIGXCPU {
            return Failure(
                .queryTimeout,
                "The statement was stopped after \(seconds) seconds.",
                hint: "Ask for less, or give it more time: --timeout"
            )
        }
        let json = lines.popLast().flatMap { try? JSONValue(parsing: Array($0.utf8)) }
        if let failure = json.flatMap({ Failure($0) }) { return failure }
        // Who cannot go on without memory ends by a signal.
        return Failure(
            .queryMemory,
            "The process of the statement ended without an answer.",
            hint: "It may need more than its \(memory >> 20) MiB of memory: --memory",
            cause: signal == 0 ? "status \(code)" : "signal \(signal)"
        )
    }
}
