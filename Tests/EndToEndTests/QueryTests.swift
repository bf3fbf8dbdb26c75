import Foundation
import Testing

/// `osodata query`: revisions, differences, parameters, files, what was read.
struct QueryTests {
    private let world: World

    init() throws {
        world = try World()
        try world.initWarehouse()
        try version("id,name,stars\n1,zig,3\n2,go,5\n3,\"it's\",\n")
        try version("id,name,stars\n1,zig,4\n2,go,5\n4,nim,1\n")
    }

    private func version(_ csv: String) throws {
        try world.write("t.csv", csv)
        let made = try world.osodata("import", "marts.langs_v1", "t.csv", "--key", "id")
        #expect(made.status == 0, "\(made.messages)")
    }

    private func rows(_ sql: String, _ options: String...) throws -> String {
        let options = ["query", sql, "--format", "csv"] + options
        let out = try world.run(World.program.path, options)
        #expect(out.status == 0, "\(sql): \(out.messages)")
        return out.output
    }

    private func failure(_ sql: String, _ options: String...) throws -> String {
        let out = try world.run(World.program.path, ["query", sql] + options)
        #expect(out.status == 2 && out.output.isEmpty, "\(sql): \(out.output)")
        return out.messages
    }

    @Test func `a statement reads tables at several revisions`() throws {
        defer { world.remove() }
        #expect(try rows("select stars from marts.langs_v1 where id = 1") == "stars\n4\n")
        #expect(
            try rows("select stars from marts.langs_v1 where id = 1", "--at", "HEAD~1")
                == "stars\n3\n"
        )
        let join = """
            SELECT -- both versions
            langs_v1.id, langs_v1.stars AS old, n.stars AS new
            FROM marts.langs_v1 /* AT */ AT (VERSION => 'HEAD~1')
            LEFT JOIN marts.langs_v1 AS n USING (id) ORDER BY 1
            """
        #expect(try rows(join) == "id,old,new\n1,3,4\n2,5,5\n3,,\n")
        for name in [
            "marts.langs_v1 AS x AT (VERSION => 'HEAD~1')",
            "marts.\"langs_v1\" x AT(TIMESTAMP => 'HEAD~1')", "\"marts.langs_v1@HEAD~1\" x",
            "marts.\"langs_v1@HEAD~1\" AS x",
        ] {
            #expect(try rows("select sum(x.stars) as s from \(name) where id < 3") == "s\n8\n")
        }
        let missing = try failure("select 1 from marts.langs_v1 AT (VERSION => 'HEAD~2')")
        #expect(missing.contains("no table 'marts.langs_v1' at 'HEAD~2'"), "\(missing)")
        let unknown = try failure("select 1 from marts.langs_v1 AT (VERSION => 'nope')")
        #expect(unknown.contains("nope"), "\(unknown)")
    }

    @Test func `a difference is a table`() throws {
        defer { world.remove() }
        #expect(
            try rows("from changes('marts.langs_v1', 'HEAD~1', 'HEAD') order by id")
                == """
                change,id,before_name,after_name,before_stars,after_stars
                changed,1,zig,zig,3,4
                removed,3,it's,,,
                added,4,,nim,,1

                """
        )
        #expect(
            try rows(
                """
                select c.change, count(*) as n
                from changes('marts.langs_v1', 'HEAD', 'HEAD~1') c group by all order by all
                """
            ) == "change,n\nadded,1\nchanged,1\nremoved,1\n"
        )
        #expect(
            try rows("select changes.id from changes('marts.langs_v1', 'HEAD', 'HEAD')") == "id\n"
        )
        // The table was not there before the first version.
        #expect(
            try rows("select distinct change from changes('marts.langs_v1', 'HEAD~2', 'HEAD')")
                == "change\nadded\n"
        )
        let wrong = try failure("select 1,\n  x from changes('marts.langs_v1', 'HEAD')")
        #expect(wrong.contains("sql:2:10") && wrong.contains("three texts"), "\(wrong)")
        let none = try failure("from changes('marts.lang_v1', 'HEAD~1', 'HEAD')")
        #expect(none.contains("Did you mean 'marts.langs_v1'?"), "\(none)")
    }

    @Test func `what is not run knows revisions too`() throws {
        defer { world.remove() }
        let old = "marts.langs_v1 AT (VERSION => 'HEAD~1')"
        for explain in [
            "explain", "EXPLAIN ANALYZE", "explain -- why\n (format json)", "explain (analyze)",
        ] {
            let plan = try rows(
                "\(explain) select n.name from \(old) join marts.langs_v1 n using (id) where n.stars > $n",
                "--param",
                "n=1"
            )
            #expect(plan.uppercased().contains("JOIN"), "\(plan)")
        }
        #expect(try rows("explain (select stars from \(old))").contains("stars"))
        #expect(
            try rows("explain from changes('marts.langs_v1', 'HEAD~1', 'HEAD') where id > 3")
                .contains("before_stars")
        )
        #expect(
            try rows("describe select id, stars from \(old)")
                .hasPrefix("column_name,column_type,null,key,default,extra\nid,BIGINT,")
        )
        #expect(try rows("summarize from \(old)").contains("stars,BIGINT,3,5,"))
        let typo = try failure("explain analyze\nselect strs from \(old)")
        #expect(typo.contains("sql:2:8"), "\(typo)")
        let unknown = try failure("explain select 1 from marts.lang_v1")
        #expect(unknown.contains("Did you mean 'marts.langs_v1'?"), "\(unknown)")
    }

    @Test func `values are put in as texts, whatever is in them`() throws {
        defer { world.remove() }
        let sql = "select name from marts.langs_v1 where id = $id or name = $name order by id"
        #expect(try rows(sql, "--param", "id=4", "--param", "name=go") == "name\ngo\nnim\n")
        #expect(
            try rows(
                "select count(*) as n from marts.langs_v1 AT (VERSION => $rev) where name = $name",
                "--param",
                "rev=HEAD~1",
                "--param",
                "name=it's"
            ) == "n\n1\n"
        )
        #expect(
            try rows("select $x as x", "--param", "x=' or 1=1 --") == "x\n' or 1=1 --\n"
        )
        #expect(try rows("select '$x' as x, $x as y", "--param", "x=") == "x,y\n$x,\"\"\n")
        let missing = try failure("select 1 as a,\n $name")
        #expect(missing.contains("sql:2:2") && missing.contains("--param name="), "\(missing)")
        let unused = try failure("select 1", "--param", "name=x")
        #expect(unused.contains("no parameter '$name'"), "\(unused)")
    }

    @Test func `failures are at their place in the statement as it was written`() throws {
        defer { world.remove() }
        let sql = """
            select $a as a, x.stars
            from marts.langs_v1 x AT (VERSION => 'HEAD~1'), changes('marts.langs_v1','HEAD','HEAD') y
            where x.name = $a and x.strs = 1
            """
        let typo = try failure(sql, "--param", "a=some longer text than the name of the parameter")
        #expect(typo.contains("sql:3:23") && typo.contains("strs"), "\(typo)")
        let late = try failure("select $a || 'x', (-1)::int::utinyint", "--param", "a=1")
        #expect(late.contains("error"), "\(late)")
    }

    @Test(arguments: [[], ["--sandbox"]])
    func `rows fit into the terminal`(options: [String]) throws {
        defer { world.remove() }
        func shown(_ columns: Int, _ sql: String) throws -> World.Outcome {
            try world.run(
                World.program.path,
                ["query", sql] + options,
                environment: ["COLUMNS": "\(columns)"]
            )
        }
        let sql = """
            select 1234567890 as number, repeat('漢', 50) as wide, 'short' as text,
            repeat('long ', 20) as long
            """
        // Texts are cut to one length, and those that are shorter stay; numbers are whole.
        #expect(
            try shown(50, sql).output == """
                    number  wide            text   long
                1234567890  漢漢漢漢漢漢…   short  long long lon…

                """
        )
        let wide = try shown(300, sql)
        #expect(wide.output.contains(String(repeating: "long ", count: 19) + "long\n"))
        #expect(wide.messages.isEmpty)
        let narrow = try shown(32, sql)
        #expect(
            narrow.output == """
                    number  …  long
                1234567890  …  long long…

                """
        )
        #expect(narrow.messages == "2 of 4 columns have no room; all of them: --format csv\n")
    }

    @Test func `rows go to a file that is there only when it is whole`() throws {
        defer { world.remove() }
        let path = world.folder.appending(path: "out.csv")
        try world.osodata("query", "select 1 as a", "--format", "csv", "-o", "out.csv")
        #expect(try String(contentsOf: path, encoding: .utf8) == "a\n1\n")
        let failed = try world.osodata(
            "query",
            "select case when i = 5000 then error('late') else i end as i from range(9000) t(i)",
            "--format",
            "csv",
            "-o",
            "out.csv"
        )
        #expect(failed.status != 0)
        #expect(try String(contentsOf: path, encoding: .utf8) == "a\n1\n")
        let left = try FileManager.default.contentsOfDirectory(atPath: world.folder.path)
        #expect(!left.contains { $0.contains("osodata-") }, "\(left)")
        let none = try world.osodata("query", "select 1", "-o", "no/such/folder.csv")
        #expect(none.status == 2 && none.messages.contains("no/such/folder.csv"))
    }

    @Test func `Parquet has the values, and can be imported again`() throws {
        defer { world.remove() }
        let sql = "select *, '7'::BIGNUM as big from marts.langs_v1 where id > $i; -- some"
        let fine = try world.osodata(
            "query",
            sql,
            "--param",
            "i=1",
            "--format",
            "parquet",
            "--output",
            "x.parquet"
        )
        #expect(fine.status == 0 && fine.output.isEmpty, "\(fine.messages)")
        try world.osodata("import", "raw.back", "x.parquet", "--key", "id")
        #expect(
            try rows("select * from raw.back order by id")
                == "id,name,stars,big\n2,go,5,7\n4,nim,1,7\n"
        )
        let stdout = try world.osodata("query", "select 1", "--format", "parquet")
        #expect(stdout.status == 2 && stdout.messages.contains("--output"))
    }

    @Test func `what does not fit into memory goes to disk, and nothing stays there`() throws {
        defer { world.remove() }
        let sql = """
            select s from (select hash(i)::varchar || repeat('x', 300) as s from range(300000) t(i))
            order by s limit 1 offset 299999
            """
        let out = try rows(sql, "--memory", "60MB", "--threads", "1")
        #expect(out.hasPrefix("s\n99"))
        let path = world.folder.appending(path: ".osodata/tmp").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
        // What a process left that was killed: a folder of a number that no process has.
        let stale = world.folder.appending(path: ".osodata/tmp/sql-99999999-1")
        try FileManager.default.createDirectory(at: stale, withIntermediateDirectories: true)
        #expect(try rows("select 1 as a") == "a\n1\n")
        #expect(!FileManager.default.fileExists(atPath: stale.path))
    }

    @Test func `least and greatest values come from the manifest`() throws {
        defer { world.remove() }
        func told(_ sql: String) throws -> (rows: String, readsTable: Bool) {
            let out = try world.osodata("query", sql, "--format", "csv", "--explain")
            #expect(out.status == 0, "\(sql): \(out.messages)")
            let all = "read 1 of 1 chunks"
            return (
                out.output, out.messages.contains("of 1 segments") && out.messages.contains(all)
            )
        }
        for (sql, expected) in [
            ("select max(id), min(STARS) as s from marts.langs_v1", "max(id),s\n4,1\n"),
            (
                "select min(name) as a, max(name) as b from marts.langs_v1", "a,b\ngo,zig\n"
            ),
            ("select max(t.id) as m from marts.langs_v1 t", "m\n4\n"),
        ] {
            let answer = try told(sql)
            #expect(answer.rows == expected && !answer.readsTable, "\(sql): \(answer)")
        }
        // All of these ask for more than the manifest tells.
        for (sql, expected) in [
            ("select max(id), count(*) as n from marts.langs_v1", "max(id),n\n4,3\n"),
            ("select max(id) as m from marts.langs_v1 where stars < 5", "m\n4\n"),
            ("select max(id) as m from marts.langs_v1 group by id % 2 order by 1", "m\n1\n4\n"),
            ("select max(id) filter (where id < 3) as m from marts.langs_v1", "m\n2\n"),
            ("select max(id, 2) as m from marts.langs_v1", "m\n\"[4,2]\"\n"),
            ("select max(id + 1) as m from marts.langs_v1", "m\n5\n"),
        ] {
            let answer = try told(sql)
            #expect(answer.rows == expected && answer.readsTable, "\(sql): \(answer)")
        }
        let missing = try failure("select max(nope) from marts.langs_v1")
        #expect(missing.contains("sql:1:12") && missing.contains("nope"), "\(missing)")
    }

    @Test func `it tells what was read and how long it took`() throws {
        defer { world.remove() }
        let told = try world.osodata(
            "query",
            "select name from marts.langs_v1 where id = 77",
            "--explain",
            "--timing",
            "--format",
            "csv"
        )
        #expect(told.output == "name\n")
        #expect(told.messages.contains("marts.langs_v1: read 0 of 1 chunks"), "\(told.messages)")
        #expect(told.messages.contains("time: 0."), "\(told.messages)")
    }
}
