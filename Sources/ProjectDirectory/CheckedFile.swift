import Diagnostics

/// What one file says that matters to others, and what is wrong with it alone.
struct CheckedFile: Sendable {
    /// Something a project says is its own.
    struct Claim: Sendable {
        /// What it is, whatever its spelling: `github:owner/repository`, `address:0x…`,
        /// `display_name:…`.
        let key: String
        /// Of the key: to find those alike without comparing texts.
        let hash: UInt64
        /// Of a GitHub repository: that of its owner's key.
        let ownerHash: UInt64?
        /// Of an address: where it is used.
        let network: String
        /// As it is written.
        let text: String
        let line: Int
        let column: Int

        init(_ key: String, _ value: YAMLValue, network: String = "") {
            self.key = key
            self.network = network
            text = value.string
            line = value.line
            column = value.column
            hash = Self.hash(key.utf8)
            let slash = key.hasPrefix("github:") ? key.utf8.firstIndex(of: UInt8(ascii: "/")) : nil
            ownerHash = slash.map { Self.hash(key.utf8[..<$0]) }
        }

        /// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv), the same in every process; texts are compared where it is equal.
        private static func hash(_ text: some Sequence<UInt8>) -> UInt64 {
            text.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        }
    }

    let path: String
    let isProject: Bool
    /// The file's base name.
    let name: String
    /// What can be read: nothing if the file is no YAML.
    private(set) var isReadable = false
    private(set) var claims: [Claim] = []
    /// The projects a collection lists.
    private(set) var members: [Claim] = []
    private(set) var nameLine = 1
    private(set) var problems: [DirectoryProblem] = []

