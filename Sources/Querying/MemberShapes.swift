import Codecs
import Diagnostics

/// What one thread has seen of the members of an NDJSON file's objects.
struct MemberShapes: Sendable {
    private var index = MemberIndex()
    private var shapes: [ValueShape] = []
    /// The line each member was first in.
    private var lines: [Int] = []
    /// To find clashes early.
    private var names = ColumnNames()

    /// Adds the members of an object.
    ///
    /// - Throws: `import.file` for two members that would have one name.
    mutating func add(_ object: JSONNode, line: Int, of file: ImportFile) throws(Failure) {
        var expected = 0
        try object.forEachMember { (key, value) throws(Failure) in
            let column: Int
            if let known = index.find(key, expected: expected) {
                column = known
            } else {
                let name = key.string ?? ""
                column = index.add(name)
                shapes.append(ValueShape())
                lines.append(line)
                try names.add(name, place: Place(file: file.name, line: line))
            }
            shapes[column].add(value)
            expected = column + 1
        }
    }

    /// What has been seen of a member; nil if there was none.
    func shape(of member: String) -> ValueShape? { index.position(member).map { shapes[$0] } }

    /// The columns that all threads have met, in the file's order.
    ///
    /// - Parameters:
    ///   - all: what the threads have seen.
    ///   - failure: where in the file reading stopped; what comes behind is passed over.
    ///   - file: the file.
    /// - Returns: the names, and what the file calls them.
    /// - Throws: `import.file` for two members that would have one name, if both are met before.
    static func names(
        _ all: [MemberShapes],
        before failure: Failure?,
        of file: ImportFile
    ) throws(Failure) -> (columns: ColumnNames, members: [String]) {
        var found: [(line: Int, position: Int, member: String)] = []
        for shapes in all {
            for (position, member) in shapes.index.members.enumerated() {
                found.append((shapes.lines[position], position, member))
            }
        }
        // A line is one thread's, so that within it the positions tell.
        found.sort { ($0.line, $0.position) < ($1.line, $1.position) }
        let last = failure == nil ? Int.max : failure?.place?.line ?? Int.max
        var columns = ColumnNames()
        var members: Set<String> = []
        var order: [String] = []
        for (line, _, member) in found where line <= last && members.insert(member).inserted {
            try columns.add(member, place: Place(file: file.name, line: line))
            order.append(member)
        }
        return (columns, order)
    }
}

/// Which member of an object is which column.
struct MemberIndex {
    private(set) var members: [String] = []
    private var positions: [String: Int] = [:]

    init(_ members: [String] = []) {
        for member in members { _ = add(member) }
    }

    /// Adds a column; gives its position.
    mutating func add(_ member: String) -> Int {
        positions[member] = members.count
        members.append(member)
        return members.count - 1
    }

    /// The column of a member; nil for a new one.
    func position(_ member: String) -> Int? { positions[member] }

    /// The column of a member, nil for a new one; `expected` is the one it has if objects have
    /// their members in one order.
    func find(_ key: JSONNode, expected: Int) -> Int? {
        if expected < members.count, key.isString(members[expected]) { return expected }
        return positions[key.string ?? ""]
    }
}
