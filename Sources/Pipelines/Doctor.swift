import Diagnostics
import GitStore
import Querying
import Snapshots

/// Looks at the machine and the repository for what would make a run fail.
package enum Doctor {
    /// One thing looked at.
    package struct Finding: Sendable {
        package let check: String
        package let isFine: Bool
        package let message: String
        package let hint: String?
    }

    /// Checks everything a run needs, without writing.
    package static func examine(folder: String, options: Runner.Options) -> [Finding] {
        var findings = [
            check("SQL engine") { () throws(Failure) in
                _ = try Database(options: .init(threads: 1)).connect()
                return "DuckDB \(Database.engineVersion)"
            }
        ]
        var opened: Warehouse?
        findings.append(
            check("repository") { () throws(Failure) in
                let warehouse = try Warehouse(discovering: folder)
                opened = warehouse
                return warehouse.repository.gitDirectory
            }
        )
        guard let warehouse = opened else { return findings }
        findings.append(
            check("work tree") { () throws(Failure) in try warehouse.requiredRoot() }
        )
        findings.append(
            check("history") { () throws(Failure) in
                guard !warehouse.repository.isShallow else {
                    throw Failure(
                        .doctorShallow,
                        "The repository is shallow, so its history cannot be counted.",
                        hint: "Fetch the rest: git fetch --unshallow"
                    )
                }
                return "complete"
            }
        )
        findings.append(
            check("branch") { () throws(Failure) in
                switch try warehouse.repository.head() {
                case .branch(let name, let commit):
                    return name + (commit == nil ? " (no commit yet)" : "")
                case .detached:
                    throw Failure(
                        .doctorDetached,
                        "HEAD is detached: a run would go to refs/osodata/scratch, not to a branch.",
                        hint: "git switch main"
                    )
                }
            }
        )
        findings.append(
            check("locks") { () throws(Failure) in
                let locks = try warehouse.repository.lingeringLocks()
                guard let first = locks.first else { return "none left behind" }
                throw Failure(
                    .doctorLocks,
                    "'\(first)'" + (locks.count > 1 ? " and \(locks.count - 1) more locks" : "")
                        + " may be left by a git command that died.",
                    hint: "If no git command is running here, remove it: rm "
                        + locks.map { "'\($0)'" }.joined(separator: " ")
                )
            }
        )
        findings.append(
            check("author") { () throws(Failure) in
                let identity: Signature?
                if let author = options.author {
                    identity = author
                } else {
                    identity = try warehouse.repository.identity()
                }
                return identity.map { "\($0.name)" }
                    ?? "none configured; commits will be by 'osodata' (git config user.name, user.email)"
            }
        )
        findings.append(
            check("snapshots") { () throws(Failure) in
                try Runner.refuseDirtySnapshots(warehouse.repository)
                return "as committed"
            }
        )
        findings.append(
            check("size") { () throws(Failure) in try size(of: warehouse) }
        )
        var runner: Runner?
        findings.append(
            check("pipeline") { () throws(Failure) in
                let made = try Runner(warehouse, options: options) { _ in }
                runner = made
                return
                    "\(made.configuration.sources.count) sources, \(made.graph.nodes.count) models"
            }
        )
        guard let runner else { return findings }
        findings.append(check("keys") { () throws(Failure) in try keys(of: runner) })
        return findings
    }

    /// Refuses a repository that is near a limit of its host.
    private static func size(of warehouse: Warehouse) throws(Failure) -> String {
        let storage = try warehouse.repository.objectStorage()
        let growth = try Growth(
            warehouse,
            head: warehouse.headCommit(),
            storage: storage
        )
        let forecast = Forecast(growth.measures)
        if let limit = forecast.limits.first(where: \.needsAttention) {
            throw Failure(.doctorSize, limit.text + ".", hint: limit.advice)
        }
        if storage.needsRepack {
            throw Failure(
                .doctorSize,
                "The objects lie in \(storage.packs) packs and \(storage.looseObjects) files, which "
                    + "makes git slow.",
                hint: "osodata gc"
            )
        }
        return forecast.limits.first?.text ?? "nothing yet"
    }

    /// Refuses keys that make runs write much more than they change.
    private static func keys(of runner: Runner) throws(Failure) -> String {
        let advice = runner.keyAdvice(imported: true)
        guard let first = advice.first else {
            return "none makes runs write much more than they change"
        }
        let others = advice.dropFirst().map(\.table.description)
        throw Failure(
            .doctorKeys,
            first.text
                + (others.isEmpty ? "" : " So it is with \(others.joined(separator: ", "))."),
            hint: first.hint
        )
    }

    private static func check(
        _ name: String,
        _ body: () throws(Failure) -> String
    ) -> Finding {
        do {
            return Finding(check: name, isFine: true, message: try body(), hint: nil)
        } catch {
            let place = error.place.map { "\($0): " } ?? ""
            return Finding(
                check: name,
                isFine: false,
                message: place + error.message,
                hint: error.hint
            )
        }
    }
}

extension Failure.Code {
    /// A shallow repository.
    static let doctorShallow = Self("doctor.shallow", .difference)
    /// Lock files that stay.
    static let doctorLocks = Self("doctor.locks", .difference)
    /// A limit of the host that is near.
    static let doctorSize = Self("doctor.size", .difference)
    /// A key that makes runs write much more than they change.
    static let doctorKeys = Self("doctor.keys", .difference)
    /// A detached HEAD.
    static let doctorDetached = Self("doctor.detached", .difference)
}
