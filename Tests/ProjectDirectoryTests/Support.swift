import Foundation

@testable import ProjectDirectory

/// A directory in a temporary folder, removed when it goes out of scope.
final class TemporaryDirectory: Sendable {
    let path: String

    /// Writes `files`, by path relative to the root.
    init(_ files: [String: String] = [:]) throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "osodata-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try write(Data(text.utf8), name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ data: Data, _ name: String) throws {
        let file = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try data.write(to: file)
    }
}

/// Text of a project file that is right, with more lines at its end.
func projectText(_ name: String, _ more: String = "") -> String {
    "version: 7\nname: \(name)\ndisplay_name: Project \(name)\n\(more)"
}

/// The newest real oss-directory, if it lies beside this package.
enum RealDirectory {
    static let archive: String? = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        let file = folder.deletingLastPathComponent()
            .appending(path: "shared/data/oss-directory/snapshots/2026-08-08_c174b9a55.tar.gz")
        return FileManager.default.fileExists(atPath: file.path) ? file.path : nil
    }()

    /// Unpacks `archive`; the directory's root is `data` in it.
    static func unpack(_ archive: String) throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "-xzf", archive, "-C", folder.path]
        try tar.run()
        tar.waitUntilExit()
        return folder
    }
}
