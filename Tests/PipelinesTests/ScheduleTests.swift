import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Pipelines

/// When runs come, and how others are told.
@Suite struct ScheduleTests {
    private func next(_ cron: String, after time: String, in zone: String = "UTC") throws -> String?
    {
        let start = try Date(time, strategy: .iso8601)
        let zone = try #require(TimeZone(identifier: zone))
        return try Cron(cron).next(after: start, in: zone)?.ISO8601Format()
    }

    @Test(arguments: [
        ("* * * * *", "2026-11-27T10:00:00Z", "2026-11-27T10:01:00Z"),
        ("* * * * *", "2026-11-27T10:00:59Z", "2026-11-27T10:01:00Z"),
        ("17 3 * * *", "2026-11-27T03:16:59Z", "2026-11-27T03:17:00Z"),
        ("17 3 * * *", "2026-11-27T03:17:00Z", "2026-11-28T03:17:00Z"),
        ("*/15 * * * *", "2026-11-27T10:31:00Z", "2026-11-27T10:45:00Z"),
        ("5-20/5 9-17/4 * * *", "2026-11-27T10:00:00Z", "2026-11-27T13:05:00Z"),
        ("50/5 * * * *", "2026-11-27T10:56:00Z", "2026-11-27T11:50:00Z"),
        ("0 0 1 * *", "2026-11-27T10:00:00Z", "2026-12-01T00:00:00Z"),
        ("0 0 1 jan *", "2026-11-27T10:00:00Z", "2027-01-01T00:00:00Z"),
        ("0 0 29 2 *", "2026-11-27T10:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 12 * * mon-fri", "2026-11-27T12:00:00Z", "2026-11-30T12:00:00Z"),
        ("0 12 * * 7", "2026-11-27T12:00:00Z", "2026-11-29T12:00:00Z"),
        ("0 12 * * 0,3", "2026-11-29T12:00:00Z", "2026-12-02T12:00:00Z"),
        // Where both are restricted, either day fits.
        ("0 0 13 * fri", "2026-11-27T10:00:00Z", "2026-12-04T00:00:00Z"),
        ("0 0 2 * fri", "2026-11-27T10:00:00Z", "2026-12-02T00:00:00Z"),
        ("@hourly", "2026-12-31T23:30:00Z", "2027-01-01T00:00:00Z"),
        ("@weekly", "2026-11-27T10:00:00Z", "2026-11-29T00:00:00Z"),
    ])
    func `the next time is that of cron`(_ cron: String, _ start: String, _ time: String) throws {
        #expect(try next(cron, after: start) == time)
    }

    @Test func `a day that never comes`() throws {
        #expect(try next("0 0 30 2 *", after: "2026-11-27T10:00:00Z") == nil)
    }

