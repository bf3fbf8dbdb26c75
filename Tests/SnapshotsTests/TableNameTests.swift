import Diagnostics
import Snapshots
import Testing

struct TableNameTests {
    @Test func `a name has a layer, a path and an order`() throws {
        let name = try TableName(parsing: "marts.projects_v1")
        #expect(name.layer == "marts" && name.name == "projects_v1")
        #expect(name.path == "snapshots/marts/projects_v1")
        #expect("\(name)" == "marts.projects_v1")
        #expect(try name < TableName(parsing: "raw.a"))
        #expect(try TableName(parsing: "meta.runs").isMeta)
    }

    @Test(arguments: [
        "", ".", "marts", "marts.", ".a", "marts.a.b", "mart.a", "marts.A", "marts.1a", "marts.a-b",
        "marts.../etc", "marts.é", "raw.a b", "marts.\(String(repeating: "a", count: 121))",
    ])
    func `text that is no name is refused with a hint`(_ text: String) throws {
        let failure = try #require(throws: Failure.self) { try TableName(parsing: text) }
        #expect(failure.code == .tableName)
        #expect(failure.hint != nil)
    }
}
