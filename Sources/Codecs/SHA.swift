import CCrypto

/// A hash being computed by libcrypto; the two public types differ in algorithm and result.
///
/// A class: other modules destroy unfinished hashes when an error is thrown, and Swift 6.3.1 links
/// no destruction of a private non-copyable struct into them.
@safe
private final class EVPHash {
    private let context: OpaquePointer

    init(_ algorithm: OpaquePointer) {
        guard let context = unsafe EVP_MD_CTX_new(),
            unsafe EVP_DigestInit_ex2(context, algorithm, nil) == 1
        else { preconditionFailure("libcrypto has no memory for a hash") }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        let result = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(result == 1, "libcrypto refused to hash")
    }

    func finalize(count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { out, written in
            let result = unsafe EVP_DigestFinal_ex(context, out.baseAddress, nil)
            precondition(result == 1, "libcrypto refused to finish a hash")
            written = count
        }
    }

    /// Looked up once: the implicit look-up costs more than hashing a small object.
    nonisolated(unsafe) static let sha256 = unsafe fetch("SHA256")
    nonisolated(unsafe) static let sha1 = unsafe fetch("SHA1")

    private static func fetch(_ name: String) -> OpaquePointer {
        guard let algorithm = unsafe EVP_MD_fetch(nil, name, nil) else {
            preconditionFailure("libcrypto lacks \(name)")
        }
        return unsafe algorithm
    }
}

/// SHA-256 over bytes that come in pieces.
package struct SHA256: ~Copyable {
    private let hash: EVPHash

    /// Starts with nothing hashed.
    package init() { hash = unsafe EVPHash(EVPHash.sha256) }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { unsafe hash.update(bytes) }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe hash.update($0) }
    }

    /// Adds the UTF-8 of a text.
    package mutating func update(_ text: String) { update(Array(text.utf8)) }

    /// The digest of everything added.
    package consuming func finalize() -> Digest { Digest(bytes: hash.finalize(count: 32)) }
}

extension Digest {
    /// SHA-256 of bytes.
    package static func of(_ bytes: UnsafeRawBufferPointer) -> Digest {
        var hash = SHA256()
        unsafe hash.update(bytes)
        return hash.finalize()
    }

    /// SHA-256 of bytes.
    package static func of(_ bytes: [UInt8]) -> Digest {
        unsafe bytes.withUnsafeBytes { unsafe of($0) }
    }

    /// SHA-256 of the UTF-8 of a text.
    package static func of(_ text: String) -> Digest { of(Array(text.utf8)) }
}

/// SHA-1 over bytes that come in pieces; for git's object names only.
package struct SHA1: ~Copyable {
    private let hash: EVPHash

    /// Starts with nothing hashed.
    package init() { hash = unsafe EVPHash(EVPHash.sha1) }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { unsafe hash.update(bytes) }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe hash.update($0) }
    }

    /// Adds the UTF-8 of a text.
    package mutating func update(_ text: String) { update(Array(text.utf8)) }

    /// The 20 bytes of the hash of everything added.
    package consuming func finalize() -> [UInt8] { hash.finalize(count: 20) }
}

/// HMAC-SHA256 (RFC 2104) of `message` under `key`.
package func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> Digest {
    let out = unsafe [UInt8](unsafeUninitializedCapacity: 32) { out, written in
        // libcrypto takes a null key for "the key of last time": give it an address always.
        let padded = key + [0]
        let result = unsafe HMAC(
            EVPHash.sha256,
            padded,
            Int32(key.count),
            message,
            message.count,
            out.baseAddress,
            nil
        )
        precondition(unsafe result != nil, "libcrypto refused to compute a MAC")
        written = 32
    }
    return Digest(bytes: out)
}
