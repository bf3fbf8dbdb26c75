import Diagnostics
import Foundation

/// Decides whether a `file:` address may be read.
enum FileAddress {
    /// Whether there is a file at the address.
    enum Standing {
        case present
        case missing
    }

    /// Checks that `url` names something inside `root`, symbolic links followed, so that an
    /// address from a configuration cannot reach files it has no business with.
    static func check(_ url: String, root: String?) throws(Failure) -> Standing {
        guard let parsed = URL(string: url), let host = Optional(parsed.host ?? ""),
            host.isEmpty || host == "localhost", parsed.path.hasPrefix("/")
        else {
            throw Failure(
                .fetchAddress,
                "\"\(url)\" is not the address of a file.",
                hint: "Write file:// and an absolute path: file:///folder/name."
            )
        }
        guard let root else {
            throw Failure(.fetchAddress, "\"\(url)\" is a file, and files are not allowed here.")
        }
        let path = resolved(parsed.path)
        let folder = resolved(root)
        guard path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/") else {
            throw Failure(
                .fetchAddress,
                "\"\(url)\" is outside \"\(root)\".",
                hint: "Copy the file into that folder."
            )
        }
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            return .missing
        }
        guard !isFolder.boolValue else {
            throw Failure(.fetchAddress, "\"\(url)\" is a folder, not a file.")
        }
        return .present
    }

    /// The path without `..` and symbolic links, as far as it exists.
    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
}
