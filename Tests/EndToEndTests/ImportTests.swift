import Foundation
import Testing

/// `osodata import` as a person uses it.
@Suite struct ImportTests {
    @Test(
        arguments: [
            ("meta.coverage", "'meta'"), ("meta.mine", "'meta'"), ("raw.git_commits", "sources"),
            ("raw.github_events", "sources"), ("raw.sources", "sources"),
            ("raw.projects", "directory"), ("raw.artifacts_by_project", "directory"),
            ("marts.counts_v1", "models/marts/counts_v1.sql"),
            // Its file is in the commit only, or in the work tree only.
            ("staging.events", "models/staging/events.sql"),
            ("staging.fresh", "models/staging/fresh.sql"),
        ]
    )
    func `a table that runs write is not for imports`(_ table: String, _ reason: String) throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let first = try world.commitAndRun()
        #expect(first.status == 0, "\(first.messages)")
        try world.write("t.csv", "a\n1\n")
        try world.write("models/staging/fresh.sql", "/* */ SELECT 1 AS a\n")
        try world.shell("rm models/staging/events.sql")
        let before = try world.state()
        let outcome = try world.osodata("import", table, "t.csv")
        #expect(outcome.status == 2, "\(outcome.output)")
        #expect(outcome.messages.contains(reason), "\(outcome.messages)")
        #expect(outcome.messages.contains("hint: Import it under another name"))
        #expect(try world.state() == before)
    }

    @Test func `standard input is a file too, a pipe or a device is none`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let piped = try world.osodata(
            "import",
            "raw.t",
            "-",
            "--format",
            "csv",
            "--delimiter",
            ";",
            input: "na\u{ef}ve;b\n1;\"x;y\"\n"
        )
        #expect(piped.status == 0, "\(piped.messages)")
        #expect(piped.messages.contains("note: The column \"na\u{ef}ve\" is called \"na_ve\"."))
        let rows = try world.osodata("query", "FROM raw.t", "--format", "csv")
        #expect(rows.output == "na_ve,b\n1,x;y\n", "\(rows.messages)")
        let json = try world.osodata(
            "import",
            "raw.t",
            "-",
            "--format",
            "ndjson",
            "--json",
            input: "{\"a\":\"\\u0000\"}\n"
        )
        #expect(json.output.contains("1 character that no table can hold"), "\(json.output)")

        let before = try world.state()
        for source in ["<(printf 'a\\n1\\n')", "/dev/zero", "/dev/null"] {
            let outcome = try world.shell(
                "\(World.program.path) import raw.u \(source) --format csv"
            )
            #expect(outcome.status == 2, "\(outcome.output)")
            #expect(outcome.messages.contains("no regular file"), "\(outcome.messages)")
            #expect(outcome.messages.contains("import TABLE - --format csv"))
        }
        let key = try world.osodata(
            "import",
            "raw.u",
            "-",
            "--format",
            "csv",
            "--key",
            "a b",
            input: "a b\n1\n"
        )
        #expect(key.status == 2)
        #expect(key.messages.contains("stdin: The key names a column"), "\(key.messages)")
        #expect(key.messages.contains("columns are here: a_b."), "\(key.messages)")
        let unnamed = try world.osodata("import", "raw.u", "-", input: "a\n1\n")
        #expect(unnamed.status == 2)
        #expect(unnamed.messages.contains("--format"), "\(unnamed.messages)")
        let broken = try world.osodata(
            "import",
            "raw.u",
            "-",
            "--format",
            "csv",
            input: "a,b\n1\n"
        )
        #expect(broken.status == 2)
        #expect(broken.messages.contains("stdin:2: The line has 1 value"), "\(broken.messages)")
        #expect(try world.state() == before)
    }

    @Test func `a file adds rows, replaces some, and removes some`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        func edit(_ file: String, _ text: String, _ mode: String) throws -> World.Outcome {
            try world.write(file, text)
            return try world.osodata("import", "marts.t", file, mode)
        }
        func rows() throws -> String {
            try world.shell("zstdcat snapshots/marts/t/*/*.zst").output
        }
        try world.write("t.csv", "k,name,price\na,Ann,1.5\nb,Bob,2.25\nd,Dot,\n")
        try world.osodata("import", "marts.t", "t.csv", "--key", "k")

        let appended = try edit("more.ndjson", "{\"k\":\"c\",\"price\":3}\n", "--append")
        #expect(appended.status == 0, "\(appended.messages)")
        #expect(appended.messages.contains("1 row added"), "\(appended.messages)")
        #expect(
            try rows() == """
                {"k":"a","name":"Ann","price":1.5}
                {"k":"b","name":"Bob","price":2.25}
                {"k":"c","name":null,"price":3}
                {"k":"d","name":"Dot","price":null}

                """
        )
        let updated = try edit("new.csv", "name,k,price\nBea,b,2\nEve,e,5\nDot,d,\n", "--update")
        #expect(updated.messages.contains("1 row added, 1 replaced, 1 there already"))
        let deleted = try edit("gone.csv", "k,why\na,old\nz,never there\n", "--delete")
        #expect(deleted.messages.contains("1 row removed, 1 to remove were not there"))
        let wanted = """
            {"k":"b","name":"Bea","price":2}
            {"k":"c","name":null,"price":3}
            {"k":"d","name":"Dot","price":null}
            {"k":"e","name":"Eve","price":5}

            """
        #expect(try rows() == wanted)
        // The table is the one that these rows make at once, and what it was can still be seen.
        let digest = try world.shell("jq -r .digest snapshots/marts/t/manifest.json").output
        try world.write(
            "whole.csv",
            "k,name,price\nb,Bea,2.0\nc,,3\nd,Dot,\ne,Eve,5\nf,F,1.5\n"
        )
        try world.osodata("import", "marts.u", "whole.csv", "--key", "k")
        try world.write("f.csv", "k\nf\n")
        try world.osodata("import", "marts.u", "f.csv", "--delete")
        #expect(try world.shell("jq -r .digest snapshots/marts/u/manifest.json").output == digest)
        let before = try world.osodata("show", "marts.t@HEAD~5")
        #expect(before.output.contains("Ann"), "\(before.messages)")
        #expect(try world.osodata("verify").status == 0)
    }

    @Test func `an edit that cannot be is refused and changes nothing`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.write("t.csv", "k,n\n1,1\n2,2\n")
        try world.osodata("import", "marts.t", "t.csv", "--key", "k")
        try world.osodata("import", "marts.bag", "t.csv")
        try world.write("two.csv", "k,n\n2,3\n")
        try world.write("bad.csv", "k,n\n3,many\n")
        try world.write("wide.csv", "k,n,m\n3,1,1\n")
        try world.write("keyless.csv", "n\n3\n")
        let before = try world.state()
        let cases: [([String], [String])] = [
            (["marts.t", "two.csv", "--append"], ["Two rows have the key k = 2"]),
            (["marts.t", "bad.csv", "--append"], ["bad.csv:2:", "\"many\" is no int64", "\"n\""]),
            (["marts.t", "wide.csv", "--update"], ["has no column \"m\"", "k, n (key k)"]),
            (["marts.t", "keyless.csv", "--delete"], ["The file has no column \"k\""]),
            (["marts.none", "two.csv", "--append"], ["no table \"marts.none\"", "--key"]),
            (["marts.bag", "two.csv", "--update"], ["has no key", "--append"]),
            (["marts.t", "two.csv", "--update", "--key", "k"], ["own key"]),
            (["marts.t", "two.csv", "--update", "--append"], ["append"]),
        ]
        for (arguments, parts) in cases {
            let outcome = try world.run(World.program.path, ["import"] + arguments)
            #expect(outcome.status != 0, "\(arguments)")
            for part in parts { #expect(outcome.messages.contains(part), "\(outcome.messages)") }
        }
        #expect(try world.state() == before)
        // Rows of a table without key are counted.
        let bag = try world.osodata("import", "marts.bag", "t.csv", "--append")
        #expect(bag.messages.contains("2 rows added"), "\(bag.messages)")
        let count = try world.osodata("query", "select count(*) from marts.bag", "--format", "csv")
        #expect(count.output.hasSuffix("4\n"))
    }

    @Test func `the class of a table can be chosen`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.write("t.csv", "k,n\n1,1\n")
        for (table, option, wanted) in [
            ("raw.a", [], "large"), ("raw.b", ["--class", "small"], "small"),
            ("marts.c", [], "small"), ("marts.d", ["--class", "large"], "large"),
        ] as [(String, [String], String)] {
            _ = try world.run(
                World.program.path,
                ["import", table, "t.csv", "--key", "k"] + option
            )
            let path = "snapshots/\(table.replacing(".", with: "/"))/manifest.json"
            #expect(try world.shell("jq -r .class \(path)").output == wanted + "\n")
        }
    }
}
