import Codecs
import Foundation
import Pipelines
import Snapshots

/// What happens in a run, for programs: a JSON object a line, with the time.
enum EventLine {
    /// Prints an event at once.
    static func print(_ event: RunEvent) {
        switch event {
        case .planned(let tables): line("planned", [("tables", .int(Int64(tables)))])
        case .started(let step): line("started", [("step", .string(step))])
        case .ended(let step): line("ended", [("step", .string(step))])
        case .progress(let text): line("progress", [("text", .string(text))])
        case .note(let text): line("note", [("text", .string(text))])
        case .finished(let table): line("finished", table.json.object ?? [])
        }
    }

    /// Prints the end of a run.
    static func print(_ report: RunReport) { line("result", [("run", report.json)]) }

    private static func line(_ name: String, _ members: [(key: String, value: JSONValue)]) {
        let start: [(key: String, value: JSONValue)] = [
            ("event", .string(name)), ("at", .string(Date().ISO8601Format(.iso8601WithTimeZone()))),
        ]
        Output.line(JSONValue.object(start + members).serialized())
        Output.flush()
    }
}
