import Foundation

/// A schedule in the words of others who can keep it.
package struct ScheduleExport: Sendable {
    /// A file to be written.
    package struct File: Sendable, Equatable {
        package let name: String
        package let text: String
    }

    private let schedule: Schedule
    private let warehouse: String

    /// Exports a schedule.
    ///
    /// - Parameters:
    ///   - schedule: when which runs start.
    ///   - warehouse: the warehouse's name.
    package init(_ schedule: Schedule, warehouse: String) {
        self.schedule = schedule
        self.warehouse = warehouse
    }

    // MARK: systemd

    /// A service and a timer for each run.
    ///
    /// - Parameter folder: where the warehouse is.
    /// - Returns: units, to be put into `/etc/systemd/system`.
    package func systemd(folder: String) -> [File] {
        schedule.runs.flatMap { run in
            let unit = "osodata-\(run.name)"
            let words = [schedule.program, "run"] + run.arguments
            let program = words.map(Self.systemdWord).joined(separator: " ")
            let service = """
                # Made by: osodata schedule --export systemd
                [Unit]
                Description=osodata run '\(run.name)' of \(warehouse)
                Wants=network-online.target
                After=network-online.target

                [Service]
                Type=oneshot
                WorkingDirectory=\(folder.replacing("%", with: "%%"))
                # Secrets, as OSODATA_EMAIL_KEY=…, for this user's eyes only.
                EnvironmentFile=-/etc/osodata/environment
                # One at a time.
                ExecStart=/usr/bin/flock .git/osodata-schedule.lock \(program)

                """
            let times = onCalendar(run.cron).map { "OnCalendar=\($0)\n" }.joined()
            let timer = """
                # Made by: osodata schedule --export systemd
                [Unit]
                Description=Times of osodata run '\(run.name)' of \(warehouse): \(run.cron.text)

                [Timer]
                \(times)Persistent=\(run.catchesUp)

                [Install]
                WantedBy=timers.target

                """
            return [
                File(name: unit + ".service", text: service),
                File(name: unit + ".timer", text: timer),
            ]
        }
    }

    /// Calendar events of systemd.time(7) that together are the times of `cron`.
    func onCalendar(_ cron: Cron) -> [String] {
        func list(_ values: [Int], all: Int) -> String {
            values.count == all
                ? "*" : values.map { ($0 < 10 ? "0" : "") + "\($0)" }.joined(separator: ",")
        }
        let weekdays = cron.weekdays.map { Cron.dayNames[$0].capitalized }.joined(separator: ",")
        let months = list(cron.months, all: 12)
        let days = list(cron.days, all: 31)
        let time = "\(list(cron.hours, all: 24)):\(list(cron.minutes, all: 60)):00"
        let zone = schedule.zone.identifier == "GMT" ? "UTC" : schedule.zone.identifier
        let onDays = "*-\(months)-\(days) \(time) \(zone)"
        let onWeekdays = "\(weekdays) *-\(months)-* \(time) \(zone)"
        // There both restrictions must hold, in cron either.
        return switch (cron.restrictsDays, cron.restrictsWeekdays) {
        case (true, true): [onDays, onWeekdays]
        case (_, false): [onDays]
        case (false, true): [onWeekdays]
        }
    }

    /// A word of an ExecStart line.
    private static func systemdWord(_ word: String) -> String {
        let text = word.replacing("%", with: "%%").replacing("$", with: "$$")
        return isPlain(word)
            ? text : "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private static func isPlain(_ word: String) -> Bool {
        word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "+-_.:/,=".utf8.contains(byte)
            }
        }
    }

    // MARK: GitHub Actions

    /// A workflow with a job for each run; nil if the schedule is in another time zone than GitHub's.
    ///
    /// - Parameter keyVariable: the environment variable of the e-mail key, a secret of that name.
    /// - Returns: the text of `.github/workflows/run.yml`.
    package func githubActions(keyVariable: String?) -> File? {
        guard schedule.zone.secondsFromGMT() == 0,
            schedule.zone.nextDaylightSavingTimeTransition == nil
        else { return nil }
        let crons = schedule.runs.map { "    - cron: \"\(Self.numeric($0.cron))\"  # \($0.name)\n" }
        let steps = schedule.runs.map { run in
            let words = [schedule.program, "run"] + run.arguments
            let line = words.map(Self.shellWord).joined(separator: " ")
            let environment = keyVariable.map {
                "        env:\n          \($0): ${{ secrets.\($0) }}\n"
            }
            return """
                      - name: Run '\(run.name)'
                        if: github.event.schedule == '\(Self.numeric(run.cron))' || github.event_name == 'workflow_dispatch'
                        run: \(Self.yamlString(line))

                """ + (environment ?? "")
        }
        let setup = schedule.setup.map {
            "      - name: Set up\n        run: \(Self.yamlString($0))\n"
        }
        return File(
            name: "run.yml",
            text: """
                # Made by: osodata schedule --export github-actions
                name: run

                on:
                  schedule:
                \(crons.joined())  workflow_dispatch:

                permissions:
                  contents: write

                # One at a time.
                concurrency:
                  group: osodata-run
                  cancel-in-progress: false

                jobs:
                  run:
                    runs-on: ubuntu-24.04
                    container: swift:6.3-bookworm
                    steps:
                      - name: Install git and make
                        run: apt-get update && apt-get install -y --no-install-recommends ca-certificates git make
                      - uses: actions/checkout@v4
                        with:
                          # Runs stand on the history before them.
                          fetch-depth: 0
                      - name: Own the checkout
                        # The runner made it as another user, and git refuses to read repositories of others.
                        run: chown -R "$(id -u):$(id -g)" .
                \(setup ?? "")\(steps.joined())
                """
        )
    }

    /// The five fields; `@daily` is not known everywhere.
    private static func numeric(_ cron: Cron) -> String {
        guard cron.text.hasPrefix("@") else {
            return cron.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        func list(_ values: [Int], all: Int) -> String {
            values.count == all ? "*" : values.map(String.init).joined(separator: ",")
        }
        return [
            list(cron.minutes, all: 60), list(cron.hours, all: 24), list(cron.days, all: 31),
            list(cron.months, all: 12), list(cron.weekdays, all: 7),
        ].joined(separator: " ")
    }

    private static func shellWord(_ word: String) -> String {
        isPlain(word) ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// A line of shell as a scalar of YAML.
    private static func yamlString(_ line: String) -> String {
        "\"" + line.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
