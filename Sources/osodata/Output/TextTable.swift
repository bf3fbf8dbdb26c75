import Diffing

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
    mutating func add(_ cells: [String]) { rows.append(cells.map { Self.printable($0) }) }

    /// The table's text.
    ///
    /// - Parameters:
    ///   - limit: columns of the longest cell where no terminal says; more are cut.
    ///   - width: columns of the terminal the table shall fit into, as far as numbers need not be
    ///     cut: texts are cut, then columns left out in the middle.
    /// - Returns: lines.
    func rendered(limit: Int = 60, width: Int? = Output.width) -> String {
        let layout = layout(limit, width)
        return ([titles] + rows).map { row in
            var line = layout.map { column, width in
                guard let column else { return "…" }
                return TerminalText.pad(
                    TerminalText.fit(row[column], width),
                    width,
                    isRight: alignments[column] == .right
                )
            }.joined(separator: Self.gap)
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// How many columns have no room in a terminal.
    func hiddenColumns(width: Int? = Output.width) -> Int {
        titles.count - layout(.max, width).count { $0.column != nil }
    }

    private static let gap = "  "
    /// Texts are not cut to fewer columns.
    private static let leastText = 10

    /// The columns to show and how wide; nil stands for those left out.
    private func layout(_ limit: Int, _ width: Int?) -> [(column: Int?, width: Int)] {
        var widths = titles.indices.map { column in
            ([titles] + rows).map { TerminalText.width($0[column]) }.max() ?? 0
        }
        guard let width else {
            return widths.enumerated().map { ($0.offset, min($0.element, limit)) }
        }
        let gaps = Self.gap.count * max(titles.count - 1, 0)
        let texts = titles.indices.filter { alignments[$0] == .left }
        let numbers = titles.indices.filter { alignments[$0] == .right }
        let room = width - gaps - numbers.reduce(0) { $0 + widths[$1] }
        if texts.reduce(0, { $0 + widths[$1] }) > room {
            // The greatest length to which all texts can be cut, so that short ones stay whole.
            var cut = Self.leastText
            while texts.reduce(0, { $0 + min(widths[$1], cut + 1) }) <= room { cut += 1 }
            for column in texts { widths[column] = min(widths[column], cut) }
        }
        guard widths.reduce(gaps, +) > width else {
            return widths.enumerated().map { ($0.offset, $0.element) }
        }
        // From both ends, as far as they go; the first one in any case.
        var (first, last) = (1, titles.count)
        var left = width - widths[0] - Self.gap.count - 1
        while first < last {
            let next = first <= titles.count - last ? first : last - 1
            left -= widths[next] + Self.gap.count
            guard left >= 0 else { break }
            if next == first { first += 1 } else { last -= 1 }
        }
        return (0..<first).map { ($0, widths[$0]) } + [(nil, 1)]
            + (last..<titles.count).map { ($0, widths[$0]) }
    }

    /// `text` with control characters as symbols (U+2400 block), and those that change a direction
    /// or cannot be seen escaped; `lines` keeps ends of lines.
    static func printable(_ text: String, lines: Bool = false) -> String {
        if lines {
            return text.split(separator: "\n", omittingEmptySubsequences: false)
                .map { printable(String($0)) }.joined(separator: "\n")
        }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.value < 32, let symbol = Unicode.Scalar(0x2400 + scalar.value) {
                result.append(symbol)
            } else {
                result.append(scalar.value == 127 ? "\u{2421}" : scalar)
            }
        }
        return TerminalText.safe(String(result).utf8)
    }
}
