/// Rows of text in aligned columns.
struct TextTable {
    /// How a column's cells stand.
    enum Alignment { case left, right }

    private let titles: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// A table with these columns.
    init(_ columns: [(title: String, alignment: Alignment)]) {
        titles = columns.map(\.title)
        alignments = columns.map(\.alignment)
    }

    /// Adds a row; control characters become visible, so that data cannot move the cursor.
    mutating func add(_ cells: [String]) { rows.append(cells.map(Self.printable)) }

    /// The table's text; cells longer than `limit` columns are cut with an ellipsis.
    func rendered(limit: Int = 60) -> String {
        let all = [titles] + rows
        let cut = all.map { $0.map { $0.count > limit ? $0.prefix(limit - 1) + "…" : $0 } }
        let widths = titles.indices.map { column in cut.map { $0[column].count }.max() ?? 0 }
        return cut.map { row in
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return alignments[column] == .left ? row[column] + padding : padding + row[column]
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// `text` with control characters as symbols (U+2400 block).
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
            return text
        }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.value < 32, let symbol = Unicode.Scalar(0x2400 + scalar.value) {
                result.append(symbol)
            } else {
                result.append(scalar.value == 127 ? "\u{2421}" : scalar)
            }
        }
        return String(result)
    }
}

/// `1234567` as `1,234,567`.
func grouped(_ number: Int) -> String {
    var digits = String(number.magnitude)
    var index = digits.count - 3
    while index > 0 {
        digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
        index -= 3
    }
    return (number < 0 ? "-" : "") + digits
}
