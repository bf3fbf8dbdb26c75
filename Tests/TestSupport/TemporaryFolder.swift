package import Foundation

/// A fresh folder that is removed when its last reference goes.
///
/// Keep it in a variable for as long as the folder is needed: `let folder = try TemporaryFolder()`.
package final class TemporaryFolder: Sendable {
    /// The folder, symbolic links resolved, without a slash at the end.
    package let path: String

    /// The folder as a file URL.
    package var url: URL { URL(fileURLWithPath: path, isDirectory: true) }

    /// Makes a folder of its own under the system's temporary folder.
    package init() throws {
        let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "osodata-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of `name` inside.
    package func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file inside, and the folders it needs.
    /// - Returns: its path.
    @discardableResult
    package func write(_ text: String, _ name: String) throws -> String {
        try write(Array(text.utf8), name)
    }

    /// Writes a file inside, and the folders it needs.
    /// - Returns: its path.
    @discardableResult
    package func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let file = URL(fileURLWithPath: path(name))
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: file)
        return file.path
    }

    /// The bytes of a file inside.
    package func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }
}
