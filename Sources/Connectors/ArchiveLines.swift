import Codecs
import Diagnostics

/// Unpacks a gzip file and cuts it into lines, holding little more than one line at a time.
enum ArchiveLines {
    /// Compressed bytes unpacked at a time.
    ///
    /// Gzip packs at most a thousand times, so this bounds what a hostile file can make us hold
    /// between two looks at it.
    private static let piece = 1 << 16
    /// A longer line is refused: files of 2012 may have an hour in one line, of some 30 MB.
    private static let longestLine = 1 << 28

    /// Calls `body` with each line that is not blank, without its end, and its number from 1.
    ///
    /// - Returns: how many lines were not blank.
    /// - Throws: `archive.content` with `file` and the line for a file that is cut off or damaged,
    ///   or what `body` throws.
    static func forEach(
        in compressed: [UInt8],
        file: String,
        _ body: (_ line: UnsafeBufferPointer<UInt8>, _ number: Int64) throws(Failure) -> Void
    ) throws(Failure) -> Int64 {
        var inflater = GzipInflater()
        var text: [UInt8] = []
        var number: Int64 = 0
        var count: Int64 = 0
        var start = 0
        func damaged(_ failure: Failure) -> Failure {
            Failure(
                .archiveContent,
                "\"\(file)\" is cut off or damaged.",
                hint: "Fetch the file again.",
                place: Place(file: file, line: Int(number + 1)),
                cause: failure.message
            )
        }
        while start < compressed.count {
            let end = min(start + piece, compressed.count)
            do throws(Failure) {
                unsafe try compressed.withUnsafeBufferPointer { (bytes) throws(Failure) in
                    unsafe try inflater.inflate(
                        UnsafeRawBufferPointer(
                            UnsafeBufferPointer(rebasing: bytes[start..<end])
                        ),
                        into: &text
                    )
                }
            } catch {
                throw damaged(error)
            }
            start = end
            unsafe try takeLines(&text, &number, &count, isLast: false, body)
            guard text.count <= longestLine else {
                throw Failure(
                    .archiveContent,
                    "A line is longer than \(longestLine) bytes.",
                    place: Place(file: file, line: Int(number + 1))
                )
            }
        }
        do throws(Failure) {
            try inflater.finish()
        } catch {
            throw damaged(error)
        }
        unsafe try takeLines(&text, &number, &count, isLast: true, body)
        return count
    }

    /// Gives the whole lines at the start of `text` to `body` and removes them.
    private static func takeLines(
        _ text: inout [UInt8],
        _ number: inout Int64,
        _ count: inout Int64,
        isLast: Bool,
        _ body: (UnsafeBufferPointer<UInt8>, Int64) throws(Failure) -> Void
    ) throws(Failure) {
        let used = unsafe try text.withUnsafeBufferPointer { (bytes) throws(Failure) -> Int in
            var start = 0
            while start < bytes.count {
                let found = unsafe bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
                guard let end = found ?? (isLast ? bytes.count : nil) else { break }
                number += 1
                let line = unsafe UnsafeBufferPointer(rebasing: bytes[start..<end])
                if unsafe !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
                    count += 1
                    unsafe try body(line, number)
                }
                start = end + 1
            }
            return min(start, bytes.count)
        }
        text.removeFirst(used)
    }
}
