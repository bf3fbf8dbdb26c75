import Foundation
import Testing

/// Bare clones, and clones that fetch what they lack.
struct MirrorTests {
    @Test func `a bare clone answers every command that reads`() throws {
        let history = try History(others: ["raw.wide": History.wide(2_000)])
        defer { history.world.remove() }
        let world = history.world
        let bare = world.root.path + "/mirror.git"
        try world.git("clone", "-q", "--bare", "--no-local", ".", "../mirror.git")
        let lines: [([String], String)] = [
            (["verify"], "verified  raw.wide  2,000 rows"),
            (["query", "select sum(n) as s from marts.t"], "21"),
            (["log"], "run: 3"), (["log", "marts.t"], "4 rows"),
            (["diff", "HEAD~1", "HEAD", "--stat"], "marts.t"), (["show", "marts.t"], "bo"),
            (["tables"], "raw.wide"), (["history", "marts.t", "1"], "1 → 5"),
        ]
        for (arguments, expected) in lines {
            let done = try world.run(World.program.path, arguments + ["-C", bare])
            #expect(done.status == (arguments[0] == "diff" ? 1 : 0), "\(arguments) \(done)")
            #expect(done.output.contains(expected), "\(arguments) \(done.output)")
        }
    }

    @Test func `verify finds a flipped bit in a bare clone`() throws {
        let history = try History(others: ["raw.wide": History.wide(2_000)])
        defer { history.world.remove() }
        let world = history.world
        try world.git("clone", "-q", "--bare", "--no-local", ".", "../mirror.git")
        // Where the chunk lies in the pack.
        let flipped = try world.shell(
            """
            cd ../mirror.git && index=$(ls objects/pack/*.idx)
            blob=$(git ls-tree -r HEAD | grep wide/.*zst | cut -f1 | cut -d' ' -f3)
            set -- $(git verify-pack -v $index | grep ^$blob)
            pack=${index%.idx}.pack; place=$(($5 + $4 / 2)); chmod u+w $pack
            byte=$(od -An -tu1 -j$place -N1 $pack)
            printf "\\\\x$(printf %x $((byte ^ 4)))" | dd of=$pack bs=1 seek=$place conv=notrunc
            """
        )
        #expect(flipped.status == 0, "\(flipped.messages)")
        let bare = world.root.path + "/mirror.git"
        let verify = try world.osodata("verify", "-C", bare)
        #expect(verify.status == 1, "\(verify)")
        #expect(verify.output.contains("bad       raw.wide"), "\(verify.output)")
        #expect(verify.output.contains("verified  marts.t"), "\(verify.output)")
    }

    /// A clone without blobs, and the trace of the git programs started in it.
    private func filtered(_ history: History) throws -> (folder: String, trace: String) {
        let world = history.world
        try world.git("config", "uploadpack.allowFilter", "true")
        let from = "file://\(history.place)"
        let clone = try world.git(
            "clone",
            "-q",
            "--bare",
            "--filter=blob:none",
            from,
            "../filtered.git"
        )
        #expect(clone.status == 0, "\(clone.messages)")
        return (world.root.path + "/filtered.git", world.root.path + "/trace")
    }

    /// Runs a command in a filtered clone.
    /// - Returns: what it left, and how often git fetched.
    private func counting(
        _ history: History,
        _ clone: (folder: String, trace: String),
        _ arguments: [String]
    ) throws -> (outcome: World.Outcome, fetches: Int) {
        try? FileManager.default.removeItem(atPath: clone.trace)
        let done = try history.world.run(
            World.program.path,
            arguments + ["-C", clone.folder],
            environment: ["GIT_TRACE": clone.trace]
        )
        let trace = (try? String(contentsOfFile: clone.trace, encoding: .utf8)) ?? ""
        return (done, trace.components(separatedBy: "built-in: git fetch").count - 1)
    }

