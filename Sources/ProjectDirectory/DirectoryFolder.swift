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

    /// The YAML files below a folder of the root, as paths relative to the root, in byte order.
    ///
    /// Hidden files and files of other kinds are skipped, links to folders not followed.
    ///
    /// - Throws: `directory.unreadable-file`, `directory.wrong-extension`.
    func files(below folder: String) throws(Failure) -> [String] {
        var found: [String] = []
        try collect(folder, depth: 0, into: &found)
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func collect(
        _ folder: String,
        depth: Int,
        into found: inout [String]
    ) throws(Failure) {
        guard let type = try type(folder) else { return }
        guard type == .typeDirectory, depth <= Self.depthLimit else {
            throw Failure(
                .unreadableFile,
                "\"\(folder)\" is not a folder that can hold a directory.",
                place: Place(file: folder)
            )
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path(folder))
        } catch {
            throw unreadable(folder, error)
        }
        for name in names where !name.hasPrefix(".") {
            let child = "\(folder)/\(name)"
            let lower = name.lowercased()
            if name.hasSuffix(".yaml") {
                found.append(child)
            } else if lower.hasSuffix(".yml") || lower.hasSuffix(".yaml") {
                throw Failure(
                    .wrongExtension,
                    "The file \"\(child)\" does not end in \".yaml\".",
                    hint: "Rename it, or it would not be read.",
                    place: Place(file: child)
                )
            } else if try self.type(child) == .typeDirectory {
                try collect(child, depth: depth + 1, into: &found)
            }
        }
    }

    /// What lies at a path, links not followed; nil if nothing does.
    private func type(_ file: String) throws(Failure) -> FileAttributeType? {
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path(file))
            return attributes[.type] as? FileAttributeType
        } catch let error as CocoaError
            where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile
        {
            return nil
        } catch {
            throw unreadable(file, error)
        }
    }

    private func path(_ file: String) -> String { "\(root)/\(file)" }

    /// The bytes of a file.
    ///
    /// - Throws: `directory.unreadable-file`, also for files above `YAMLValue.sizeLimit`.
    func bytes(of file: String) throws(Failure) -> [UInt8] {
        // Foundation would resolve every folder of the path twice.
        let descriptor = unsafe open(path(file), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(file, POSIXError.last) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw unreadable(file, POSIXError.last)
        }
        let size = Int(status.st_size)
        guard size <= YAMLValue.sizeLimit else {
            throw Failure(
                .unreadableFile,
                "\"\(file)\" has \(size) bytes, more than the limit of \(YAMLValue.sizeLimit).",
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

    /// The text in the bytes of a file, without a byte order mark.
    ///
    /// - Throws: `directory.broken-yaml` with the line that is no UTF-8.
    func text(_ bytes: [UInt8], of file: String) throws(Failure) -> String {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let start = bytes.starts(with: mark) ? mark.count : 0
        if let text = String(validating: bytes[start...], as: UTF8.self) { return text }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let invalid = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        throw Failure(
            .brokenYAML,
            "The file is not UTF-8.",
            hint: "Save it in UTF-8.",
            place: Place(file: file, line: (invalid ?? 0) + 1)
        )
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
