import Codecs
import Diagnostics
import Fetching
import GitStore
import Snapshots

/// Posts what failed in a run to a webhook: one message a root cause, with the error and the last
/// lines of the log, and one when it is over.
///
/// A table that waits for one that failed is no cause. What was told is not told again by the runs
/// after; `.osodata/notified.json` remembers it. Where a message cannot be sent the run goes on, and
/// the next tries again. The address is a secret, and in no message.
struct Notifier {
    /// What is told of: a table, or the run as a whole.
    private struct Cause {
        let name: String
        let failures: [Failure]
        let heldBack: [TableName]

        /// What must differ to be told again.
        var digest: String {
            let parts = failures.map { "\($0.code) \($0.place?.file ?? "")" }
            return Digest.of(parts.joined(separator: "\n")).short
        }
    }

    /// What a run as a whole is called.
    private static let wholeRun = "run"

    private let webhook: String
    private let warehouse: String
    private let file: StateFile
    private let fetcher: Fetcher
    private let log: RunLog
    private let note: (String) -> Void

    /// Posts for a run; nil if there is nowhere to post to.
    ///
    /// - Parameters:
    ///   - options: of the run.
    ///   - name: the warehouse's.
    ///   - root: its folder.
    ///   - log: what the run tells.
    ///   - event: told what could not be sent.
    init?(
        _ options: Runner.Options,
        name: String,
        root: String,
        log: RunLog,
        event: @escaping @Sendable (RunEvent) -> Void
    ) {
        guard let webhook = options.webhook else { return nil }
        self.webhook = webhook
        warehouse = name
        file = StateFile("notified.json", root: root)
        self.log = log
        note = { event(.note($0)) }
        var settings = FetchOptions(
            userAgent: "osodata/\(options.version)",
            certificateFile: options.certificateFile,
            sleep: options.sleep,
            now: options.clock
        )
        settings.retries = 2
        fetcher = Fetcher(options: settings)
    }

    /// Tells of a run that ended.
    func tell(_ report: RunReport, run: String?) {
        var causes: [Cause] = []
        for cause in report.causes {
            let waiting = report.tables.filter { table in
                if case .inputsFailed(let inputs) = table.reason {
                    return inputs.contains(cause.table)
                }
                return false
            }
            causes.append(
                Cause(
                    name: cause.table.description,
                    failures: cause.failures,
                    heldBack: waiting.map(\.table)
                )
            )
        }
        for sink in report.sinks {
            guard let failure = sink.failure else { continue }
            causes.append(Cause(name: "sink \(sink.name)", failures: [failure], heldBack: []))
        }
        // What this run did not look at is as it was.
        let looked = Set(report.tables.map(\.table.description))
            .union(report.sinks.map { "sink \($0.name)" }).union([Self.wholeRun])
        tell(causes, looked: looked, run: run, commit: report.commit?.hex)
    }

    /// Tells of a run that was given up; nothing of one that somebody ended.
    func tell(_ failure: Failure, run: String?) {
        guard failure.code.kind != .cancelled else { return }
        let cause = Cause(name: Self.wholeRun, failures: [failure], heldBack: [])
        tell([cause], looked: [Self.wholeRun], run: run, commit: nil)
    }

    private func tell(_ causes: [Cause], looked: Set<String>, run: String?, commit: String?) {
        let before = known
        var now = before.filter { !looked.contains($0.key) }
        for cause in causes
        where before[cause.name] == cause.digest || send(message(of: cause, run, commit)) {
            now[cause.name] = cause.digest
        }
        let failing = Set(causes.map(\.name))
        for name in before.keys.sorted() where looked.contains(name) && !failing.contains(name) {
            let isTold = send(
                message(
                    "\(warehouse): \(name) is fine again.",
                    state: "recovered",
                    name,
                    run,
                    commit
                )
            )
            if !isTold { now[name] = before[name] }
        }
        if now != before { keep(now) }
    }

    // MARK: Messages

    private func message(of cause: Cause, _ run: String?, _ commit: String?) -> JSONValue {
        let first = cause.failures.first
        let more = cause.failures.count > 1 ? " and \(cause.failures.count - 1) more" : ""
        let waiting =
            cause.heldBack.isEmpty
            ? "" : "\nheld back: \(cause.heldBack.map(\.description).joined(separator: ", "))"
        let text =
            "\(warehouse): \(cause.name) failed\(more): \(first?.description ?? "")\(waiting)"
        return message(
            text,
            state: "failed",
            cause.name,
            run,
            commit,
            [
                ("errors", .array(cause.failures.map(\.json))),
                ("held_back", .array(cause.heldBack.map { .string($0.description) })),
                ("log", .array(log.lines.map { .string($0) })),
            ]
        )
    }

    /// A message; `text` is what Slack, Mattermost and their like show, `content` what Discord does.
    private func message(
        _ text: String,
        state: String,
        _ name: String,
        _ run: String?,
        _ commit: String?,
        _ more: [(key: String, value: JSONValue)] = []
    ) -> JSONValue {
        .object(
            [
                ("text", .string(text)), ("content", .string(String(text.prefix(2_000)))),
                ("warehouse", .string(warehouse)), ("state", .string(state)),
                ("table", name.contains(".") ? .string(name) : .null), ("cause", .string(name)),
                ("run", run.map { .string($0) } ?? .null),
                ("commit", commit.map { .string($0) } ?? .null),
            ] + more
        )
    }

    /// Posts a message; false if that did not work.
    private func send(_ message: JSONValue) -> Bool {
        let request = FetchRequest(
            url: webhook,
            headers: [("Content-Type", "application/json")],
            body: Array(message.serialized().utf8),
            maximumBytes: 1 << 20,
            timeLimitSeconds: 30,
            stallSeconds: 15
        )
        do throws(Failure) {
            let (response, _) = try fetcher.bytes(request)
            guard response.outcome == .fetched else {
                note("A notification was not taken: status \(response.status).")
                return false
            }
            return true
        } catch {
            // Its message has the address.
            note("A notification could not be sent: \(error.code).")
            return false
        }
    }

    // MARK: What was told

    private var known: [String: String] {
        Dictionary(
            file.members.compactMap { member in member.value.string.map { (member.key, $0) } },
            uniquingKeysWith: { $1 }
        )
    }

    private func keep(_ known: [String: String]) {
        do throws(Failure) {
            try file.write(known.map { ($0.key, .string($0.value)) })
        } catch {
            note("\(error.message) So this will be told again.")
        }
    }
}
