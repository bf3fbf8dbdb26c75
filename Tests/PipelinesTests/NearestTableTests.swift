import Pipelines
import Snapshots
import Testing

/// Which table "Did you mean" names.
struct NearestTableTests {
    @Test(
        arguments: [
            ("staging.event", "staging.events"),
            ("marts.project", "marts.projects_v1"),
            ("marts.event", "marts.event_v1"),
            ("intermediate.events", "staging.events"),  // in another layer
            ("raw.evnets", "staging.events"),
            ("staging.counts", nil),  // as long as staging.events is, and nothing alike
            ("raw.a", nil),
        ] as [(String, String?)]
    )
    func `a table is looked for in its layer first`(_ table: String, _ expected: String?) throws {
        let tables = try ["staging.events", "marts.projects_v1", "marts.b", "marts.event_v1"].map {
            try TableName(parsing: $0)
        }
        let near = nearest(to: try TableName(parsing: table), among: tables)
        #expect(near?.description == expected)
    }
}
