import Diagnostics

/// Whole records of a file, one after the other, for a thread to take apart.
struct ImportBlock: Sendable {
    let bytes: [UInt8]
    /// Its number in the file, from 0.
    let index: Int
    /// The line its first record begins in, from 1.
    let line: Int
    /// False if it ends within a record that is too long.
    let isWhole: Bool
}

/// Reads a file from its start on, unpacked if it is gzip or zstd, and divides it where records
/// end.
///
/// Where that is depends on the file and its block size alone.
struct ImportBlocks {
    private let file: ImportFile
    private let pieces: FilePieces
    private let unpacker: (any Unpacker)?
    private var splitter: RecordSplitter
    /// What has been read and follows the block handed out last.
    private var rest: [UInt8]
    private var isAtEnd = false
    private var line = 1
    /// The number of the block that comes next.
    private(set) var nextIndex = 0

    /// A row has at most 16 MiB; no file needs four times that to say it.
    private static let recordLimit = 64 << 20
    /// So small that what comes out of a piece is about a block.
    private static let packedPiece = 1 << 16

    init(_ file: ImportFile, _ syntax: RecordSplitter.Syntax) throws(Failure) {
        guard let pieces = FilePieces(path: file.path) else {
            throw file.failure("The file cannot be read any more.")
        }
        self.file = file
        self.pieces = pieces
        splitter = RecordSplitter(syntax)
        let head = pieces.next(upTo: 4)
        unpacker = Querying.unpacker(for: head)
        rest = []
        var start: [UInt8] = []
        if let unpacker { try unpack(head, unpacker, &start) } else { start = head }
        while start.count < 3, !isAtEnd { try readOn(&start, wanted: 3) }
        if start.starts(with: [0xef, 0xbb, 0xbf]) { start.removeFirst(3) }
        rest = start
    }

    /// The next block; nil at the end of the file.
    ///
    /// - Throws: `import.file`, `codec.*`.
    mutating func next() throws(Failure) -> ImportBlock? {
        var bytes: [UInt8] = []
        swap(&bytes, &rest)
        var end: Int?
        var isWhole = true
        splitter.begin()
        while end == nil {
            // So much that a record longer than a block takes linear time.
            let wanted = max(2 * bytes.count, file.blockSize)
            while bytes.count < wanted, !isAtEnd { try readOn(&bytes, wanted: wanted) }
            if isAtEnd {
                end = bytes.count
                continue
            }
            end = splitter.lastEnd(in: bytes)
            if end == nil, bytes.count >= Self.recordLimit {
                end = bytes.count
                isWhole = false
                isAtEnd = true
            }
        }
        guard let end, !bytes.isEmpty else { return nil }
        if end < bytes.count {
            rest = Array(bytes[end...])
            bytes.removeLast(bytes.count - end)
        }
        let block = ImportBlock(bytes: bytes, index: nextIndex, line: line, isWhole: isWhole)
        nextIndex += 1
        line += Self.lineFeeds(in: bytes)
        return block
    }

    /// Reads on, up to `wanted` bytes if the file is not packed.
    private mutating func readOn(_ bytes: inout [UInt8], wanted: Int) throws(Failure) {
        if let unpacker {
            try unpack(pieces.next(upTo: Self.packedPiece), unpacker, &bytes)
        } else {
            bytes = pieces.next(behind: bytes, upTo: wanted - bytes.count)
            isAtEnd = bytes.count < wanted
        }
        if let error = pieces.error {
            throw file.failure("The file cannot be read to its end.", cause: error)
        }
    }

    private mutating func unpack(
        _ piece: [UInt8],
        _ unpacker: any Unpacker,
        _ bytes: inout [UInt8]
    ) throws(Failure) {
        do throws(Failure) {
            if !piece.isEmpty {
                try unpacker.unpack(piece, into: &bytes)
            } else {
                isAtEnd = true
                if pieces.error == nil { try unpacker.finish() }
            }
        } catch {
            throw error.at(Place(file: file.name))
        }
    }

    /// Counts line feeds, eight bytes at a time: while one thread does, others wait for a block.
    private static func lineFeeds(in bytes: [UInt8]) -> Int {
        unsafe bytes.withUnsafeBytes { bytes in
            let sevens: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
            var count = 0
            var index = 0
            while index &+ 8 <= bytes.count {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let zeros = word ^ 0x0a0a_0a0a_0a0a_0a0a
                // The top bit of each byte that is zero, and of no other.
                let found = ~(((zeros & sevens) &+ sevens) | zeros | sevens)
                count &+= found.nonzeroBitCount
                index &+= 8
            }
            while index < bytes.count {
                if unsafe bytes[index] == UInt8(ascii: "\n") { count &+= 1 }
                index &+= 1
            }
            return count
        }
    }
}