    /// Checks a file by itself.
    ///
    /// - Parameters:
    ///   - path: the file, relative to the directory's root.
    ///   - bytes: what it holds, or why it cannot be read.
    ///   - rules: what it must look like.
    init(_ path: String, _ bytes: Result<[UInt8], Failure>, _ rules: FileRules) {
        self.path = path
        isProject = path.hasPrefix("projects/")
        name = String((path.split(separator: "/").last ?? "").dropLast(".yaml".count))
        let document: YAMLDocument
        do throws(Failure) {
            let bytes = try bytes.get()
            document = try YAMLParser.parse(bytes, file: path)
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
                complain(
                    .byteOrderMark,
                    "The file starts with a byte order mark.",
                    "Save it as UTF-8 without one, or run: osodata directory fix",
                    Place(file: path, line: 1, column: 1)
                )
            }
        } catch {
            problems.append(DirectoryProblem(error, subject: "file"))
            return
        }
        isReadable = true
        checkPath()
        let root = document.root
        var found: [Failure] = []
        let schema = isProject ? rules.project : rules.collection
        schema.check(root, { isProject ? "A project" : "A collection" }, { found.append($0) })
        for failure in found {
            problems.append(DirectoryProblem(failure, subject: failure.message))
        }
        var entries = YAMLValue.Entries(of: root)
        while let (key, value) = entries.next() { check(key, value, rules.links) }
        checkCharacters(of: root)
    }

    private mutating func complain(
        _ code: Failure.Code,
        _ message: String,
        _ hint: String?,
        _ place: Place,
        subject: String? = nil
    ) {
        let failure = Failure(code, message, hint: hint, place: place)
        problems.append(DirectoryProblem(failure, subject: subject ?? message))
    }

    // MARK: Name

    private mutating func checkPath() {
        let place = Place(file: path)
        let bytes = Array(name.utf8)
        let isSlug =
            !bytes.isEmpty && bytes.first != UInt8(ascii: "-") && bytes.last != UInt8(ascii: "-")
            && !name.contains("--")
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        if !isSlug {
            complain(
                .notASlug,
                "The name \"\(name)\" is not lower case letters, digits and single hyphens.",
                Self.slug(name).map { "Rename the file and its \"name\" to \"\($0)\"." },
                place
            )
        }
        guard isProject, let first = name.first, path != "projects/\(first)/\(name).yaml" else {
            return
        }
        complain(
            .wrongFolder,
            "The file \"\(path)\" is not below the first character of its name.",
            "Move it: git mv … projects/\(first)/\(name).yaml",
            place
        )
    }

    /// The slug nearest to a name; nil if nothing of it is left.
    static func slug(_ name: String) -> String? {
        let words = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return words.isEmpty ? nil : words.joined(separator: "-")
    }

    // MARK: Entries

    private mutating func check(_ key: YAMLValue, _ value: YAMLValue, _ rules: [LinkRule]) {
        if key.is("version"), value.isText, !value.is("7") {
            let version = ProjectDirectoryReader.version
            complain(
                .wrongVersion,
                "The version is \"\(value.string)\", not \"\(version)\".",
                "Bring the file to version \(version).",
                value.place
            )
        } else if key.is("name"), value.isText {
            nameLine = value.line
            guard value.string != name else { return }
            complain(
                .nameMismatch,
                "The name is \"\(value.string)\", but the file is called \"\(name).yaml\".",
                "Make them equal.",
                value.place
            )
        } else if key.is("display_name"), value.isText, isProject {
            claim("display_name:\(value.string.lowercased())", value)
        } else if key.is("projects"), !isProject {
            checkMembers(value)
        } else if key.is("blockchain"), isProject {
            for element in value.parts { checkAddress(element) }
        } else if key.is("social"), isProject {
            var kinds = YAMLValue.Entries(of: value)
            while let (kind, urls) = kinds.next() { checkLinks(kind, urls, rules) }
        } else if isProject {
            checkLinks(key, value, rules)
        }
    }

    private mutating func claim(_ key: String, _ value: YAMLValue, network: String = "") {
        claims.append(Claim(key, value, network: network))
    }

    private mutating func checkMembers(_ list: YAMLValue) {
        var lines: [String: Int] = [:]
        for element in list.parts where element.isText {
            let name = element.string
            members.append(Claim(name, element))
            if let line = lines.updateValue(element.line, forKey: name) {
                complain(
                    .listedTwice,
                    "The collection lists \"\(name)\" twice.",
                    "It is on line \(line) already: remove one.",
                    element.place
                )
            }
        }
    }

    private mutating func checkLinks(
        _ key: YAMLValue,
        _ list: YAMLValue,
        _ rules: [LinkRule]
    ) {
        guard let rule = rules.first(where: { $0.key.utf8.elementsEqual(key.bytes) }) else {
            return
        }
        var lines: [String: Int] = [:]
        for element in list.parts where element.kind == .mapping {
            var members = YAMLValue.Entries(of: element)
            while let (key, url) = members.next() {
                guard key.is("url"), url.isText, isPlain(url) else { continue }
                do throws(LinkRule.Complaint) {
                    let identity = try rule.identity(of: url.bytes)
                    if let line = lines.updateValue(url.line, forKey: identity) {
                        complain(
                            .listedTwice,
                            "\"\(url.string)\" is listed twice.",
                            "It is on line \(line) already: remove one.",
                            url.place
                        )
                    } else if rule.isOwned {
                        claim(identity, url)
                    }
                } catch {
                    complain(error.code, error.message, error.hint, url.place)
                }
            }
        }
    }

    private mutating func checkAddress(_ element: YAMLValue) {
        var address: YAMLValue?
        var networks: [String] = []
        var entries = YAMLValue.Entries(of: element)
        while let (key, value) = entries.next() {
            if key.is("address"), value.isText { address = value }
            if key.is("networks") { networks = value.parts.filter(\.isText).map(\.string) }
        }
        guard let address, isPlain(address) else { return }
        do throws(LinkRule.Complaint) {
            try AddressRule.check(address.bytes)
        } catch {
            complain(error.code, error.message, error.hint, address.place)
            guard error.code == .addressChecksum else { return }
        }
        let key = "address:\(address.string.lowercased())"
        for network in networks { claim(key, address, network: network) }
    }

    // MARK: Characters

    /// Whether a value is ASCII, as URLs and addresses are; complains if not.
    private mutating func isPlain(_ value: YAMLValue) -> Bool {
        guard let odd = OddCharacters.first(in: value.bytes, isPlain: true) else { return true }
        complain(odd, in: value)
        return false
    }

    private mutating func checkCharacters(of root: YAMLValue) {
        guard root.document.text.contains(where: { $0 >= 0x80 }) else { return }
        let known = Set(problems.compactMap(\.failure.place))
        for index in root.document.nodes.indices {
            let value = YAMLValue(document: root.document, index: index)
            guard value.isText, let odd = OddCharacters.first(in: value.bytes, isPlain: false)
            else { continue }
            if !known.contains(value.place) { complain(odd, in: value) }
        }
    }

    private mutating func complain(_ odd: (name: String, meant: String), in value: YAMLValue) {
        complain(
            .oddCharacter,
            "\"\(value.string)\" has the character \(odd.name).",
            odd.meant,
            value.place
        )
    }
}