    /// How many objects of a kind of file the clone has.
    private func present(_ history: History, _ folder: String, _ suffix: String) throws -> Int {
        let listing = try history.world.shell(
            """
            cd \(folder); git rev-list --objects --missing=print --all | grep ^? | cut -c2- >missing
            git ls-tree -r HEAD | grep '\(suffix)$' | cut -f1 | cut -d' ' -f3 | sort -u |
                grep -vcFf missing
            """
        )
        return Int(listing.output.filter(\.isNumber)) ?? -1
    }

    @Test func `a clone without blobs fetches what a command needs at once`() throws {
        let history = try History(others: ["marts.wide": History.wide(20_000)])
        defer { history.world.remove() }
        let clone = try filtered(history)
        let files = try history.world.git("ls-tree", "-r", "HEAD", "--name-only").output
        let chunks = files.split(separator: "\n").filter {
            $0.contains("wide/") && $0.hasSuffix("zst")
        }
        #expect(chunks.count > 5)

        func check(_ arguments: [String], _ fetches: Int, _ expected: String) throws {
            let (done, count) = try counting(history, clone, arguments)
            #expect(done.output.contains(expected), "\(arguments) \(done)")
            #expect(count == fetches, "\(arguments) \(done.messages)")
        }
        // All manifests, no chunk.
        try check(["tables"], 1, "marts.wide")
        #expect(try present(history, clone.folder, "zst") == 0)
        // The list of chunks, the first chunk, and no other.
        try check(["show", "marts.wide", "--limit", "3"], 2, "row 2")
        #expect(try present(history, clone.folder, "zst") == 1)
        // Counting reads none; summing reads them all, in one exchange.
        try check(["query", "select count(*) as n from marts.wide"], 0, "20000")
        try check(["query", "select sum(id) as s from marts.wide"], 1, "199990000")
        #expect(try present(history, clone.folder, "wide/.*zst") == chunks.count)
        try check(["query", "select sum(id) as s from marts.wide"], 0, "199990000")
        // Manifests of all versions; lists; the chunk each version has.
        try check(["log", "marts.t"], 1, "4 rows")
        try check(["history", "marts.t", "1"], 2, "1 → 5")
        try check(["history", "marts.t", "1"], 0, "1 → 5")
        try check(["verify"], 0, "verified  marts.t")
    }

    @Test func `a comparison in a clone without blobs is one fetch`() throws {
        let history = try History(others: ["marts.wide": History.wide(20_000)])
        defer { history.world.remove() }
        let clone = try filtered(history)
        let (done, fetches) = try counting(history, clone, ["diff", "HEAD~3", "HEAD"])
        #expect(done.status == 1 && done.output.contains("bo"), "\(done)")
        #expect(fetches == 1, "\(done.messages)")
        #expect(try present(history, clone.folder, "wide/.*zst") == 0)
        let verify = try counting(history, clone, ["verify"])
        #expect(verify.outcome.status == 0 && verify.fetches == 1, "\(verify)")
    }

    @Test func `models of a clone without blobs are run again after few fetches`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        #expect(try world.commitAndRun().status == 0)
        try world.git("config", "uploadpack.allowFilter", "true")
        let from = "file://\(world.folder.path)"
        try world.git("clone", "-q", "--bare", "--filter=blob:none", from, "../filtered.git")
        let clone = world.root.path + "/filtered.git"
        let done = try world.osodata("verify", "--rebuild", "-C", clone)
        #expect(done.status == 0 && done.output.contains("rebuilt   marts.counts_v1"), "\(done)")
        #expect(done.messages.components(separatedBy: "fetching").count - 1 == 2)
    }

    @Test func `a clone without blobs whose remote is gone says so`() throws {
        let history = try History()
        defer { history.world.remove() }
        let clone = try filtered(history)
        try history.world.shell("mv .git gone")
        for arguments in [["tables"], ["verify"], ["history", "marts.t", "1"]] {
            let done = try history.world.run(
                World.program.path,
                arguments + ["-C", clone.folder]
            )
            #expect(done.status == 2 && done.output.isEmpty, "\(done)")
            #expect(done.messages.contains("which cannot be fetched now"), "\(done.messages)")
            #expect(done.messages.contains("git fetch --refetch --no-filter"))
            #expect(done.messages.contains("does not appear to be a git repository"))
        }
    }
}
