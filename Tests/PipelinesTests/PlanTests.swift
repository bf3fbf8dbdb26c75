import Codecs
import Snapshots
import Testing

@testable import Pipelines

/// Why a table is made again, and what a plan does.
struct PlanTests {
    private func reason(
        _ wanted: Provenance,
        _ current: Provenance?
    ) -> Reason { Reason(wanted: wanted, current: current) }

    @Test func `the reason names what changed`() throws {
        let now = try provenance()
        #expect(reason(now, nil) == .isNew)
        #expect(reason(now, try provenance()) == .upToDate)
        #expect(reason(now, try provenance(statement: "before")) == .statementChanged)
        #expect(reason(now, try provenance(settings: "before")) == .settingsChanged)
        #expect(reason(now, try provenance(kind: .imported)) == .settingsChanged)
        #expect(reason(now, try provenance(engine: "duckdb 1")) == .engineChanged)
        #expect(reason(now, try provenance(engine: nil)) == .engineChanged)
        #expect(
            reason(now, try provenance(asOf: "2024-12-31 00:00:00"))
                == .asOfChanged(from: "2024-12-31 00:00:00", to: "2025-01-01 00:00:00")
        )
        #expect(
            reason(try provenance(asOf: nil), now)
                == .asOfChanged(from: "2025-01-01 00:00:00", to: nil)
        )
    }

    @Test func `changed inputs are named, new ones too`() throws {
        let now = try provenance(inputs: [("raw.a", "one"), ("raw.b", "two"), ("raw.c", "three")])
        let before = try provenance(inputs: [("raw.a", "one"), ("raw.b", "other")])
        #expect(
            try reason(now, before)
                == .inputsChanged([TableName(parsing: "raw.b"), TableName(parsing: "raw.c")])
        )
    }

    @Test func `any other difference makes the table again`() throws {
        let now = try provenance(inputs: [("raw.a", "one")])
        #expect(reason(now, try provenance()) == .statementChanged)
        #expect(
            reason(now, try provenance(origin: "elsewhere", inputs: [("raw.a", "one")]))
                == .statementChanged
        )
    }

    @Test func `of several differences the one a person made comes first`() throws {
        let now = try provenance()
        func before(_ statement: String, _ settings: String, _ engine: String, _ input: String)
            throws
            -> Provenance
        {
            try provenance(
                statement: statement,
                settings: settings,
                engine: engine,
                asOf: nil,
                inputs: [("raw.a", input), ("raw.b", "two")]
            )
        }
        #expect(reason(now, try before("x", "x", "x", "x")) == .statementChanged)
        #expect(reason(now, try before("statement", "x", "x", "x")) == .settingsChanged)
        #expect(reason(now, try before("statement", "settings", "x", "x")) == .engineChanged)
        #expect(
            try reason(now, before("statement", "settings", "duckdb 2", "x"))
                == .inputsChanged([TableName(parsing: "raw.a")])
        )
    }

    @Test func `every reason has a few words`() throws {
        let tables = [try TableName(parsing: "raw.a"), try TableName(parsing: "raw.b")]
        let reasons: [Reason] = [
            .upToDate, .isNew, .statementChanged, .settingsChanged, .engineChanged,
            .asOfChanged(from: nil, to: "2025-01-01"), .asOfChanged(from: "2025-01-01", to: nil),
            .inputsChanged(tables), .inputsMayChange(tables), .checksUpstream,
        ]
        #expect(
            reasons.map(\.text) == [
                "up to date", "new", "statement changed", "header changed", "SQL engine changed",
                "as_of moved from nothing to 2025-01-01", "as_of moved from 2025-01-01 to nothing",
                "changed: raw.a, raw.b", "if changed: raw.a, raw.b", "asks upstream",
            ]
        )
    }

    @Test func `what is up to date is not pending`() throws {
        let tables = [try TableName(parsing: "raw.a")]
        let reasons: [Reason] = [
            .isNew, .upToDate, .checksUpstream, .inputsMayChange(tables), .upToDate,
        ]
        let plan = Plan(
            steps: reasons.map { Plan.Step(kind: .directory, tables: tables, reason: $0) },
            sinks: []
        )
        #expect(
            plan.pending.map(\.reason) == [.isNew, .checksUpstream, .inputsMayChange(tables)]
        )
    }

    @Test func `a step has a word for it`() {
        let kinds: [Plan.Kind] = [.configuration, .directory, .extract([])]
        #expect(kinds.map(\.name) == ["configuration", "directory", "extract"])
    }
}
