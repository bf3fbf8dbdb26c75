import Foundation
import Testing

/// `osodata query --sandbox`: statements that nobody vouches for.
struct SandboxTests {
    private let world: World

    init() throws {
        world = try World()
        try world.initWarehouse()
        let rows = (0..<20_000).map { "\($0),name \($0 % 100)\n" }.joined()
        try world.write("t.csv", "id,label\n" + rows)
        let made = try world.osodata("import", "marts.things_v1", "t.csv", "--key", "id")
        #expect(made.status == 0, "\(made.messages)")
    }

    private func run(_ sql: String, _ options: String...) throws -> World.Outcome {
        try world.run(
            World.program.path,
            ["query", "-", "--sandbox", "--format", "csv"] + options,
            input: sql
        )
    }

    /// What `--timing` says: seconds and MiB at most in memory.
    private func usage(_ messages: String) throws -> (seconds: Double, memory: Int) {
        let match = try #require(
            messages.firstMatch(
                of: /time: ([0-9.]+) s, processor: [0-9.]+ s, memory: ([0-9,]+) MiB/
            )
        )
        let memory = Int(match.output.2.replacing(",", with: ""))
        return (try #require(Double(match.output.1)), try #require(memory))
    }

    @Test func `a statement gives what it gives outside`() throws {
        defer { world.remove() }
        let statements = [
            "select label, count(*) as n, max(id) as m from marts.things_v1 group by all order by all",
            "with w as (from marts.things_v1) select sum(id) as s from w where label = 'name 7'",
            "select id from marts.things_v1 at (version => 'HEAD') where id < 3 order by id",
            "select change, count(*) as n from changes('marts.things_v1', 'HEAD~1', 'HEAD') group by all",
            "select 'it''s; -- no comment' as a /* one */; -- two",
        ]
        for sql in statements {
            let inside = try run(sql)
            let outside = try world.osodata("query", sql, "--format", "csv")
            #expect(inside.status == 0 && !inside.output.isEmpty, "\(sql): \(inside.messages)")
            #expect(inside.output == outside.output, "\(sql)")
        }
        let value = try run("select $who as who", "--param", "who=a b; c")
        #expect(value.output == "who\na b; c\n")
        let written = try run("from range(100_000)", "--output", "rows.csv")
        #expect(written.status == 0 && written.output.isEmpty, "\(written.messages)")
        let file = try String(contentsOf: world.folder.appending(path: "rows.csv"), encoding: .utf8)
        #expect(file.split(separator: "\n").count == 100_001)
        let explained = try run("select max(label) as a from marts.things_v1", "--explain")
        #expect(explained.messages.contains("scan: marts.things_v1: read"))
    }

    @Test func `failures keep their code, place and hint`() throws {
        defer { world.remove() }
        let out = try run("select 1,\n  nope\nfrom marts.things_v1")
        #expect(out.status == 2 && out.output.isEmpty)
        #expect(out.messages.contains("sql:2:3: Referenced column \"nope\" not found"))
        let unknown = try run("from marts.thing_v1")
        #expect(unknown.messages.contains("Did you mean 'marts.things_v1'?"), "\(unknown.messages)")
        // A failure after rows have gone out, and a file that does not become whole.
        let late = try run(
            "select if(range < 200_000, range, error('too far')) as r from range(300_000)",
            "--output",
            "late.csv"
        )
        #expect(late.status == 2 && late.messages.contains("too far"), "\(late.messages)")
        #expect(try world.shell("ls late.csv*").output.isEmpty)
    }

