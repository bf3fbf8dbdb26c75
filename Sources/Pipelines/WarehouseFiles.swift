package import Diagnostics
import Foundation
package import GitStore
import Querying

/// The files a person wrote (pipelines.toml, models, directory), from the work tree or a commit.
package protocol WarehouseFiles: Sendable {
    /// Paths of the regular files under `folder`, relative to the warehouse, sorted by bytes.
    func list(_ folder: String) throws(Failure) -> [String]
    /// The bytes of a file, or nil if there is none.
    func read(_ path: String) throws(Failure) -> [UInt8]?
}

extension WarehouseFiles {
    /// The text of a file that must be there, without a byte order mark.
    ///
    /// - Throws: `config.missing-file`, or `config.syntax` for what is no text.
    func requiredText(_ path: String, hint: String) throws(Failure) -> String {
        guard let bytes = try read(path) else {
            throw Failure(.configMissingFile, "There is no file '\(path)'.", hint: hint)
        }
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        let start = bytes.starts(with: mark) ? mark.count : 0
        guard let text = String(validating: bytes[start...], as: UTF8.self) else {
            throw Failure(
                .configSyntax,
                "The file '\(path)' is not UTF-8.",
                place: Place(file: path)
            )
        }
        // Libraries take C strings and would read no further.
        if let nul = text.utf8.firstIndex(of: 0) {
            let offset = text.utf8.distance(from: text.startIndex, to: nul)
            throw Failure(
                .configSyntax,
                "The file holds the character U+0000.",
                hint: "Remove it: it is invisible in most editors.",
                place: SourcePosition(byte: offset, in: text).place(in: path)
            )
        }
        return text
    }
}

/// Files of a folder on disk.
///
/// What git would not keep as it is (a symbolic link) or nobody can read is an error, never a file
/// less: a run takes a missing model for a deleted one.
package struct WorkTreeFiles: WarehouseFiles {
    package let root: String

    /// Files under `root`.
    package init(root: String) { self.root = root }

    package func list(_ folder: String) throws(Failure) -> [String] {
        guard try isFolder(folder) else { return [] }
        var paths: [String] = []
        try collect(folder, into: &paths)
        return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Whether there is a folder at `path`; false if there is nothing.
    ///
    /// - Throws: `config.unusable-file` for what is no folder, `config.missing-file` for what
    ///   cannot be looked at.
    package func isFolder(_ path: String) throws(Failure) -> Bool {
        switch try type(path) {
        case nil: return false
        case FileAttributeType.typeDirectory: return true
        case FileAttributeType.typeSymbolicLink: throw Self.link(path)
        default:
            throw Failure(
                .configUnusableFile,
                "'\(path)' is not a folder.",
                hint: "Move it away, or restore the folder: git checkout -- '\(path)'",
                place: Place(file: path)
            )
        }
    }

    private func collect(_ folder: String, into paths: inout [String]) throws(Failure) {
        for name in try names(in: folder) where !name.hasPrefix(".") {
            let path = folder + "/" + name
            switch try type(path) {
            case FileAttributeType.typeDirectory: try collect(path, into: &paths)
            case FileAttributeType.typeRegular: paths.append(path)
            case FileAttributeType.typeSymbolicLink:
                // One to a file nobody asks for may stay.
                guard !isMeantForUs(name), leadsToFile(path) else { throw Self.link(path) }
            default:
                guard !isMeantForUs(name) else { throw Self.notAFile(path) }
            }
        }
    }

    /// Whether a file of that name would be read.
    private func isMeantForUs(_ name: String) -> Bool {
        let name = name.lowercased()
        return [".sql", ".yaml", ".yml"].contains { name.hasSuffix($0) }
    }

    private func names(in folder: String) throws(Failure) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: root + "/" + folder)
        } catch {
            throw Self.unreadable("folder", folder, error)
        }
    }

    /// What lies at a path, links not followed; nil if nothing does.
    ///
    /// Foundation would look up the names of owner and group, too.
    private func type(_ path: String) throws(Failure) -> FileAttributeType? {
        var status = stat()
        guard unsafe lstat(root + "/" + path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Self.unreadable("file", path, POSIXError(.init(rawValue: errno) ?? .EIO))
        }
        return switch status.st_mode & S_IFMT {
        case S_IFDIR: .typeDirectory
        case S_IFREG: .typeRegular
        case S_IFLNK: .typeSymbolicLink
        default: .typeUnknown
        }
    }

    /// Whether a symbolic link leads to a regular file.
    private func leadsToFile(_ path: String) -> Bool {
        let end = URL(fileURLWithPath: root + "/" + path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: end)
        return attributes?[.type] as? FileAttributeType == .typeRegular
    }

    package func read(_ path: String) throws(Failure) -> [UInt8]? {
        switch try type(path) {
        case nil, FileAttributeType.typeDirectory: return nil
        case FileAttributeType.typeRegular: break
        case FileAttributeType.typeSymbolicLink: throw Self.link(path)
        default: throw Self.notAFile(path)
        }
        do throws(Failure) {
            // Foundation would resolve every folder of the path twice.
            return try Files.read(root + "/" + path)
        } catch {
            throw Self.unreadable("file", path, cause: error.cause)
        }
    }

    private static func link(_ path: String) -> Failure {
        Failure(
            .configUnusableFile,
            "'\(path)' is a symbolic link; a commit of it could not be rebuilt.",
            hint: "Put what it leads to in its place: git keeps the link alone.",
            place: Place(file: path)
        )
    }

    private static func notAFile(_ path: String) -> Failure {
        Failure(
            .configUnusableFile,
            "'\(path)' is not a regular file.",
            hint: "Remove it, or give it another name.",
            place: Place(file: path)
        )
    }

    private static func unreadable(
        _ what: String,
        _ path: String,
        _ error: any Error
    ) -> Failure {
        unreadable(what, path, cause: error.localizedDescription)
    }

    private static func unreadable(_ what: String, _ path: String, cause: String?) -> Failure {
        Failure(
            .configMissingFile,
            "The \(what) '\(path)' cannot be read.",
            hint: "Check that you may read it.",
            place: Place(file: path),
            cause: cause
        )
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
    /// A symbolic link, a pipe or the like, where a file or folder is needed.
    package static let configUnusableFile = Self("config.unusable-file")
}
