import Codecs
import Diagnostics
import Records

extension RowSet {
    /// The texts of a string column, in the order of the rows; NULL is the empty text.
    ///
    /// For small tables that steer a run; a scan of millions of rows goes through `Querying`.
    func strings(_ column: String) throws(Failure) -> [String] {
        guard let place = schema.columns.firstIndex(where: { $0.name == column }) else {
            throw Failure(.unexpected, "There is no column '\(column)'.")
        }
        let reader = RowReader(schema: schema)
        var cells: [Range<Int>] = []
        var texts: [String] = []
        texts.reserveCapacity(count)
        for index in 0..<count {
            let row = row(index)
            try unsafe row.withUnsafeBufferPointer { (bytes) throws(Failure) in
                try unsafe reader.cells(bytes, into: &cells)
            }
            var decoded: [UInt8] = []
            unsafe row[cells[place]].withUnsafeBufferPointer { cell in
                _ = unsafe CellText.unescapeString(cell, into: &decoded)
            }
            texts.append(String(decoding: decoded, as: UTF8.self))
        }
        return texts
    }
}
