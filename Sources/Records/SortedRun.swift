import Codecs
import Diagnostics

/// Sorted rows in a file: blocks of rows, each one zstd frame behind its two lengths.
///
/// A row is the lengths of its text and key, its cut hash, its key, its text.
struct SortedRun: Sendable {
    /// A block ends with the row that makes it this long: a merge holds one block of every run,
    /// and ten gigabytes are two hundred runs.
    private static let blockSize = 1 << 17

    private let file: any RunFile
    /// Bytes of the file.
    private let size: Int
    /// The key of the first row; nil if there is none.
    let firstKey: [UInt8]?

    /// Writes sorted rows.
    init(_ rows: RowSet, to file: any RunFile) throws(Failure) {
        self.file = file
        firstKey = rows.count > 0 ? rows.sortKey(0) : nil
        let compressor = ZstdCompressor()
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
            SortedRun.append(UInt64(rows.rowLength(index)), to: &block)
            unsafe rows.withSortKey(index) { key in
                SortedRun.append(UInt64(key.count), to: &block)
                SortedRun.append(rows.cutHash(index), to: &block)
                unsafe block.append(contentsOf: key)
            }
            unsafe rows.withRow(index) { unsafe block.append(contentsOf: $0) }
            if block.count >= Self.blockSize { try flush() }
        }
        try flush()
        self.size = size
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }

    private static func number(_ bytes: [UInt8], at offset: Int) -> Int {
        Int(truncatingIfNeeded: bits(bytes, at: offset))
    }

    private static func bits(_ bytes: [UInt8], at offset: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<8 { number |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return number
    }

    /// Reads a run from its start.
    struct Reader {
        private let run: SortedRun
        private let decompressor = ZstdDecompressor()
        private var offset = 0
        private var block: [UInt8] = []
        private var place = 0
        private(set) var key: Range<Int> = 0..<0
        private(set) var row: Range<Int> = 0..<0
        private(set) var hash: UInt64 = 0

        init(_ run: SortedRun) { self.run = run }

        /// Goes to the next row; false after the last.
        mutating func next() throws(Failure) -> Bool {
            if place == block.count {
                guard offset < run.size else { return false }
                let head = try run.file.read(16, at: offset)
                let frame = try run.file.read(number(head, at: 0), at: offset + 16)
                block = try decompressor.decompress(frame, limit: number(head, at: 8))
                offset += 16 + frame.count
                place = 0
            }
            let rowLength = number(block, at: place)
            let keyLength = number(block, at: place + 8)
            hash = bits(block, at: place + 16)
            key = place + 24..<place + 24 + keyLength
            row = key.upperBound..<key.upperBound + rowLength
            place = row.upperBound
            return true
        }

        /// Lends the bytes of the block, in which `key` and `row` are.
        func withBlock<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
            unsafe block.withUnsafeBufferPointer { unsafe body($0) }
        }
    }
}
