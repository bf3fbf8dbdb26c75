import Diagnostics

/// A value in a YAML file that knows where it stands, so that every complaint can say so.
struct YAMLValue {
    let document: YAMLDocument
    let index: Int

    private var node: YAMLDocument.Node { document.nodes[index] }

    var kind: YAMLDocument.Kind { node.kind }
    /// How failures call the file.
    var file: String { document.file }
    /// Where the value starts.
    var place: Place { document.place(of: index) }
    /// The line the value starts on, from 1.
    var line: Int { Int(node.line) }
    /// The column the value starts on, from 1, in characters.
    var column: Int { Int(node.column) }

    // MARK: What it holds

    /// The elements of a sequence, or the keys and values of a mapping in turns.
    struct Parts: Sequence, IteratorProtocol {
        fileprivate let document: YAMLDocument
        fileprivate var index: Int
        fileprivate let end: Int

        mutating func next() -> YAMLValue? {
            guard index < end else { return nil }
            defer { index = Int(document.nodes[index].next) }
            return YAMLValue(document: document, index: index)
        }
    }

    /// The entries of a mapping.
    struct Entries: Sequence, IteratorProtocol {
        private var parts: Parts

        /// The entries of a value; none if it is no mapping.
        init(of value: YAMLValue) {
            parts = value.parts
            if value.kind != .mapping { parts.index = parts.end }
        }

        mutating func next() -> (key: YAMLValue, value: YAMLValue)? {
            guard let key = parts.next(), let value = parts.next() else { return nil }
            return (key, value)
        }
    }

    /// What lies directly in the value, in the order of the file; nothing for a scalar.
    var parts: Parts { Parts(document: document, index: index + 1, end: Int(node.next)) }

    /// The entries of a mapping in the order of the file; its keys are scalars, each once.
    ///
    /// - Parameter what: how a failure calls the value.
    /// - Returns: keys and values.
    /// - Throws: `directory.invalid-document` if the value is no mapping.
    func entries(_ what: @autoclosure () -> String) throws(Failure) -> Entries {
        guard kind == .mapping else {
            throw invalid("\(what()) must be a mapping, as in \"name: value\".")
        }
        return Entries(of: self)
    }

    /// The elements of a sequence.
    ///
    /// - Parameter what: how a failure calls the value.
    /// - Returns: the elements in the order of the file.
    /// - Throws: `directory.invalid-document` if the value is no sequence.
    func elements(_ what: @autoclosure () -> String) throws(Failure) -> Parts {
        guard kind == .sequence else {
            throw invalid(
                "\(what()) must be a list, each element on a line that starts with \"-\"."
            )
        }
        return parts
    }

    // MARK: Scalars

    /// The bytes of a scalar; none for other values.
    var bytes: ArraySlice<UInt8> {
        document.text[Int(node.start)..<Int(node.start + node.length)]
    }

    /// The text of a scalar; empty for other values.
    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// The text of a scalar that is meant as a string, quoted or not.
    ///
    /// - Parameter what: how a failure calls the value.
    /// - Returns: its text, unquoted.
    /// - Throws: `directory.invalid-document` if the value is null, a mapping or a sequence.
    func text(_ what: @autoclosure () -> String) throws(Failure) -> String {
        guard isText else { throw invalid("\(what()) must be a string.") }
        guard !bytes.contains(0) else {
            throw invalid("\(what()) contains the character U+0000.")
        }
        return string
    }

    /// Whether the value is a scalar other than null.
    var isText: Bool { (kind == .plain || kind == .quoted) && !isNull }

    /// Whether the value is a scalar of just this text.
    func `is`(_ text: StaticString) -> Bool {
        let bytes = bytes
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        return unsafe bytes.elementsEqual(
            UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        )
    }

    /// Whether the value is absent: `name:` with nothing behind it, `~` or `null`.
    var isNull: Bool {
        guard kind == .plain else { return false }
        switch node.length {
        case 0: return true
        case 1: return self.is("~")
        case 4: return self.is("null") || self.is("Null") || self.is("NULL")
        default: return false
        }
    }

    /// A failure at this value.
    func invalid(_ message: String, hint: String? = nil) -> Failure {
        Failure(.invalidDocument, message, hint: hint, place: place)
    }
}
