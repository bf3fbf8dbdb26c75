package import Diagnostics
import Foundation
package import GitStore
package import Records

/// Files for sorted runs, in a folder of the machine; each is unlinked as soon as it is made, so
/// that nothing is left however the process ends.
package struct SpillFolder: RunStorage {
    let path: String

    /// Files in the folder `path`, which is made when it is first needed.
    package init(path: String) { self.path = path }

    /// Files beside the other working files of a repository.
    package init(of repository: Repository) {
        let folder = repository.workTree.map { "\($0)/.osodata" }
        self.init(path: (folder ?? "\(repository.gitDirectory)/osodata") + "/tmp")
    }

    package func makeFile() throws(Failure) -> any RunFile {
        let name = "\(path)/run-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true
            )
        } catch {
            throw failure("cannot be made", error.localizedDescription)
        }
        let descriptor = unsafe open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("takes no file", systemMessage()) }
        _ = unsafe unlink(name)
        return SpillFile(descriptor: descriptor, folder: path)
    }

    private func failure(_ problem: String, _ cause: String) -> Failure {
        Failure(
            .spillFailed,
            "The folder \"\(path)\" for rows that do not fit into memory \(problem).",
            hint: "Make room there, or allow more memory: --memory 4GB",
            cause: cause
        )
    }
}

/// A file without a name.
private final class SpillFile: RunFile {
    private let descriptor: Int32
    private let folder: String

    init(descriptor: Int32, folder: String) {
        self.descriptor = descriptor
        self.folder = folder
    }

    deinit { close(descriptor) }

    func append(_ bytes: [UInt8]) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                return unsafe write(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("written") }
            done += count
        }
    }

    func read(_ count: Int, at offset: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes { bytes in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
                return unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw failure("read") }
            done += got
        }
        return bytes
    }

    private func failure(_ what: String) -> Failure {
        Failure(
            .spillFailed,
            "Rows that do not fit into memory cannot be \(what) in \"\(folder)\".",
            hint: "Make room there, or allow more memory: --memory 4GB",
            cause: systemMessage()
        )
    }
}

private func systemMessage() -> String {
    POSIXError.Code(rawValue: errno).map { POSIXError($0).localizedDescription } ?? "error \(errno)"
}

extension Failure.Code {
    /// Rows cannot be kept on disk.
    package static let spillFailed = Self("records.spill-failed")
}