    @Test(arguments: [
        "copy (select 1) to 'out.csv'", "copy marts.things_v1 to 'out.csv'",
        "attach 'out.db' as out", "attach ':memory:' as out", "create table out(i int)",
        "create schema out", "create view out as select 1", "create macro f() as 1",
        "use memory", "install httpfs", "load httpfs", "load '/lib/x86_64-linux-gnu/libc.so.6'",
        "pragma database_list", "pragma enable_profiling", "set threads = 64",
        "set global enable_external_access = true", "reset memory_limit", "call pragma_version()",
        "begin", "checkpoint", "vacuum", "export database 'out'", "import database 'out'",
        "insert into marts.things_v1 values (1, 'x')", "delete from marts.things_v1",
        "drop view marts.things_v1", "prepare p as select 1", "explain select 1",
        "select 1; select 2", "select 1; copy (select 1) to 'out.csv'", "",
    ])
    func `one SELECT is all there is`(sql: String) throws {
        defer { world.remove() }
        let before = try world.state()
        let out = try run(sql)
        #expect(out.status == 2 && out.output.isEmpty, "\(out.output)")
        #expect(
            ["The text is not one SELECT.", "There is no statement."].contains {
                out.messages.contains($0)
            },
            "\(out.messages)"
        )
        #expect(try world.state() == before)
    }

    @Test(arguments: [
        "from read_csv('/etc/passwd')", "from read_text('/etc/passwd')", "from '/etc/passwd'",
        "from read_blob('/proc/self/environ')", "from read_json('t.json')", "from glob('/*')",
        "from read_parquet('https://example.org/x.parquet')", "from parquet_metadata('x')",
        "from sniff_csv('/etc/passwd')", "select getenv('HOME') as a",
        "from query('copy (select 1) to ''out.csv''')", "from query_table('/etc/passwd')",
        "select * from read_csv((select '/etc/passwd'))",
        "from pragma_database_list() where file <> ''",
        "select current_setting('temp_directory') as a where a <> ''",
    ])
    func `nothing outside the warehouse is seen`(sql: String) throws {
        defer { world.remove() }
        let out = try world.run(
            World.program.path,
            ["query", "-", "--sandbox", "--format", "csv"],
            environment: ["OSODATA_SECRET": "do not tell"],
            input: sql
        )
        #expect(!out.output.contains("root:") && !out.output.contains("do not tell"))
        // A failure, or the names of columns only.
        #expect(out.status == 2 || out.output.split(separator: "\n").count == 1, "\(out.output)")
        #expect(try world.shell("ls out*").output.isEmpty)
    }

    @Test(arguments: [
        "select repeat('x', 4000000000) as a", "select length(repeat('x', 4e9::bigint)) as a",
        "select len(range(1000000000)) as a",
        "select list(repeat(label, 1000)) as a from marts.things_v1",
        "select string_agg(a.label) as s from marts.things_v1 a, marts.things_v1 b",
        "select lpad('x', 2000000000, 'y') as a",
        "with recursive t(s) as (select 'xx' union all select s || s from t) select max(s) as m from t",
    ])
    func `memory is bounded`(sql: String) throws {
        defer { world.remove() }
        let out = try run(sql, "--timing", "--memory", "256MB", "--timeout", "60")
        #expect(out.status == 2, "\(out.output.prefix(100))")
        let usage = try usage(out.messages)
        // The program's own pages, which it shares with others, come on top.
        #expect(usage.memory < 256 + 128, "\(out.messages)")
        #expect(usage.seconds < 60, "\(out.messages)")
    }

    @Test(arguments: [
        "select levenshtein(repeat('a', 400000), repeat('b', 400000)) as a",
        "select count(*) from marts.things_v1 a, marts.things_v1 b, marts.things_v1 c where a.id + b.id = c.id",
        "with recursive t(i) as (select 1 union all select i + 1 from t) select count(*) as n from t",
        "select count(*) from range(100000000000) where hash(range) = 1",
    ])
    func `time is bounded`(sql: String) throws {
        defer { world.remove() }
        let out = try run(sql, "--timing", "--memory", "512MB", "--timeout", "0.5")
        #expect(out.status == 2, "\(out.output.prefix(100))")
        #expect(out.messages.contains("stopped after 0.5 seconds"), "\(out.messages)")
        let usage = try usage(out.messages)
        // An engine's own interrupt came 54 seconds late for the first of these.
        #expect(usage.seconds < 5 && usage.memory < 512 + 128, "\(out.messages)")
    }

    @Test(arguments: [
        "select " + String(repeating: "(", count: 20_000) + "1"
            + String(repeating: ")", count: 20_000),
        "select " + String(repeating: "not ", count: 50_000) + "true",
        "select " + Array(repeating: "1", count: 50_000).joined(separator: "+"),
        String(repeating: "select * from (", count: 5_000) + "select 1"
            + String(repeating: ")", count: 5_000),
        "select " + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000),
    ])
    func `deep statements are failures`(sql: String) throws {
        defer { world.remove() }
        let out = try run(sql)
        #expect(out.status == 2 && out.output.isEmpty)
        #expect(out.messages.contains("deep") || out.messages.contains("depth"), "\(out.messages)")
    }

    @Test func `a file of the cache is read and not written`() throws {
        defer { world.remove() }
        let rows = (0..<700_000).map { "\($0),a longer name of a thing \($0)\n" }.joined()
        try world.write("t.csv", "id,label\n" + rows)
        try world.osodata("import", "marts.large_v1", "t.csv", "--key", "id")
        try world.osodata("cache", "warm")
        let list = try world.shell("ls .osodata/cache/*.duckdb | head -1").output
        let file = list.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(!file.isEmpty)
        let digest = try world.shell("sha256sum '\(file)'").output
        let read = try run("select count(*) as n, max(label) as m from marts.large_v1", "--explain")
        #expect(read.messages.contains("cache: marts.large_v1"), "\(read.messages)")
        #expect(read.output == "n,m\n700000,a longer name of a thing 99999\n")
        for sql in [
            "copy (select 1) to '\(file)'", "attach '\(file)' as c", "from '\(file)'",
            "from read_blob('\(file)')",
            "insert into osodata_\(file.split(separator: "/").last?.prefix(12) ?? "").cached values (1)",
        ] {
            #expect(try run(sql).status == 2, "\(sql)")
        }
        #expect(try world.shell("sha256sum '\(file)'").output == digest)
    }

    @Test func `the system holds the process to its limits`() throws {
        defer { world.remove() }
        // While a statement runs, what the system says of its process.
        let out = try world.run(
            "/usr/bin/python3",
            ["-c", Self.watcher, World.program.path],
            environment: ["OSODATA_SECRET": "do not tell"]
        )
        #expect(out.status == 0, "\(out.messages)")
        for line in [
            "NoNewPrivs:\t1", "Seccomp:\t2", "Max data size 209715200", "Max file size 0",
            "Max core file size 0", "Max cpu time 121",
        ] {
            #expect(out.output.contains(line), "\(line) in \(out.output)")
        }
        #expect(!out.output.contains("do not tell"))
        #expect(out.output.hasSuffix("gone\n"), "\(out.output)")
    }

    /// Kills the process that waits, and sees that the other one goes as well.
    private static let watcher = """
        import os, re, signal, subprocess, sys, time
        parent = subprocess.Popen(
            [sys.argv[1], "query", "-", "--sandbox", "--memory", "200MB", "--timeout", "60", "--threads", "2"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        parent.stdin.write("select count(*) from range(100000000000) where hash(range) = 1")
        parent.stdin.close()
        deadline = time.monotonic() + 40
        def read(path):
            try:
                return open(path).read()
            except OSError:
                return ""
        child = ""
        while "Seccomp:\\t2" not in read(f"/proc/{child}/status"):
            if time.monotonic() > deadline:
                parent.kill()
                sys.exit("there is no confined process")
            found = read(f"/proc/{parent.pid}/task/{parent.pid}/children").split()
            child = found[0] if found else ""
        print(read(f"/proc/{child}/status"))
        print(re.sub(" +", " ", read(f"/proc/{child}/limits")))
        print(read(f"/proc/{child}/environ"))
        process = os.pidfd_open(int(child))
        parent.kill()
        parent.wait()
        import select
        print("gone" if select.select([process], [], [], 30)[0] else "alive")
        """

    @Test func `the filter refuses what it says`() throws {
        defer { world.remove() }
        try world.write("try.c", Self.attempts)
        let header = World.package.appending(path: "Sources/CConfinement")
        let built = try world.shell(
            "PATH=$PATH:\(Self.compilers) clang -Werror -I '\(header.path)' -o try try.c && ./try"
        )
        #expect(built.status == 0, "\(built.messages)")
        #expect(built.output == "confined\nread allowed\nthread allowed\n", "\(built.output)")
        #expect(try world.shell("ls made kept").output == "kept\n")
    }

    /// Where Swift's own compiler of C is.
    private static var compilers: String {
        (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/opt/swift/usr/bin"
    }

    /// Says what is allowed of what should not be.
    private static let attempts = """
        #define _GNU_SOURCE
        #include "shim.h"
        #include <pthread.h>
        #include <stdio.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <unistd.h>
        static void *nothing(void *argument) { return argument; }
        #define REFUSED(CALL) \\
            do { errno = 0; if ((CALL) != -1 || errno != EPERM) puts(#CALL " allowed"); } while (0)
        int main(void) {
            fclose(fopen("kept", "w"));
            setvbuf(stdout, NULL, _IONBF, 0);
            puts(osodata_confine() == 0 ? "confined" : "not confined");
            if (open("kept", O_RDONLY) >= 0) puts("read allowed");
            pthread_t thread;
            if (pthread_create(&thread, NULL, nothing, NULL) == 0) puts("thread allowed");
            REFUSED(open("made", O_WRONLY | O_CREAT, 0666));
            REFUSED(open("kept", O_WRONLY));
            REFUSED(open("kept", O_RDWR));
            REFUSED(open("kept", O_RDONLY | O_TRUNC));
            REFUSED(open("made", O_RDONLY | O_CREAT, 0666));
            REFUSED(syscall(__NR_openat, AT_FDCWD, "kept", O_WRONLY, 0));
            REFUSED(creat("made", 0666));
            REFUSED(truncate("kept", 0));
            REFUSED(unlink("kept"));
            REFUSED(rename("kept", "made"));
            REFUSED(renameat2(AT_FDCWD, "kept", AT_FDCWD, "made", 0));
            REFUSED(link("kept", "made"));
            REFUSED(symlink("kept", "made"));
            REFUSED(mkdir("made", 0777));
            REFUSED(rmdir("."));
            REFUSED(chmod("kept", 0));
            REFUSED(chown("kept", 1, 1));
            REFUSED(socket(AF_INET, SOCK_STREAM, 0));
            REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
            REFUSED(fork());
            REFUSED(kill(getppid(), 0));
            REFUSED(execl("/bin/true", "true", (char *)NULL));
            return 0;
        }
        """
}
