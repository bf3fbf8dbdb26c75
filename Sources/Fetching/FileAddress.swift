package import Diagnostics
import Foundation

/// Decides whether a `file:` address may be read.
package enum FileAddress {
    /// Whether there is a file at the address.
    enum Standing {
        case present
        case missing
    }

    private static let scheme = "file://"
    /// What stands for itself in an address.
    private static let plain = CharacterSet(
        charactersIn: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    )

    /// The address of a path, which may have any characters.
    package static func url(ofPath path: String) -> String {
        scheme + (path.addingPercentEncoding(withAllowedCharacters: plain) ?? path)
    }

    /// What an address says behind `file://`, nil for another one; the path may be relative.
    ///
    /// A person may have left blanks, `#`, `?` and `%` as they are.
    package static func path(of url: String) -> String? {
        guard url.lowercased().hasPrefix(scheme) else { return nil }
        let rest = String(url.dropFirst(scheme.count))
        return rest.removingPercentEncoding ?? rest
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
        try checkFolder(root)
        let path = resolved(parsed.path)
        let folder = resolved(root)
        guard path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/") else {
            throw Failure(
                .fetchAddress,
                "\"\(url)\" is outside \"\(root)\".",
                hint: "Copy the file into that folder."
            )
        }
        guard let type = try type(path) else { return .missing }
        guard type != .typeDirectory else {
            throw Failure(.fetchAddress, "\"\(url)\" is a folder, not a file.")
        }
        guard type == .typeRegular, FileManager.default.isReadableFile(atPath: path) else {
            throw unreadable(path, nil)
        }
        return .present
    }

    /// Checks that a folder of files is there: files of one that is gone are not missing one by one.
    ///
    /// - Throws: `fetch.address`.
    package static func checkFolder(_ path: String) throws(Failure) {
        guard let type = try type(resolved(path)) else {
            throw Failure(
                .fetchAddress,
                "There is no folder \"\(path)\".",
                hint: "Restore it, or correct the address."
            )
        }
        guard type == .typeDirectory else {
            throw Failure(.fetchAddress, "\"\(path)\" is a file, not a folder.")
        }
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw unreadable(path, nil)
        }
    }

    /// What lies at a path; nil if nothing does.
    private static func type(_ path: String) throws(Failure) -> FileAttributeType? {
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return attributes[.type] as? FileAttributeType
        } catch let error as CocoaError
            where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile
        {
            return nil
        } catch {
            throw unreadable(path, error)
        }
    }

    private static func unreadable(_ path: String, _ error: (any Error)?) -> Failure {
        Failure(
            .fetchAddress,
            "\"\(path)\" cannot be read.",
            hint: "Check that it is a file, or a folder of files, that you may read.",
            cause: error?.localizedDescription
        )
    }

    /// The path without `..` and symbolic links, as far as it exists.
    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
}
