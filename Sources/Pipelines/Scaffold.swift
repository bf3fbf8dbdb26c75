package import Diagnostics
import Foundation
import GitStore

/// The files of a new warehouse.
package enum Scaffold {
    /// Writes the files of a new warehouse that are not there, and makes a repository if there is
    /// none.
    ///
    /// - Returns: paths written, relative to the folder.
    /// - Throws: `init.unwritable`.
    package static func write(into folder: String) throws(Failure) -> [String] {
        let root = URL(fileURLWithPath: folder)
        do {
            try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        } catch {
            throw unwritable(folder, error)
        }
        var written: [String] = []
        if !isThere(root.appending(path: ".git")) {
            _ = try Repository.create(at: root.path)
            written.append(".git")
        }
        for (path, text) in files {
            let url = root.appending(path: path)
            guard !isThere(url) else { continue }
            do {
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(text.utf8).write(to: url, options: .atomic)
            } catch {
                throw unwritable(path, error)
            }
            written.append(path)
        }
        return written
    }

    /// Whether there is anything of that name, be it a symbolic link that leads nowhere.
    private static func isThere(_ url: URL) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: url.path)) != nil
    }

    private static func unwritable(_ path: String, _ error: any Error) -> Failure {
        Failure(
            .initUnwritable,
            "'\(path)' cannot be written.",
            hint: "Choose a folder you may write to: osodata init FOLDER",
            cause: error.localizedDescription
        )
    }

    private static let files: [(path: String, text: String)] = [
        (
            "pipelines.toml",
            """
            # What this warehouse reads. Every key: docs/pipelines.md of osodata.

            [warehouse]
            name = "my-warehouse"

            [privacy]
            # E-mail addresses become HMAC-SHA256 hashes. Keep the key in the environment.
            email_key_id = "mine-1"
            email_key_env = "OSODATA_EMAIL_KEY"

            [directory]
            path = "directory"

            # [sources.history]
            # connector = "git"
            # repositories = [{ path = "../my-project", url = "https://github.com/me/my-project" }]

            # [sources.github]
            # connector = "github-archive"
            # from = "2025-01-01-0"
            # to = "2025-01-01-23"
            # keep = "directory"

            """
        ),
        (
            "directory/projects/e/example.yaml",
            """
            version: 7
            name: example
            display_name: Example
            github:
              - url: https://github.com/example/example

            """
        ),
        (
            "directory/collections/examples.yaml",
            """
            version: 7
            name: examples
            display_name: Examples
            projects:
              - example

            """
        ),
        (
            "models/marts/projects.sql",
            """
            /*
            key = ["project_id"]
            description = "Every project of the directory."
            */
            SELECT project_id, project_name, display_name, description
            FROM raw.projects

            """
        ),
        (
            ".gitignore",
            """
            .osodata/

            """
        ),
    ]
}

extension Failure.Code {
    /// `init` cannot write.
    package static let initUnwritable = Self("init.unwritable")
}
