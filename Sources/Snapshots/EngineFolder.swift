import Foundation
package import GitStore
import Synchronization

/// Folders in which an SQL engine may spill, beside the files of sorted runs.
///
/// The engine makes its folder when it needs it and removes it when it closes. What one of a dead
/// process left is removed by the next process that asks for a folder.
package enum EngineFolder {
    private static let prefix = "sql-"
    private static let count = Atomic<Int>(0)

    /// A folder for one engine of this process; only what it lies in is made here.
    package static func path(in repository: Repository) -> String {
        let parent = SpillFolder(of: repository).path
        removeStale(in: parent)
        // The engine makes its own folder only. Where that cannot be, it does not spill.
        try? FileManager.default.createDirectory(
            atPath: parent,
            withIntermediateDirectories: true
        )
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        return "\(parent)/\(prefix)\(ProcessInfo.processInfo.processIdentifier)-\(number)"
    }

    private static func removeStale(in parent: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(prefix) {
            let process = name.dropFirst(prefix.count).prefix { $0 != "-" }
            guard !FileManager.default.fileExists(atPath: "/proc/\(process)") else { continue }
            try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
        }
    }
}
