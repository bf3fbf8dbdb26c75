import Diagnostics

/// Makes names of columns of what a file calls them.
///
/// A name the format allows stays as it is; in another, each character that is not allowed becomes
/// `_`, and one that starts with a digit gets a `_` before it.
struct ColumnNames {
    /// One for each name of the file, in its order.
    private(set) var names: [String] = []
    /// What is called otherwise, a sentence each.
    private(set) var notes: [String] = []
    /// What the file calls the columns there are, by their lower-case names.
    private var taken: [String: String] = [:]

    /// Adds a column.
    ///
    /// - Throws: `import.file` naming both of two columns that would have one name.
    mutating func add(_ original: String, place: Place) throws(Failure) {
        var name = Self.mapped(original)
        if original.isEmpty { name = "column_\(names.count + 1)" }
        if let other = taken.updateValue(original, forKey: name.lowercased()) {
            throw Failure(
                .importFile,
                Self.clash(other, original, name: name),
                hint: "Give each column a name of its own; letters count in either case as one.",
                place: place
            )
        }
        names.append(name)
        guard name != original else { return }
        notes.append(
            original.isEmpty
                ? "Column \(names.count) has no name and is called \"\(name)\"."
                : "The column \"\(original)\" is called \"\(name)\"."
        )
    }

    private static func clash(_ first: String, _ second: String, name: String) -> String {
        if first == second { return "The column \"\(first)\" is there twice." }
        if first.lowercased() == second.lowercased() {
            return "The columns \"\(first)\" and \"\(second)\" differ in nothing but case."
        }
        return "The columns \"\(first)\" and \"\(second)\" would both be called \"\(name)\"."
    }

    private static func mapped(_ original: String) -> String {
        var name = ""
        for scalar in original.unicodeScalars {
            let isDigit = ("0"..."9").contains(scalar)
            let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
            if isDigit && name.isEmpty { name = "_" }
            name.unicodeScalars.append(isDigit || isLetter ? scalar : "_")
        }
        return name
    }
}
