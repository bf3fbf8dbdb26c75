import Codecs
import Diagnostics
import Foundation

/// A regular file to import: where it lies, what to call it and how to read it.
struct ImportFile: Sendable {
    let path: String
    /// As the user wrote it, for failures.
    let name: String
    /// SHA-256 of the file.
    let digest: Digest
    /// Threads that make rows of it.
    let threads: Int
    /// Bytes of text that a thread gets at a time, if records are not longer.
    let blockSize: Int

    /// Hashes a file.
    ///
    /// - Throws: `import.file` if there is none, if it is empty, or if it can be read only once:
    ///   it is read three times.
    init(path: String, name: String, threads: Int, blockSize: Int) throws(Failure) {
        self.threads = max(1, threads)
        self.blockSize = max(1, blockSize)
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        self.name = name
        try Self.requireRegularFile(self.path, name: name)
        digest = try Self.digest(of: self.path, name: name)
    }

    func failure(
        _ message: String,
        line: Int? = nil,
        hint: String? = nil,
        cause: String? = nil
    ) -> Failure {
        Failure(
            .importFile,
            message,
            hint: hint,
            place: Place(file: name, line: line),
            cause: cause
        )
    }

    /// The failure of a record that is longer than a block can be.
    func tooLong(line: Int) -> Failure {
        failure(
            "A row of over 64 MiB begins in this line; the limit is 16 MiB.",
            line: line,
            hint: "Is a quote not closed, or a line not ended?"
        )
    }

    /// The failure of bytes that are not UTF-8.
    func notUTF8(line: Int) -> Failure {
        failure(
            "The line is not UTF-8.",
            line: line,
            hint: "Convert the file, if it is Latin-1: iconv -f LATIN1 -t UTF-8 FILE"
        )
    }

    private static func requireRegularFile(_ path: String, name: String) throws(Failure) {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            throw missing(name)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(
                .importFile,
                "\"\(name)\" is no regular file, and an import reads its file more than once.",
                hint: "Give it on standard input: … | osodata import TABLE - --format csv",
                place: Place(file: name)
            )
        }
    }

    private static func missing(_ name: String) -> Failure {
        Failure(
            .importFile,
            "There is no file \"\(name)\" that can be read.",
            hint: "Check the path and its permissions."
        )
    }

    private static func digest(of path: String, name: String) throws(Failure) -> Digest {
        guard let pieces = FilePieces(path: path) else { throw missing(name) }
        var hash = SHA256()
        // Swift 6.3 crashes where a hash is dropped unfinished in optimised code of another
        // module ("Global is external"), so it is finished in any case.
        var piece: [UInt8] = []
        var isEmpty = true
        repeat {
            piece = pieces.next(upTo: 1 << 18)
            hash.update(piece)
            isEmpty = isEmpty && piece.isEmpty
        } while !piece.isEmpty
        let digest = hash.finalize()
        if let error = pieces.error {
            throw Failure(.importFile, "Reading \"\(name)\" failed.", cause: error)
        }
        guard !isEmpty else {
            throw Failure(
                .importFile,
                "The file \"\(name)\" is empty.",
                place: Place(file: name)
            )
        }
        return digest
    }
}
