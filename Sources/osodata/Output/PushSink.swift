import Diagnostics
import GitStore
import Pipelines
import Snapshots

/// The branch of a remote that runs are pushed to, beside others who push there.
///
/// A run is made of what the remote has (`takeIn`), then pushed. If somebody was faster, its commit
/// is made again on top of theirs if it would be the same there; else it is dropped, since a run
/// can be made again, and so it is.
struct PushSink {
    private let warehouse: Warehouse
    private let root: String
    private let remote: String
    /// The branch's full name there.
    private let branch: String

    /// So many times others may be faster.
    static let attemptLimit = 50

    /// A branch to push to.
    ///
    /// - Parameters:
    ///   - warehouse: where runs are made.
    ///   - target: where they are pushed to; nil for the remote of the branch.
    /// - Throws: `warehouse.bare`, `push.no-branch`, `push.no-remote`.
    init(_ warehouse: Warehouse, _ target: PushTarget? = nil) throws(Failure) {
        self.warehouse = warehouse
        root = try warehouse.requiredRoot()
        let target = if let target { target } else { try PushTarget(warehouse.repository) }
        remote = target.remote
        branch = target.branch
    }

    /// Brings the branch to where the remote's is, with runs that were not pushed yet on top.
    ///
    /// - Throws: `push.diverged` for commits of people that the remote lacks; what git says.
    func takeIn() throws(Failure) {
        guard let theirs = try fetch() else { return }
        _ = try bring(onto: theirs)
    }

    /// Pushes what the remote lacks.
    ///
    /// - Returns: false if somebody was faster and the run has to be made again.
    /// - Throws: `push.diverged`; what git says, as for a remote that cannot be reached.
    func push() throws(Failure) -> Bool {
        while true {
            let outcome = try git(["push", "--quiet", remote, "HEAD:\(branch)"])
            guard outcome.status != 0 else { return true }
            let theirs = try fetch()
            // Two runs of the same data in the same second are one commit, and it is there.
            if let theirs, try isAncestor("HEAD", of: theirs.hex) { return true }
            let isBehind = try theirs.map { (tip) throws(Failure) in
                try !isAncestor(tip.hex, of: "HEAD")
            }
            // If nobody was faster, it failed for another reason.
            guard let theirs, isBehind ?? false else {
                try outcome.check(hint: "The run is committed here. Push it: git push")
                return true
            }
            guard try bring(onto: theirs) else { return false }
        }
    }

    /// Puts the records of runs here and those of the remote together, on both sides.
    ///
    /// - Returns: false if others were faster, again and again: the next run takes them along.
    /// - Throws: what git says.
    func shareRecords() throws(Failure) -> Bool {
        let name = SnapshotStore.records
        let records = RunRecords(warehouse.store)
        for _ in 1...Self.recordAttempts {
            let theirs = try fetch(name)
            let ours = try warehouse.repository.readRef(name)
            guard ours != theirs, ours != nil else { return true }
            if let theirs { try records.merge(theirs) }
            let outcome = try git([
                "push", "--quiet", "--force-with-lease=\(name):\(theirs?.hex ?? "")", remote,
                "\(name):\(name)",
            ])
            if outcome.status == 0 { return true }
        }
        return false
    }

    private static let recordAttempts = 3

    /// The remote's branch; nil if it has none of that name.
    private func fetch() throws(Failure) -> ObjectID? { try fetch(branch) }

    /// What a reference of the remote leads to, brought here; nil if it has none of that name.
    private func fetch(_ name: String) throws(Failure) -> ObjectID? {
        let listed = try git(["ls-remote", "--exit-code", remote, name])
        if listed.status == 2 { return nil }
        try listed.check(hint: "Is the remote there? git fetch \(remote)")
        guard let id = listed.output.split(separator: "\t").first.map(String.init),
            let tip = ObjectID(hex: id)
        else { return nil }
        if !warehouse.repository.contains(tip) {
            try git(["fetch", "--quiet", "--no-write-fetch-head", remote, name]).check()
        }
        return tip
    }

    /// Puts the commits that the remote lacks on top of what it has.
    ///
    /// - Returns: false if runs had to be dropped.
    private func bring(onto theirs: ObjectID) throws(Failure) -> Bool {
        guard let head = try warehouse.headCommit() else {
            try git(["merge", "--quiet", "--ff-only", theirs.hex]).check()
            return true
        }
        if try isAncestor(theirs.hex, of: head.hex) { return true }
        if try isAncestor(head.hex, of: theirs.hex) {
            try git(["merge", "--quiet", "--ff-only", theirs.hex]).check(
                hint: "Commit or undo what is in the way: git status"
            )
            return true
        }
        let inputs = try Configuration(files: WorkTreeFiles(root: root)).inputs
        var onTop: ObjectID? = theirs
        for run in try ownRuns(head, theirs) {
            guard let tip = onTop else { break }
            onTop = try warehouse.store.replay(run, onto: tip, inputs: inputs)
        }
        // Files as old as the index are compared by content first; reset takes them for changed.
        _ = try git(["update-index", "-q", "--refresh"])
        try git(["reset", "--quiet", "--keep", (onTop ?? theirs).hex]).check(
            hint: "Commit or undo what is in the way: git status"
        )
        return onTop != nil
    }

    /// The runs that the remote lacks, oldest first.
    private func ownRuns(_ head: ObjectID, _ theirs: ObjectID) throws(Failure) -> [ObjectID] {
        let listed = try git(["rev-list", "--reverse", "\(theirs.hex)..\(head.hex)"])
        try listed.check()
        var runs: [ObjectID] = []
        for line in listed.output.split(separator: "\n") {
            guard let id = ObjectID(hex: String(line)) else { continue }
            let commit = try warehouse.repository.commit(id)
            guard commit.parents.count == 1,
                commit.trailers.contains(where: { $0.key == "Osodata-Run" })
            else {
                throw Failure(
                    .pushDiverged,
                    "The commit '\(commit.summary)' (\(id.hex.prefix(12))) is not on \(remote), which has "
                        + "others that are not here.",
                    hint: "Put yours on top of theirs: git pull --rebase"
                )
            }
            runs.append(id)
        }
        return runs
    }

    private func isAncestor(_ first: String, of second: String) throws(Failure) -> Bool {
        let outcome = try git(["merge-base", "--is-ancestor", first, second])
        guard outcome.status > 1 else { return outcome.status == 0 }
        try outcome.check()
        return false
    }

    private func git(_ arguments: [String]) throws(Failure) -> GitProgram.Outcome {
        try GitProgram.run(arguments, in: root)
    }
}

extension Failure.Code {
    /// People's commits here and there.
    static let pushDiverged = Self("push.diverged")
    /// Others were faster, again and again.
    static let pushContended = Self("push.contended")
}
