import Codecs
import Diagnostics

/// Sorted rows in a file: blocks of rows, each one zstd frame behind its two lengths.
///
/// A row is the lengths of its text and key, its cut hash and its order, its key, its text.
struct SortedRun: Sendable {
    /// A block ends with the row that makes it this long: a merge holds one block of every run,
    /// and ten gigabytes are two hundred runs.
    private static let blockSize = 1 << 17
    /// Bytes of a row before its key.
    private static let headSize = 24
    /// A run is read once and thrown away: to write it fast counts for more than its size.
    private static let level: Int32 = 1

    private let file: any RunFile
    /// Bytes of the file.
    private let size: Int
    /// The key of the first row; nil if there is none.
    let firstKey: [UInt8]?

    /// Writes sorted rows.
    init(_ rows: RowSet, to file: any RunFile) throws(Failure) {
        self.file = file
        firstKey = rows.count > 0 ? rows.sortKey(0) : nil
        let compressor = ZstdCompressor(level: Self.level)
        var size = 0
        var block: [UInt8] = []
        func flush() throws(Failure) {
            guard !block.isEmpty else { return }
            let frame = compressor.compress(block)
            var head: [UInt8] = []
            SortedRun.append(UInt64(frame.count), to: &head)
            SortedRun.append(UInt64(block.count), to: &head)
            try file.append(head + frame)
            size += head.count + frame.count
            block.removeAll(keepingCapacity: true)
        }
        for index in 0..<rows.count {
            let entry = rows.entries[index]
            SortedRun.append(
                UInt64(entry.rowLength) << 32 | UInt64(entry.keyLength),
                to: &block
            )
            SortedRun.append(entry.hash, to: &block)
            SortedRun.append(entry.order, to: &block)
            unsafe rows.withSortKey(index) { unsafe block.append(contentsOf: $0) }
            unsafe rows.withRow(index) { unsafe block.append(contentsOf: $0) }
            if block.count >= Self.blockSize { try flush() }
        }
        try flush()
        self.size = size
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        unsafe withUnsafeBytes(of: number.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    private static func number(_ bytes: [UInt8], at offset: Int) -> UInt64 {
        UInt64(
            littleEndian: unsafe bytes.withUnsafeBytes {
                unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            }
        )
    }

    /// Reads a run from its start.
    struct Reader {
        private let run: SortedRun
        private let decompressor = ZstdDecompressor()
        private var offset = 0
        private var block: [UInt8] = []
        private var place = 0
        private var keyEnd = 0
        private var keyLength = 0
        private(set) var hash: UInt64 = 0
        private(set) var order: UInt64 = 0

        init(_ run: SortedRun) { self.run = run }

        /// Goes to the next row; false after the last.
        mutating func next() throws(Failure) -> Bool {
            if place == block.count {
                guard offset < run.size else { return false }
                let head = try run.file.read(16, at: offset)
                let frame = try run.file.read(Int(number(head, at: 0)), at: offset + 16)
                block = try decompressor.decompress(frame, limit: Int(number(head, at: 8)))
                offset += 16 + frame.count
                place = 0
            }
            let lengths = number(block, at: place)
            hash = number(block, at: place + 8)
            order = number(block, at: place + 16)
            keyLength = Int(lengths & 0xffff_ffff)
            keyEnd = place + SortedRun.headSize + keyLength
            place = keyEnd + Int(lengths >> 32)
            return true
        }

        /// Lends the key of the row.
        func withKey<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
            unsafe with(keyEnd - keyLength..<keyEnd, body)
        }

        /// Lends the text of the row, with its newline.
        func withRow<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
            unsafe with(keyEnd..<place, body)
        }

        private func with<R>(
            _ range: Range<Int>,
            _ body: (UnsafeBufferPointer<UInt8>) -> R
        ) -> R {
            unsafe block.withUnsafeBufferPointer {
                unsafe body(UnsafeBufferPointer(rebasing: $0[range]))
            }
        }
    }
}
