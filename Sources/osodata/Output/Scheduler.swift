import Codecs
import Diagnostics
import Foundation
import GitStore
import Pipelines
import Synchronization

/// Starts the runs of a schedule, one at a time, until it is told to end.
///
/// `.osodata/schedule.json` says to which time each run was started last, so that a time that
/// passed while nobody was there is seen.
struct Scheduler {
    let root: String

    /// What wakes the one who waits.
    private final class Wake: Sendable {
        private let state = Mutex((isEnding: false, child: pid_t(0)))
        let signal = DispatchSemaphore(value: 0)

        var isEnding: Bool { state.withLock { $0.isEnding } }

        /// A process that a second signal ends; 0 for none.
        func watch(_ child: pid_t) { state.withLock { $0.child = child } }

        /// Hears a signal of the system.
        func end() {
            let child = state.withLock { state in
                defer { state.isEnding = true }
                return state.isEnding ? state.child : 0
            }
            if child > 0 { kill(child, SIGTERM) }
            signal.signal()
        }
    }

    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Throws: `git.locked` if another scheduler is at work here; `config.*`.
    func run() throws {
        let lock = try FileLock.acquire(root + "/.osodata/schedule.lock", what: "The schedule")
        defer { withExtendedLifetime(lock) {} }
        let wake = Wake()
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { wake.end() }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        var last = readTimes()
        // What does not catch up begins now.
        var schedule = try schedule()
        for run in schedule.runs where !run.catchesUp { last[run.name] = nil }
        while !wake.isEnding {
            do throws(Failure) {
                schedule = try self.schedule()
            } catch {
                // A run that takes in what others push may mend it.
                say("the schedule stays as it was\n\(error)")
            }
            let now = Date()
            var due: (run: Schedule.Run, at: Date)?
            for run in schedule.runs {
                let from = last[run.name] ?? now
                last[run.name] = from
                guard let next = run.cron.next(after: from, in: schedule.zone),
                    next < due?.at ?? .distantFuture
                else { continue }
                due = (run, next)
            }
            try writeTimes(last)
            guard let due else { return say("no run ever comes again") }
            if due.at > now {
                say("next: '\(due.run.name)' at \(due.at.ISO8601Format())")
                _ = wake.signal.wait(wallTimeout: .now() + due.at.timeIntervalSince(now))
                continue
            }
            try start(due.run, wake)
            // Times that passed before it started are made up for by it.
            last[due.run.name] = now
            try writeTimes(last)
        }
        say("ended")
    }

    private func schedule() throws(Failure) -> Schedule {
        try Configuration(files: WorkTreeFiles(root: root)).requiredSchedule()
    }

    /// Starts a run and waits for it.
    private func start(_ run: Schedule.Run, _ wake: Wake) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["run", "-C", root] + run.arguments
        say("'\(run.name)' starts: osodata run \(run.arguments.joined(separator: " "))")
        let start = ContinuousClock().now
        do {
            try process.run()
        } catch {
            throw Failure(wrapping: error)
        }
        wake.watch(process.processIdentifier)
        process.waitUntilExit()
        wake.watch(0)
        let (seconds, attoseconds) = (ContinuousClock().now - start).components
        let time = String(format: "%.1f", Double(seconds) + Double(attoseconds) * 1e-18)
        let status = process.terminationStatus
        say(
            process.terminationReason == .exit
                ? "'\(run.name)' ended with status \(status) after \(time) s"
                : "'\(run.name)' was ended by signal \(status) after \(time) s"
        )
    }

    private func say(_ text: String) {
        Output.message("\(Date().ISO8601Format()) \(text)")
    }

    // MARK: When each run was started last

    private var file: StateFile { StateFile("schedule.json", root: root) }

    /// A file that is not there or makes no sense is as if nothing was started before.
    private func readTimes() -> [String: Date] {
        var times: [String: Date] = [:]
        for (name, value) in file.members {
            times[name] = value.string.flatMap { try? Date($0, strategy: .iso8601) }
        }
        return times
    }

    private func writeTimes(_ times: [String: Date]) throws(Failure) {
        try file.write(times.map { ($0.key, .string($0.value.ISO8601Format())) })
    }
}
