package import Records

/// Writes row changes as JSON, one object a line, for programs.
///
///     {"table":"marts.a","change":"changed","count":1,"key":{…},"columns":["n"],"before":{…},"after":{…}}
///
/// `before` and `after` are the rows as stored (null where there is none), so that applying the
/// lines to the table before gives the table after.
package struct JSONLinesRenderer: Sendable {
    private let start: [UInt8]
    private let keyBefore: [String]
    private let keyAfter: [String]

    /// Makes a renderer for one table; `table` is its name as `layer.name`.
    package init(table: String, from before: Schema, to after: Schema) {
        start = Array("{\"table\":\"\(table)\",\"change\":\"".utf8)
        keyBefore = before.dataKeyNames
        keyAfter = after.dataKeyNames
    }

    /// The line of one change, with its newline.
    package func line(_ change: RowChange) -> [UInt8] {
        var out = start
        out += Array("\(change.kind.rawValue)\",\"count\":\(change.count),\"key\":{".utf8)
        let names = change.after == nil ? keyBefore : keyAfter
        for (index, (name, cell)) in zip(names, change.key).enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out += Array("\"\(name)\":".utf8)
            out += cell
        }
        out += Array("},\"columns\":[".utf8)
        out += Array(change.changedColumns.map { "\"\($0)\"" }.joined(separator: ",").utf8)
        out += Array("],\"before\":".utf8)
        out += change.before ?? Array("null".utf8)
        out += Array(",\"after\":".utf8)
        out += change.after ?? Array("null".utf8)
        out += Array("}\n".utf8)
        return out
    }
}

extension Schema {
    /// Names of the columns that say which row is which: the key, or all but the count.
    var dataKeyNames: [String] { columns.prefix(orderCount).map(\.name) }
}