    @Test func `fields are of the zone's clocks, across summer time`() throws {
        func berlin(_ cron: String, _ time: String) throws -> String? {
            try next(cron, after: time, in: "Europe/Berlin")
        }
        #expect(try berlin("0 6 * * *", "2026-11-27T10:00:00Z") == "2026-11-28T05:00:00Z")
        #expect(try berlin("0 6 * * *", "2026-07-01T10:00:00Z") == "2026-07-02T04:00:00Z")
        // 29 March 2026 has no 02:30; 25 October has two.
        #expect(try berlin("30 2 * * *", "2026-03-28T12:00:00Z") == "2026-03-30T00:30:00Z")
        #expect(try berlin("30 2 * * *", "2026-10-24T12:00:00Z") == "2026-10-25T00:30:00Z")
        #expect(try berlin("30 2 * * *", "2026-10-25T00:30:00Z") == "2026-10-25T01:30:00Z")
        #expect(
            try next("0 0 * * *", after: "2026-11-27T00:00:00Z", in: "Asia/Kathmandu")
                == "2026-11-27T18:15:00Z"
        )
    }

    @Test func `a next time is the first minute that fits`() throws {
        var random = SeededRandom(seed: 5)
        let zone = try #require(TimeZone(identifier: "UTC"))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        for _ in 0..<40 {
            let minute = Int.random(in: 0..<60, using: &random)
            let hours = Int.random(in: 1..<13, using: &random)
            let day = Int.random(in: 1..<29, using: &random)
            let weekday = Int.random(in: 0..<7, using: &random)
            let cron = try Cron("\(minute) */\(hours) \(day) * \(weekday)")
            let start = Date(timeIntervalSince1970: Double.random(in: 0..<2e9, using: &random))
            let found = try #require(cron.next(after: start, in: zone))
            var time = (start.timeIntervalSince1970 / 60).rounded(.down) * 60 + 60
            while true {
                let parts = calendar.dateComponents(
                    [.hour, .minute, .day, .weekday],
                    from: Date(timeIntervalSince1970: time)
                )
                let fits =
                    parts.minute == minute && (parts.hour ?? 1) % hours == 0
                    && (parts.day == day || parts.weekday == weekday + 1)
                if fits { break }
                time += 60
            }
            #expect(found.timeIntervalSince1970 == time, "\(cron.text) after \(start)")
        }
    }

    @Test(arguments: [
        ("17 3 * *", "has 4 fields, not 5"), ("60 * * * *", "has '60' as its minute"),
        ("* 24 * * *", "has '24' as its hour"), ("* * 0 * *", "has '0' as its day of month"),
        ("* * * foo *", "has 'foo' as its month"), ("* * * * 8", "has '8' as its day of week"),
        ("5-1 * * * *", "has '5-1' as its minute"), ("*/0 * * * *", "has '*/0' as its minute"),
        ("1, * * * *", "has '' as its minute"), ("@often", "has 1 fields, not 5"),
    ])
    func `what is no time is refused`(_ cron: String, _ message: String) throws {
        let failure = try #require(throws: Failure.self) { try Cron(cron) }
        #expect(failure.message.contains(message), "\(failure)")
    }

    private func schedule(_ toml: String) throws -> Schedule {
        let files = MemoryFiles(["pipelines.toml": "[warehouse]\nname = 'w'\n\(toml)"])
        return try Configuration(files: files).requiredSchedule()
    }

    @Test func `a schedule is read`() throws {
        let schedule = try schedule(
            """
            [schedule]
            time_zone = "Europe/Berlin"
            program = "/opt/osodata"
            [[schedule.runs]]
            name = "daily"
            cron = "17 3 * * *"
            push = true
            [[schedule.runs]]
            name = "often"
            cron = "@hourly"
            select = ["+tag:hourly"]
            catch_up = false
            """
        )
        #expect(schedule.zone.identifier == "Europe/Berlin")
        #expect(schedule.runs.map(\.name) == ["daily", "often"])
        #expect(schedule.runs.map(\.arguments) == [["--push"], ["+tag:hourly"]])
        #expect(schedule.runs.map(\.catchesUp) == [true, false])
    }

    @Test(arguments: [
        ("", "pipelines.toml", "There is no schedule"),
        ("[schedule]", "pipelines.toml:3:1", "has no run"),
        ("[schedule]\ntime_zone = 'Mars'", "pipelines.toml:4:1", "no time zone 'Mars'"),
        ("[schedule]\ntimezone = 'UTC'", "pipelines.toml:4:1", "no key 'timezone'"),
        ("[[schedule.runs]]\nname = 'a'", "pipelines.toml:3:1", "needs the key 'cron'"),
        ("[[schedule.runs]]\nname = 'A b'\ncron = '@daily'", "pipelines.toml:4:1", "'A b' cannot"),
        ("[[schedule.runs]]\nname = 'a'\ncron = 'x'", "pipelines.toml:5:1", "has 1 fields"),
        (
            "[[schedule.runs]]\nname = 'a'\ncron = '@daily'\nselect = ['+']", "pipelines.toml:6:1",
            "names no table"
        ),
        (
            "[[schedule.runs]]\nname = 'a'\ncron = '@daily'\n[[schedule.runs]]\nname = 'a'\ncron = '@daily'",
            "pipelines.toml:7:1", "Two runs are called 'a'"
        ),
    ])
    func `what is no schedule is refused at its place`(
        _ toml: String,
        _ place: String,
        _ message: String
    ) throws {
        let failure = try #require(throws: Failure.self) { try schedule(toml) }
        #expect(failure.place?.description == place, "\(failure)")
        #expect(failure.message.contains(message), "\(failure)")
    }

    @Test(arguments: [
        ("17 3 * * *", ["*-*-* 03:17:00 UTC"]),
        ("*/20 * * * *", ["*-*-* *:00,20,40:00 UTC"]),
        ("0 12 * * mon-wed", ["Mon,Tue,Wed *-*-* 12:00:00 UTC"]),
        ("0 0 1,15 6 *", ["*-06-01,15 00:00:00 UTC"]),
        ("0 0 13 * fri", ["*-*-13 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"]),
    ])
    func `systemd is told the same times`(_ cron: String, _ events: [String]) throws {
        let schedule = try schedule("[[schedule.runs]]\nname = 'a'\ncron = '\(cron)'")
        let export = ScheduleExport(schedule, warehouse: "w")
        #expect(try export.onCalendar(Cron(cron)) == events)
    }

    @Test func `units and workflow call the program with its words`() throws {
        let schedule = try schedule(
            """
            [schedule]
            setup = "make \\"build\\""
            [[schedule.runs]]
            name = "daily"
            cron = "@daily"
            select = ["marts.*"]
            push = true
            """
        )
        let export = ScheduleExport(schedule, warehouse: "w")
        let units = export.systemd(folder: "/srv/100%")
        #expect(units.map(\.name) == ["osodata-daily.service", "osodata-daily.timer"])
        #expect(units[0].text.contains("WorkingDirectory=/srv/100%%\n"))
        #expect(units[0].text.contains(" osodata run --push \"marts.*\"\n"), "\(units[0].text)")
        #expect(units[1].text.contains("OnCalendar=*-*-* 00:00:00 UTC\nPersistent=true\n"))
        let workflow = try #require(export.githubActions(keyVariable: "KEY")).text
        #expect(workflow.contains("- cron: \"0 0 * * *\"  # daily\n"), "\(workflow)")
        #expect(workflow.contains(#"run: "make \"build\"""#))
        #expect(workflow.contains(#"run: "osodata run --push 'marts.*'""#), "\(workflow)")
        #expect(workflow.contains("KEY: ${{ secrets.KEY }}"))
    }

    @Test func `GitHub knows UTC only`() throws {
        let schedule = try schedule(
            "[schedule]\ntime_zone = 'Europe/Berlin'\n[[schedule.runs]]\nname = 'a'\ncron = '@daily'"
        )
        #expect(ScheduleExport(schedule, warehouse: "w").githubActions(keyVariable: nil) == nil)
    }
}
