import Codecs
import Diagnostics
import Foundation

/// A regular file to import: where it lies and what to call it.
struct ImportFile {
    let path: String
    /// As the user wrote it, for failures.
    let name: String
    /// SHA-256 of the file.
    let digest: Digest

    /// Hashes a file.
    ///
    /// - Throws: `import.file` if there is none, if it is empty, or if it can be read only once:
    ///   it is read three times.
    init(path: String, name: String) throws(Failure) {
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
        guard let handle = FileHandle(forReadingAtPath: path) else { throw missing(name) }
        var hash = SHA256()
        // Swift 6.3 crashes where a hash is dropped unfinished in optimised code of another
        // module ("Global is external"), so it is finished in any case.
        var pieces = FilePieces(handle: handle)
        var isEmpty = true
        while let piece = pieces.next() {
            hash.update(piece)
            isEmpty = false
        }
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

/// A file, a megabyte at a time; an error ends it.
private struct FilePieces {
    let handle: FileHandle
    private(set) var error: String?

    init(handle: FileHandle) { self.handle = handle }

    mutating func next() -> [UInt8]? {
        do {
            let data = try handle.read(upToCount: 1 << 20)
            return data.flatMap { $0.isEmpty ? nil : [UInt8]($0) }
        } catch {
            self.error = "\(error)"
            return nil
        }
    }
}

/// The text of a file from its start on, unpacked if it is gzip or zstd, as its first bytes tell:
/// no UTF-8 text starts like those.
struct ImportText {
    let file: ImportFile
    /// What is read and not yet left behind.
    private(set) var bytes: [UInt8] = []
    /// Where in `bytes` the next record begins.
    var position = 0
    private(set) var isAtEnd = false

    private var pieces: FilePieces
    private var unpacker: (any Unpacker)?
    private var isAtStart = true

    /// A row has at most 16 MiB; no file needs four times that to say it.
    private static let recordLimit = 64 << 20

    init(_ file: ImportFile) throws(Failure) {
        guard let handle = FileHandle(forReadingAtPath: file.path) else {
            throw file.failure("The file cannot be read any more.")
        }
        self.file = file
        pieces = FilePieces(handle: handle)
    }

    /// Leaves behind what is before `position` and reads on, so much that a record that is read
    /// again from its start after each call takes linear time.
    ///
    /// - Parameter line: where the record begins that goes on behind the bytes there are.
    /// - Throws: `import.file` for a record too long, `codec.*`.
    mutating func readOn(line: Int) throws(Failure) {
        bytes.removeSubrange(..<position)
        position = 0
        guard bytes.count < Self.recordLimit else {
            throw file.failure(
                "A row of over 64 MiB begins in this line; the limit is 16 MiB.",
                line: line,
                hint: "Is a quote not closed, or a line not ended?"
            )
        }
        let wanted = max(2 * bytes.count, 1 << 20)
        while bytes.count < wanted, !isAtEnd { try readPiece() }
        guard isAtStart else { return }
        isAtStart = false
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    }

    private mutating func readPiece() throws(Failure) {
        let isFirst = bytes.isEmpty && isAtStart && unpacker == nil
        guard let piece = pieces.next() else {
            isAtEnd = true
            if let error = pieces.error {
                throw file.failure("The file cannot be read to its end.", cause: error)
            }
            do { try unpacker?.finish() } catch { throw error.at(Place(file: file.name)) }
            return
        }
        if isFirst { unpacker = Self.unpacker(for: piece) }
        guard let unpacker else {
            bytes += piece
            return
        }
        do { try unpacker.unpack(piece, into: &bytes) } catch {
            throw error.at(Place(file: file.name))
        }
    }

    private static func unpacker(for start: [UInt8]) -> (any Unpacker)? {
        if start.starts(with: [0x1f, 0x8b]) { return GzipUnpacker() }
        if start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return ZstdInflater() }
        return nil
    }

    /// The failure of bytes that are not UTF-8.
    func notUTF8(line: Int) -> Failure {
        file.failure(
            "The line is not UTF-8.",
            line: line,
            hint: "Convert the file, if it is Latin-1: iconv -f LATIN1 -t UTF-8 FILE"
        )
    }
}

private protocol Unpacker: AnyObject {
    func unpack(_ piece: [UInt8], into out: inout [UInt8]) throws(Failure)
    func finish() throws(Failure)
}

private final class GzipUnpacker: Unpacker {
    private var inflater = GzipInflater()

    func unpack(_ piece: [UInt8], into out: inout [UInt8]) throws(Failure) {
        try inflater.inflate(piece, into: &out)
    }

    func finish() throws(Failure) { try inflater.finish() }
}

extension ZstdInflater: Unpacker {
    fileprivate func unpack(_ piece: [UInt8], into out: inout [UInt8]) throws(Failure) {
        try inflate(piece, into: &out)
    }
}
