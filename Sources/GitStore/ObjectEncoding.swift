import Codecs
import Diagnostics

/// The kinds of objects written here, with their numbers in a pack.
enum ObjectKind: UInt8, Sendable {
    case commit = 1
    case tree = 2
    case blob = 3

    /// As the header of an object spells it.
    var name: String {
        switch self {
        case .commit: "commit"
        case .tree: "tree"
        case .blob: "blob"
        }
    }
}

/// An object that waits to be written.
struct NewObject: Sendable {
    let id: ObjectID
    let kind: ObjectKind
    let content: [UInt8]
    /// False for content that is compressed already: it is stored as it is.
    let deflate: Bool

    /// Takes an object and computes its id.
    init(_ kind: ObjectKind, _ content: [UInt8], deflate: Bool) {
        id = ObjectID(of: kind, content)
        self.kind = kind
        self.content = content
        self.deflate = deflate
    }

    /// The object as an entry of a pack: kind and size, then the zlib stream of the content.
    ///
    /// The first byte holds the kind in bits 4 to 6 and the low four bits of the size; bit 7 says
    /// that seven more bits follow (git's Documentation/gitformat-pack).
    var packBytes: [UInt8] {
        var size = content.count
        var out = [kind.rawValue << 4 | UInt8(size & 15)]
        size >>= 4
        while size > 0 {
            out[out.count - 1] |= 0x80
            out.append(UInt8(size & 0x7F))
            size >>= 7
        }
        return out + (deflate ? Zlib.deflate(content) : Zlib.stored(content))
    }

    /// The content of an object that `packBytes` wrote.
    static func unpacked(_ entry: [UInt8]) throws(Failure) -> [UInt8] {
        var size = Int(entry.first ?? 0) & 15
        var shift = 4
        var end = 1
        while end < entry.count, entry[end - 1] & 0x80 != 0 {
            size |= Int(entry[end] & 0x7F) << shift
            shift += 7
            end += 1
        }
        return try Zlib.inflate(Array(entry.dropFirst(end)), size: size)
    }
}

extension ObjectID {
    /// The id of an object: SHA-1 of its header and content.
    init(of kind: ObjectKind, _ content: [UInt8]) {
        var hash = SHA1()
        hash.update(Self.header(kind, content.count))
        hash.update(content)
        self = ObjectID(bytes: hash.finalize()) ?? .zero
    }

    /// The id that git gives to a file with this content.
    package init(ofBlob content: [UInt8]) { self.init(of: .blob, content) }

    static func header(_ kind: ObjectKind, _ count: Int) -> [UInt8] {
        Array("\(kind.name) \(count)".utf8) + [0]
    }
}
