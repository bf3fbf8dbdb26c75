import Diagnostics

/// The one document of a YAML file: its values in the order of the text, in one array.
///
/// A mapping is followed by its keys and values in turns, a sequence by its elements. Nothing is
/// resolved: a scalar is its text, whatever YAML would take it for.
final class YAMLDocument: Sendable {
    /// What a value is.
    enum Kind: UInt8 {
        /// A scalar without quotes, the only one that can mean null, true, false or a number.
        case plain
        case quoted
        case sequence
        case mapping
    }

    /// A value, and where it stands in the file.
    struct Node {
        let kind: Kind
        /// From 1.
        let line: Int32
        /// From 1, in characters.
        let column: Int32
        /// Of a scalar: its bytes in `text`.
        let start: Int32
        let length: Int32
        /// The index of what follows the value and all it holds.
        var next: Int32
    }

    /// How failures call the file.
    let file: String
    let nodes: [Node]
    /// The texts of all scalars, in UTF-8.
    let text: [UInt8]

    /// Makes a document of what a parser found; `nodes` must hold at least one value.
    init(file: String, nodes: [Node], text: [UInt8]) {
        self.file = file
        self.nodes = nodes
        self.text = text
    }

    /// The value everything else lies in.
    var root: YAMLValue { YAMLValue(document: self, index: 0) }

    /// Where a value stands.
    func place(of index: Int) -> Place {
        Place(file: file, line: Int(nodes[index].line), column: Int(nodes[index].column))
    }
}
