import Codecs
import Diagnostics
import Records

extension RowSet {
    /// Visits the texts of string columns, row by row; NULL is the empty text.
    ///
    /// For small tables that steer a run; a scan of millions of rows goes through `Querying`.
    func forEachRow(
        _ columns: [String],
        _ body: (_ texts: [String]) -> Void
    ) throws(Failure) {
        var places: [Int] = []
        for column in columns {
            guard let place = schema.columns.firstIndex(where: { $0.name == column }) else {
                throw Failure(.unexpected, "There is no column '\(column)'.")
            }
            places.append(place)
        }
        let reader = RowReader(schema: schema)
        var cells: [Range<Int>] = []
        var decoded: [UInt8] = []
        var texts = columns
        for index in 0..<count {
            let row = row(index)
            try unsafe row.withUnsafeBufferPointer { (bytes) throws(Failure) in
                try unsafe reader.cells(bytes, into: &cells)
                for (number, place) in places.enumerated() {
                    decoded.removeAll(keepingCapacity: true)
                    let cell = unsafe UnsafeBufferPointer(rebasing: bytes[cells[place]])
                    _ = unsafe CellText.unescapeString(cell, into: &decoded)
                    texts[number] = String(decoding: decoded, as: UTF8.self)
                }
            }
            body(texts)
        }
    }
}
