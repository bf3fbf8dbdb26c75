import Diagnostics
import Foundation

/// The folder a directory lies in: finds its files and reads them.
///
/// Files are called by their path relative to it, in rows and in failures.
struct DirectoryFolder: Sendable {
    /// As the caller calls it.
    let root: String

    /// Nesting deeper than this is no directory of ours.
    private static let depthLimit = 8

    /// The YAML files of a directory, and what lies among them but should not.
    struct Listing {
        /// Relative to the root; each folder that was listed in byte order.
        var paths: [String] = []
        var problems: [Failure] = []
    }

    /// Adds the YAML files below a folder of the root.
    ///
    /// Hidden files and files of other kinds are skipped, links to folders not followed.
    ///
    /// - Parameters:
    ///   - folder: relative to the root; it may be missing.
    ///   - listing: gets them.
    /// - Throws: `directory.unreadable-file`.
    func list(_ folder: String, into listing: inout Listing) throws(Failure) {
        var found = Listing()
        try collect(folder, depth: 0, into: &found)
        listing.paths += found.paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        listing.problems += found.problems
    }

    private func collect(
        _ folder: String,
        depth: Int,
        into found: inout Listing
    ) throws(Failure) {
        guard let type = try type(folder) else { return }
        guard type == S_IFDIR, depth <= Self.depthLimit else {
            throw Failure(
                .unreadableFile,
                "\"\(folder)\" is not a folder that can hold a directory.",
                place: Place(file: folder)
            )
        }
        for name in try names(in: folder) where !name.hasPrefix(".") {
            let child = "\(folder)/\(name)"
            let lower = name.lowercased()
            if name.hasSuffix(".yaml") {
                found.paths.append(child)
            } else if lower.hasSuffix(".yml") || lower.hasSuffix(".yaml") {
                found.problems.append(
                    Failure(
                        .wrongExtension,
                        "The file \"\(child)\" does not end in \".yaml\".",
                        hint: "Rename it, or it would not be read.",
                        place: Place(file: child)
                    )
                )
            } else if try self.type(child) == S_IFDIR {
                try collect(child, depth: depth + 1, into: &found)
            }
        }
    }

    /// Whether there is a file.
    func contains(_ file: String) throws(Failure) -> Bool { try type(file) != nil }

    /// What lies in a folder, in no order.
    private func names(in folder: String) throws(Failure) -> [String] {
        guard let stream = unsafe opendir(path(folder)) else {
            throw unreadable(folder, POSIXError.last)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { start in
                    unsafe String(cString: start)
                }
            }
            names.append(name)
        }
        return names
    }

    /// The kind of what lies at a path (`S_IFMT` of its mode), links not followed; nil if nothing
    /// does.
    private func type(_ file: String) throws(Failure) -> mode_t? {
        var status = stat()
        guard unsafe lstat(path(file), &status) == 0 else {
            if errno == ENOENT { return nil }
            throw unreadable(file, POSIXError.last)
        }
        return status.st_mode & S_IFMT
    }

    private func path(_ file: String) -> String { "\(root)/\(file)" }

    /// The bytes of a file.
    ///
    /// - Throws: `directory.unreadable-file`, also for files above `YAMLParser.sizeLimit`.
    func bytes(of file: String) throws(Failure) -> [UInt8] {
        // Foundation would resolve every folder of the path twice.
        let descriptor = unsafe open(path(file), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ELOOP {
                throw Failure(
                    .unreadableFile,
                    "\"\(file)\" is a symbolic link.",
                    hint: "Put the file itself here: a link could lead out of the directory.",
                    place: Place(file: file)
                )
            }
            throw unreadable(file, POSIXError.last)
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw unreadable(file, POSIXError.last)
        }
        let size = Int(status.st_size)
        guard size <= YAMLParser.sizeLimit else {
            throw Failure(
                .unreadableFile,
                "\"\(file)\" has \(size) bytes, more than the limit of \(YAMLParser.sizeLimit).",
                place: Place(file: file)
            )
        }
        var problem: POSIXError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[count...]
                )
                let got = unsafe read(descriptor, rest.baseAddress, rest.count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { problem = POSIXError.last }
                guard got > 0 else { return }
                count += got
            }
        }
        if let problem { throw unreadable(file, problem) }
        return bytes
    }

    private func unreadable(_ file: String, _ error: any Error) -> Failure {
        Failure(
            .unreadableFile,
            "\"\(file)\" cannot be read.",
            hint: "Check that it exists and that you may read it.",
            place: Place(file: file),
            cause: (error as NSError).localizedDescription
        )
    }
}

extension POSIXError {
    /// Why the last call of the system failed.
    fileprivate static var last: POSIXError { POSIXError(.init(rawValue: errno) ?? .EIO) }
}
