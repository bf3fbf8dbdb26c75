import CLibYAML
import Diagnostics

/// Makes a document of libyaml's events.
///
/// What a directory has no use for is refused: a second document, anchors and aliases (a reader of
/// the file would have to look elsewhere for a value), keys that are no text or occur twice.
struct YAMLParser: ~Copyable {
    /// Files above this many bytes are refused: the largest real one has 200 kB.
    static let sizeLimit = 4 << 20
    /// Values nested deeper are refused: real files have three levels.
    private static let depthLimit = 64

    private let file: String
    private var nodes: [YAMLDocument.Node] = []
    private var text: [UInt8] = []
    /// The mappings and sequences that have not ended.
    private var open: [Int32] = []

    private init(file: String) { self.file = file }

    /// Parses the one document of a file.
    ///
    /// - Parameters:
    ///   - bytes: the file's content; a byte order mark is no part of it.
    ///   - file: how failures call the file.
    /// - Returns: the document.
    /// - Throws: `directory.broken-yaml` with line and column.
    static func parse(_ bytes: [UInt8], file: String) throws(Failure) -> YAMLDocument {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let start = bytes.starts(with: mark) ? mark.count : 0
        var parser = YAMLParser(file: file)
        var problem: Failure?
        unsafe bytes.withUnsafeBufferPointer { buffer in
            let content = unsafe UnsafeBufferPointer(rebasing: buffer[start...])
            do throws(Failure) {
                unsafe try parser.read(content)
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
        guard !parser.nodes.isEmpty else {
            throw Failure(.brokenYAML, "The file is empty.", place: Place(file: file, line: 1))
        }
        return YAMLDocument(file: file, nodes: parser.nodes, text: parser.text)
    }

    private mutating func read(_ content: UnsafeBufferPointer<UInt8>) throws(Failure) {
        var parser = unsafe yaml_parser_t()
        guard unsafe yaml_parser_initialize(&parser) == 1 else {
            throw Failure(.brokenYAML, "There is no memory to parse it.", place: Place(file: file))
        }
        defer { unsafe yaml_parser_delete(&parser) }
        unsafe yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(&parser, content.baseAddress, content.count)
        // Most of a file is the text of its scalars, and most scalars are longer than a key.
        text.reserveCapacity(content.count)
        nodes.reserveCapacity(content.count / 16)
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(&parser, &event) == 1 else {
                throw unsafe failure(of: parser, in: content)
            }
            defer { unsafe yaml_event_delete(&event) }
            if unsafe event.type == YAML_STREAM_END_EVENT { return }
            unsafe try take(event)
        }
    }

    private mutating func take(_ event: yaml_event_t) throws(Failure) {
        let mark = unsafe event.start_mark
        switch unsafe event.type {
        case YAML_DOCUMENT_START_EVENT where !nodes.isEmpty:
            throw broken("another document starts, and a file holds one", mark)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            try unsafe refuse(anchor: scalar.anchor, mark)
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let start = text.count
            unsafe text.append(contentsOf: bytes)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            append(isPlain ? .plain : .quoted, mark, start: start, length: text.count - start)
        case YAML_SEQUENCE_START_EVENT:
            try unsafe refuse(anchor: event.data.sequence_start.anchor, mark)
            try begin(.sequence, mark)
        case YAML_MAPPING_START_EVENT:
            try unsafe refuse(anchor: event.data.mapping_start.anchor, mark)
            try begin(.mapping, mark)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            guard let index = open.popLast() else { return }
            nodes[Int(index)].next = Int32(nodes.count)
            if nodes[Int(index)].kind == .mapping { try checkKeys(of: Int(index)) }
        case YAML_ALIAS_EVENT:
            throw broken("an alias stands for a value", mark, hint: "Write the value itself.")
        default:
            break
        }
    }

    private mutating func begin(_ kind: YAMLDocument.Kind, _ mark: yaml_mark_t) throws(Failure) {
        guard open.count < Self.depthLimit else {
            throw broken("its values are nested deeper than \(Self.depthLimit)", mark)
        }
        open.append(Int32(nodes.count))
        append(kind, mark, start: 0, length: 0)
    }

    private mutating func append(
        _ kind: YAMLDocument.Kind,
        _ mark: yaml_mark_t,
        start: Int,
        length: Int
    ) {
        nodes.append(
            YAMLDocument.Node(
                kind: kind,
                line: Int32(mark.line + 1),
                column: Int32(mark.column + 1),
                start: Int32(start),
                length: Int32(length),
                next: Int32(nodes.count + 1)
            )
        )
    }

    // MARK: What is refused

    private func refuse(
        anchor: UnsafeMutablePointer<yaml_char_t>?,
        _ mark: yaml_mark_t
    ) throws(Failure) {
        guard let anchor = unsafe anchor else { return }
        let name = unsafe String(cString: anchor)
        throw broken("it names a value \"&\(name)\"", mark, hint: "Write the value without a name.")
    }

    /// Keys must be texts, each once.
    private func checkKeys(of mapping: Int) throws(Failure) {
        var keys: [YAMLDocument.Node] = []
        var index = mapping + 1
        while index < nodes[mapping].next {
            let key = nodes[index]
            guard key.kind == .plain || key.kind == .quoted else {
                throw broken("a key must be a text", at: key)
            }
            keys.append(key)
            index = Int(nodes[Int(key.next)].next)
        }
        // Few keys are compared with one another, many are sorted.
        if keys.count <= 16 {
            for (index, key) in keys.enumerated() {
                if let first = keys[..<index].first(where: { bytes(of: $0) == bytes(of: key) }) {
                    throw repeated(key, first)
                }
            }
            return
        }
        var lines: [ArraySlice<UInt8>: YAMLDocument.Node] = [:]
        for key in keys {
            if let first = lines.updateValue(key, forKey: bytes(of: key)) {
                throw repeated(key, first)
            }
        }
    }

    private func bytes(of node: YAMLDocument.Node) -> ArraySlice<UInt8> {
        text[Int(node.start)..<Int(node.start + node.length)]
    }

    private func repeated(_ key: YAMLDocument.Node, _ first: YAMLDocument.Node) -> Failure {
        let name = String(decoding: bytes(of: key), as: UTF8.self)
        return broken(
            "the key \"\(name)\" occurs twice",
            at: key,
            hint: "It is on line \(first.line) already: put both together, or remove one."
        )
    }

    private func broken(_ what: String, _ mark: yaml_mark_t, hint: String? = nil) -> Failure {
        broken(what, line: Int(mark.line) + 1, column: Int(mark.column) + 1, hint: hint)
    }

    private func broken(_ what: String, at node: YAMLDocument.Node, hint: String? = nil) -> Failure
    {
        broken(what, line: Int(node.line), column: Int(node.column), hint: hint)
    }

    private func broken(_ what: String, line: Int, column: Int, hint: String? = nil) -> Failure {
        Failure(
            .brokenYAML,
            "The file is not YAML as a directory has it: \(what).",
            hint: hint,
            place: Place(file: file, line: line, column: column)
        )
    }

    // MARK: Failures of libyaml

    private func failure(
        of parser: yaml_parser_t,
        in content: UnsafeBufferPointer<UInt8>
    ) -> Failure {
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "it ends early"
        guard unsafe parser.error == YAML_READER_ERROR else {
            let context = unsafe parser.context.map { unsafe String(cString: $0) + " " } ?? ""
            return unsafe broken(
                context + problem,
                parser.problem_mark,
                hint: Self.hint(for: problem)
            )
        }
        // Bytes that are no text have no mark, but an offset.
        let offset = unsafe min(parser.problem_offset, content.count)
        let before = unsafe content[..<offset]
        let lineStart = unsafe before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let line = unsafe before.count { $0 == UInt8(ascii: "\n") } + 1
        let column = unsafe before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
        guard problem.contains("UTF-8") else {
            return broken(problem, line: line, column: column, hint: "Remove the character.")
        }
        return Failure(
            .brokenYAML,
            "The file is not UTF-8.",
            hint: "Save it in UTF-8.",
            place: Place(file: file, line: line, column: column)
        )
    }

    /// What to do about the complaints people meet most.
    private static func hint(for problem: String) -> String? {
        if problem.contains("cannot start any token") {
            return "Put a text that starts with this character in quotes; indent with blanks, not"
                + " tabs."
        }
        if problem.contains("tab character") { return "Indent with blanks, not tabs." }
        if problem.contains("mapping values are not allowed") {
            return "Put a text with \": \" in it in quotes."
        }
        if problem.contains("expected <block end>") || problem.contains("could not find expected") {
            return "Look at the indentation of this line and the one before."
        }
        return nil
    }
}
