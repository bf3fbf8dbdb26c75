package import Diagnostics
package import GitStore

/// The locks of the tables a run writes, held until it is published or given up.
///
/// Only runs that write one table of one work tree at the same time conflict. The system drops
/// the locks when the process ends, however it ends.
package final class TableLocks: Sendable {
    private let locks: [FileLock]

    private init(_ locks: [FileLock]) { self.locks = locks }

    /// Locks `tables` or none.
    /// - Throws: `git.locked`, naming the table and who holds it.
    package static func acquire(
        _ tables: [TableName],
        in repository: Repository
    ) throws(Failure) -> TableLocks {
        var held: [FileLock] = []
        // In one order for everybody; a lock that is taken fails at once, so nobody waits.
        for table in Set(tables).sorted() {
            do throws(Failure) {
                let path = "\(folder(repository))/\(table)"
                held.append(try FileLock.acquire(path, what: "table \(table)"))
            } catch {
                for lock in held { lock.release() }
                throw error
            }
        }
        return TableLocks(held)
    }

    /// The tables that processes are writing now, by name, and which processes.
    ///
    /// Asks the system, so that nobody is held up by a lock taken to see whether it can be.
    package static func held(
        in repository: Repository
    ) throws(Failure) -> [(table: String, process: Int)] {
        try FileLock.holders(in: folder(repository)).map { (table: $0.name, process: $0.process) }
    }

    /// Unlocks all.
    package func release() { for lock in locks { lock.release() } }

    /// Where locks lie: beside the work tree's other working state, in the git folder of a bare
    /// repository.
    private static func folder(_ repository: Repository) -> String {
        if let workTree = repository.workTree { return "\(workTree)/.osodata/locks" }
        return "\(repository.gitDirectory)/osodata/locks"
    }
}
