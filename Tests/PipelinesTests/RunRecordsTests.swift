import Testing

@testable import Pipelines

/// What is kept of runs, and for how long.
struct RunRecordsTests {
    private func run(_ number: Int, _ state: RunRecord.State = .succeeded) -> RunRecord {
        RunRecord(
            run: "run\(number)",
            startedAt: Int64(number),
            state: state,
            selection: nil,
            base: nil,
            version: "1"
        )
    }

    private func step(_ run: Int, _ table: Int) -> StepRecord {
        StepRecord(
            run: "run\(run)",
            startedAt: Int64(run),
            table: "marts.t\(table)",
            state: "built",
            reason: "new",
            rowsBefore: nil,
            rows: 1,
            seconds: 0.5,
            digest: nil
        )
    }

    @Test func `the oldest runs and steps are forgotten`() {
        var contents = RunRecords.Contents()
        for number in 0..<RunRecords.runLimit + 5 {
            contents.take(run(number), (0..<200).map { step(number, $0) }, dead: [])
        }
        #expect(contents.runs.count == RunRecords.runLimit)
        #expect(contents.runs.first?.run == "run5")
        #expect(contents.steps.count == RunRecords.stepLimit)
        #expect(Set(contents.steps.map(\.run)).count == RunRecords.stepLimit / 200)
        #expect(contents.steps.last?.run == contents.runs.last?.run)
        // Few steps a run are kept of the latest runs only.
        contents = RunRecords.Contents()
        for number in 0..<RunRecords.stepRunLimit + 5 {
            contents.take(run(number), [step(number, 0)], dead: [])
        }
        #expect(contents.steps.count == RunRecords.stepRunLimit)
        #expect(contents.steps.first?.run == "run5")
    }

    @Test func `a run takes the place of what was said of it, and the dead are told`() {
        var contents = RunRecords.Contents()
        contents.take(run(1, .running), [], dead: [])
        contents.take(run(2, .running), [], dead: [])
        contents.take(run(2), [step(2, 0)], dead: ["run1", "run2"])
        #expect(contents.runs.map(\.state) == [.died, .succeeded])
        contents.take(run(2), [step(2, 1)], dead: [])
        #expect(contents.runs.count == 2)
        #expect(contents.steps.map(\.table) == ["marts.t1"])
    }

    @Test func `records of others are taken in, whoever knows more of a run`() {
        var ended = run(2)
        ended.finishedAt = 9
        var mine = RunRecords.Contents()
        mine.take(run(1, .running), [], dead: [])
        mine.take(run(2, .running), [], dead: [])
        var theirs = RunRecords.Contents()
        theirs.take(ended, [step(2, 0)], dead: [])
        theirs.take(run(3, .running), [], dead: [])
        mine.merge(theirs)
        #expect(mine.runs.map(\.run) == ["run1", "run2", "run3"])
        #expect(mine.runs[1].finishedAt == 9)
        #expect(mine.steps.map(\.table) == ["marts.t0"])
        let before = mine.runs.map(\.state)
        mine.merge(theirs)
        #expect(mine.runs.map(\.state) == before)
        theirs.merge(mine)
        #expect(theirs.runs.map(\.run) == mine.runs.map(\.run))
        #expect(theirs.runs.map(\.state) == before)
    }
}
