import Foundation
import Testing

/// A model's rows may not depend on the order in which its inputs are read.
@Suite struct OrderTests {
    /// A table of 40,000 rows with an id, a column of five values, and a fraction.
    private func makeWarehouse(model: String) throws -> World {
        let world = try World()
        try world.makeWarehouse(models: [
            "models/macros.sql": "CREATE MACRO total(x) AS sum(x::DOUBLE);\n",
            "models/marts/t.sql": "/*\nkey = [\"id\"]\n*/\n\(model)\n",
        ])
        let rows = (0..<40_000).map { "\($0),\($0 * 7_919 % 5),\(Double($0) / 7)\n" }
        try world.write("rows.csv", "id,k,x\n" + rows.joined())
        let imported = try world.osodata("import", "raw.rows", "rows.csv", "--key", "id")
        #expect(imported.status == 0, "\(imported.messages)")
        return world
    }

    @Test(arguments: [
        ("SELECT id, row_number() OVER (ORDER BY k) AS n FROM raw.rows", "4:12", "row_number"),
        ("SELECT id, lag(id) OVER (ORDER BY k) AS n FROM raw.rows", "4:12", "lag"),
        (
            "SELECT id, sum(id) OVER (ORDER BY k ROWS 3 PRECEDING)::BIGINT AS n FROM raw.rows",
            "4:12", "sum"
        ),
        ("SELECT k AS id, list(id ORDER BY k) AS n FROM raw.rows GROUP BY k", "4:17", "list"),
        ("SELECT k AS id, first(id ORDER BY k) AS n FROM raw.rows GROUP BY k", "4:17", "first"),
        ("SELECT DISTINCT ON (k) k AS id, x FROM raw.rows ORDER BY k", "4:21", "distinct on"),
        ("SELECT id FROM raw.rows ORDER BY k LIMIT 10", "4:42", "limit"),
        ("SELECT k AS id, total(x) AS n FROM raw.rows GROUP BY k", "4:17", "sum"),
    ])
    func `ties that show are refused`(_ model: String, _ place: String, _ name: String) throws {
        let world = try makeWarehouse(model: model)
        defer { world.remove() }
        let run = try world.commitAndRun("--threads", "2")
        #expect(run.status == 2, "\(run.output)")
        #expect(run.messages.contains("error: models/marts/t.sql:\(place): The rows of 'marts.t'"))
        #expect(run.messages.contains("ORDER BY of \(name) end"), "\(run.messages)")
        #expect(try !world.osodata("tables").output.contains("marts.t"))
    }

    @Test(arguments: [
        "SELECT id, row_number() OVER (ORDER BY k, id) AS n, rank() OVER (ORDER BY k) AS r FROM raw.rows",
        "SELECT k AS id, list(id ORDER BY id) AS n, total(k) AS t FROM raw.rows GROUP BY k",
        "SELECT DISTINCT ON (k) k AS id, x FROM raw.rows ORDER BY k, rows.id",
        "SELECT id FROM raw.rows ORDER BY k, id LIMIT 10",
    ])
    func `an order that ends in the key is fine`(_ model: String) throws {
        let world = try makeWarehouse(model: model)
        defer { world.remove() }
        let run = try world.commitAndRun("--threads", "2")
        #expect(run.status == 0, "\(run.messages)")
        let verify = try world.osodata("verify", "--rebuild")
        #expect(verify.status == 0, "\(verify.output)\(verify.messages)")
    }

    @Test func `a rebuild is held against the commit with each number of threads`() throws {
        let world = try makeWarehouse(
            model: "SELECT k AS id, list(id ORDER BY id) AS n FROM raw.rows GROUP BY k"
        )
        defer { world.remove() }
        #expect(try world.commitAndRun().status == 0)
        let fine = try world.osodata("verify", "--rebuild", "--threads", "1,2,8")
        #expect(fine.status == 0, "\(fine.messages)")
        for count in [1, 2, 8] {
            let lines = fine.output.split(separator: "\n").filter {
                $0.hasPrefix("rebuilt   marts.t ") && $0.hasSuffix("  --threads \(count)")
            }
            #expect(lines.count == 1, "\(fine.output)")
        }
        let one = try world.osodata("verify", "--rebuild", "--threads", "2")
        #expect(!one.output.contains("--threads"))
        let json = try world.osodata("verify", "--rebuild", "--threads", "1,8", "--json").output
        #expect(json.matches(of: /"equal": true/).count == 2, "\(json)")
        #expect(json.contains("\"threads\": 1") && json.contains("\"threads\": 8"), "\(json)")
        for wrong in ["0", "1,", "x", "1,2000"] {
            #expect(try world.osodata("verify", "--rebuild", "--threads", wrong).status == 2)
        }
        #expect(try world.osodata("verify", "--threads", "1,2").status == 2)
    }
}
