import Foundation
import Testing

/// `osodata query` in a terminal, driven through a pseudo-terminal as by a person.
struct ShellTests {
    /// Waits for a text on the terminal, then types another; gives all that was shown.
    ///
    /// libedit shows its prompt before it takes the terminal over; a key that comes in between means
    /// something else, so who types after a prompt waits for that, too.
    ///
    /// Python's standard library has what this needs.
    private static let driver = """
        import fcntl, json, os, pty, select, signal, struct, sys, termios, time
        program, steps = sys.argv[1], json.loads(sys.argv[2])
        pid, terminal = pty.fork()
        if pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
            os.execv(program, [program, "query"])
        shown, place, deadline = b"", 0, time.monotonic() + 40
        def more():
            global shown
            while time.monotonic() < deadline:
                if select.select([terminal], [], [], 1)[0]:
                    try:
                        text = os.read(terminal, 65536)
                    except OSError:
                        text = b""
                    shown += text
                    return bool(text)
            return False
        def end(message):
            os.kill(pid, signal.SIGKILL)
            sys.stdout.buffer.write(shown)
            sys.exit(message)
        def edits():
            return not termios.tcgetattr(terminal)[3] & termios.ICANON
        for awaited, typed in steps:
            while awaited.encode() not in shown[place:]:
                if not more():
                    end("never shown: " + awaited)
            place = shown.index(awaited.encode(), place) + len(awaited.encode())
            while awaited.endswith("> ") and not edits():
                if time.monotonic() > deadline:
                    end("never ready: " + awaited)
                os.sched_yield()
            os.write(terminal, typed.encode())
        while more():
            pass
        if time.monotonic() > deadline:
            end("did not end")
        sys.stdout.buffer.write(shown)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """

    private func makeWorld() throws -> World {
        let world = try World()
        try world.initWarehouse()
        let rows = (0..<5_000).map { "\($0),name \($0)\n" }.joined()
        try world.write("t.csv", "id,label\n" + rows)
        try world.osodata("import", "marts.things_v1", "t.csv", "--key", "id")
        return world
    }

    private func session(_ world: World, _ steps: [(awaited: String, typed: String)]) throws
        -> String
    {
        let json = try JSONSerialization.data(
            withJSONObject: steps.map { [$0.awaited, $0.typed] }
        )
        let out = try world.run(
            "/usr/bin/python3",
            ["-c", Self.driver, World.program.path, String(decoding: json, as: UTF8.self)],
            environment: ["TERM": "xterm"]
        )
        #expect(out.status == 0, "\(out.messages)\n\(out.output)")
        return out.output
    }

    @Test func `statements are typed, completed, interrupted and remembered`() throws {
        let world = try makeWorld()
        defer { world.remove() }
        let prompt = "osodata> "
        let shown = try session(
            world,
            [
                (prompt, "select 1 as one,\r"), ("...> ", "2 as two;\r"), ("1    2", ""),
                (prompt, ".tables\r"), ("marts.things_v1", ""),
                (prompt, "select max(lab\t) from marts.th\t where id < 7;\r"), ("name 6", ""),
                (prompt, "select nope from marts.things_v1;\r"), ("sql:1:8", ""),
                (
                    prompt,
                    "select sum(a.id * b.id + c.id) from marts.things_v1 a, marts.things_v1 b, "
                        + "marts.things_v1 c;\r"
                ),
                // Progress: the statement runs.
                ("…", "\u{3}"), ("Interrupted", ""),
                (prompt, "select 'a statement given up"), ("given up", "\u{3}"),
                // And that was a key, after which signals are still heard.
                (
                    prompt,
                    "select sum(a.id * b.id + c.id) from marts.things_v1 a, marts.things_v1 b, "
                        + "marts.things_v1 c;\r"
                ),
                ("…", "\u{3}"), ("Interrupted", ""),
                (prompt, ".format csv\r"),
                // Data does not steer the terminal.
                (prompt, "select chr(27) || 'c' as esc;\r"), ("esc\r\n\u{241B}c\r\n", ""),
                (prompt, ".timing on\r"),
                (prompt, "select 40 + 2 as answer; -- done\r"), ("answer\r\n42\r\n", ""),
                ("time: 0.", ""), (prompt, ".nonsense\r"), ("is not known here", ""),
                (prompt, ".schema marts.things_v1\r"), ("label", ""), (prompt, "\u{4}"),
            ]
        )
        #expect(!shown.contains("given up;"))
        let history = try String(
            contentsOf: world.root.appending(path: ".osodata_history"),
            encoding: .utf8
        )
        #expect(history.contains("max(label)") || history.contains("max(label"), "\(history)")
        #expect(!history.contains("given"))
        // The arrow brings back what another session ran last but one.
        let again = try session(
            world,
            [
                (prompt, "\u{1b}[A\u{1b}[A\u{1b}[A\r"), ("42", ""), (prompt, ".quit\r"),
            ]
        )
        #expect(again.contains("select 40 + 2 as answer;"))
    }

    @Test func `without a terminal the statement comes from standard input`() throws {
        let world = try makeWorld()
        defer { world.remove() }
        let out = try world.run(
            World.program.path,
            ["query", "--format", "csv"],
            input: "select count(*) as n\nfrom marts.things_v1;\n"
        )
        #expect(out.output == "n\n5000\n")
    }
}
