package import Diagnostics
import Foundation
package import GitStore

/// The files a person wrote (pipelines.toml, models, directory), from the work tree or a commit.
package protocol WarehouseFiles: Sendable {
    /// Paths of the regular files under `folder`, relative to the warehouse, sorted by bytes.
    func list(_ folder: String) throws(Failure) -> [String]
    /// The bytes of a file, or nil if there is none.
    func read(_ path: String) throws(Failure) -> [UInt8]?
}

extension WarehouseFiles {
    /// The text of a file that must be there.
    func requiredText(_ path: String, hint: String) throws(Failure) -> String {
        guard let bytes = try read(path) else {
            throw Failure(.configMissingFile, "There is no file '\(path)'.", hint: hint)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(
                .configSyntax,
                "The file '\(path)' is not UTF-8.",
                place: Place(file: path)
            )
        }
        return text
    }
}

/// Files of a folder on disk.
package struct WorkTreeFiles: WarehouseFiles {
    package let root: String

    /// Files under `root`.
    package init(root: String) { self.root = root }

    package func list(_ folder: String) throws(Failure) -> [String] {
        let start = URL(fileURLWithPath: root).appending(path: folder)
        guard FileManager.default.fileExists(atPath: start.path) else { return [] }
        var unreadable: (path: String, reason: String)?
        let walker = FileManager.default.enumerator(
            at: start,
            includingPropertiesForKeys: [.isRegularFileKey],
            options: [.skipsHiddenFiles],
            errorHandler: { url, error in
                unreadable = (url.path, error.localizedDescription)
                return false
            }
        )
        guard let walker else { return [] }
        var paths: [String] = []
        let prefix = start.path.hasSuffix("/") ? start.path : start.path + "/"
        for case let url as URL in walker {
            let isFile = (try? url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile)
            guard isFile == true, url.path.hasPrefix(prefix) else { continue }
            paths.append(folder + "/" + url.path.dropFirst(prefix.count))
        }
        if let unreadable {
            throw Failure(
                .configMissingFile,
                "The folder '\(unreadable.path)' cannot be read.",
                cause: unreadable.reason
            )
        }
        return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func read(_ path: String) throws(Failure) -> [UInt8]? {
        let url = URL(fileURLWithPath: root).appending(path: path)
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder),
            !isFolder.boolValue
        else { return nil }
        do {
            return [UInt8](try Data(contentsOf: url))
        } catch {
            throw Failure(
                .configMissingFile,
                "The file '\(path)' cannot be read.",
                cause: error.localizedDescription
            )
        }
    }
}

/// Files of a commit's tree.
package struct CommitFiles: WarehouseFiles {
    private let repository: Repository
    private let tree: ObjectID

    /// Files of `tree`.
    package init(repository: Repository, tree: ObjectID) {
        self.repository = repository
        self.tree = tree
    }

    package func list(_ folder: String) throws(Failure) -> [String] {
        guard let entry = try repository.entry(path: folder, inTree: tree), entry.isTree else {
            return []
        }
        var paths: [String] = []
        try collect(entry.id, folder, into: &paths)
        return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func collect(
        _ tree: ObjectID,
        _ folder: String,
        into paths: inout [String]
    ) throws(Failure) {
        for entry in try repository.tree(tree) where !entry.name.hasPrefix(".") {
            let path = folder + "/" + entry.name
            if entry.isTree {
                try collect(entry.id, path, into: &paths)
            } else if entry.isFile {
                paths.append(path)
            }
        }
    }

    package func read(_ path: String) throws(Failure) -> [UInt8]? {
        guard let entry = try repository.entry(path: path, inTree: tree), entry.isFile else {
            return nil
        }
        return try repository.blob(entry.id)
    }
}

extension TreeEntry {
    /// Whether the entry is a regular file: no symbolic link, no other repository's commit.
    fileprivate var isFile: Bool { mode & 0o170000 == 0o100000 }
}

extension Failure.Code {
    /// A file that must be there is not.
    package static let configMissingFile = Self("config.missing-file")
}
