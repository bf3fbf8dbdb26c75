import GitStore
import Testing

@testable import Pipelines

/// When limits are reached.
struct ForecastTests {
    private let day: Int64 = 86_400

    /// `count` runs a day apart that add `bytes` each.
    private func measures(_ count: Int, bytes: Int, repository: Int) -> Forecast.Measures {
        var measures = Forecast.Measures()
        measures.repositoryBytes = repository
        measures.runs = (0..<Int64(count)).map { (1000 * day - $0 * day, bytes) }
        return measures
    }

    private func limit(_ measures: Forecast.Measures, _ kind: Forecast.Limit.Kind) throws
        -> Forecast.Limit
    {
        try #require(Forecast(measures).limits.first { $0.kind == kind })
    }

    @Test func `the repository's limit comes at the pace of the runs`() throws {
        let limit = try limit(measures(11, bytes: 1 << 20, repository: 9 << 30), .repository)
        #expect(limit.runsLeft == 1024 && limit.daysLeft == 1024)
        #expect(limit.needsAttention, "over 80 %")
        #expect(
            limit.text
                == "The repository has 9 GB of 10 GB (90 %), the limit in 2 years (1024 runs)"
        )
        let fine = try self.limit(measures(11, bytes: 1 << 20, repository: 1 << 30), .repository)
        #expect(fine.daysLeft == 9216 && !fine.needsAttention)
        let soon = try self.limit(measures(11, bytes: 100 << 20, repository: 2 << 30), .repository)
        #expect(soon.daysLeft == 81 && soon.needsAttention)
    }

    @Test func `runs within a day count as a day's`() {
        var measures = measures(5, bytes: 10, repository: 100)
        measures.runs = measures.runs.enumerated().map { (Int64($0.offset), $0.element.bytes) }
        #expect(Forecast(measures).runsPerDay == 4)
    }

    @Test func `nothing is forecast from nothing`() throws {
        let none = try limit(measures(0, bytes: 0, repository: 100), .repository)
        #expect(none.runsLeft == nil && none.daysLeft == nil)
        #expect(none.text == "The repository has 100 bytes of 10 GB (0 %)")
        let one = try limit(measures(1, bytes: 1 << 30, repository: 1 << 30), .repository)
        #expect(one.runsLeft == 9 && one.daysLeft == nil)
        #expect(one.text.hasSuffix("the limit in 9 more runs"))
        let still = try limit(measures(5, bytes: 0, repository: 100), .repository)
        #expect(still.runsLeft == nil)
    }

    @Test func `a limit that is passed is reached`() throws {
        var measures = measures(5, bytes: 1, repository: 11 << 30)
        measures.pushBytes = 3 << 30
        measures.largestFile = 101 << 20
        for kind in [Forecast.Limit.Kind.repository, .push, .file] {
            let limit = try limit(measures, kind)
            #expect(limit.runsLeft == 0 && limit.daysLeft == 0 && limit.needsAttention)
            #expect(limit.text.hasSuffix("the limit is reached"), "\(limit.text)")
            #expect(!limit.advice.isEmpty)
        }
    }

    @Test func `a folder fills by what the runs put there`() throws {
        var measures = measures(10, bytes: 1, repository: 1)
        measures.largestFolder = 1000
        measures.largestFolderBefore = 900
        let limit = try limit(measures, .folder)
        #expect(limit.runsLeft == 200 && !limit.needsAttention)
        measures.largestFolderBefore = 0
        #expect(try self.limit(measures, .folder).needsAttention)
    }

    @Test(arguments: [
        (0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 kB"), (2500, "2.4 kB"),
        (1 << 20, "1 MB"), (150 << 20, "150 MB"), (150 << 20 + 600_000, "150 MB"),
        (10 << 30, "10 GB"),
    ])
    func `bytes are said shortly`(count: Int, text: String) { #expect(byteText(count) == text) }

    @Test func `many packs or loose objects need a repack`() {
        #expect(!ObjectStorage().needsRepack)
    }
}
