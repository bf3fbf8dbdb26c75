import Foundation
import Synchronization

/// A server on 127.0.0.1 that answers with the very bytes a test says.
///
/// So broken answers can be made too. One connection a request.
final class LoopbackServer: Sendable {
    /// What to answer.
    struct Reply: Sendable {
        var bytes: [UInt8]
        /// Keep the connection open after the bytes until the client gives up.
        var hangs = false

        /// An answer with a right `Content-Length`.
        init(_ status: String = "200 OK", headers: [String] = [], body: String = "") {
            let length = ["Content-Length: \(body.utf8.count)"]
            self.init(raw: status, headers: headers + length, body: body)
        }

        /// An answer with just these headers.
        init(raw status: String, headers: [String], body: String, hangs: Bool = false) {
            let head = ["HTTP/1.1 \(status)", "Connection: close"] + headers
            bytes = Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
            self.hangs = hangs
        }
    }

    /// Gives the answer to request number `index` (from 0), whose head is `request`.
    typealias Handler = @Sendable (_ request: String, _ index: Int) -> Reply

    let port: Int
    private let listener: Int32
    private let seen = Mutex<[String]>([])

    /// Starts to answer.
    init(_ handler: @escaping Handler) throws {
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(socket, pointer, length) == 0 && listen(socket, 16) == 0
                    && getsockname(socket, pointer, &length) == 0
            }
        }
        guard isBound else { throw CocoaError(.fileReadUnknown) }
        listener = socket
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                Thread.detachNewThread { self.answer(connection, handler) }
            }
            close(listener)
        }
    }

    /// Stops listening.
    ///
    /// The accepting thread closes the socket, so that its number cannot come to
    /// stand for another server's while that thread still uses it.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// The heads of the requests so far.
    var requests: [String] { seen.withLock { $0 } }

    func url(_ path: String, host: String = "127.0.0.1") -> String {
        "http://\(host):\(port)\(path)"
    }

    private func answer(_ connection: Int32, _ handler: Handler) {
        defer { close(connection) }
        var head: [UInt8] = []
        while !head.ends(with: Array("\r\n\r\n".utf8)) {
            var byte: UInt8 = 0
            guard unsafe recv(connection, &byte, 1, 0) == 1 else { return }
            head.append(byte)
        }
        let request = String(decoding: head, as: UTF8.self)
        let index = seen.withLock { seen in
            seen.append(request)
            return seen.count - 1
        }
        let reply = handler(request, index)
        var rest = reply.bytes[...]
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes { bytes in
                unsafe send(
                    connection,
                    bytes.baseAddress,
                    bytes.count,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
        var byte: UInt8 = 0
        if reply.hangs { _ = unsafe recv(connection, &byte, 1, 0) }
    }
}

extension Array where Element == UInt8 {
    fileprivate func ends(with suffix: [UInt8]) -> Bool { self.suffix(suffix.count) == suffix[...] }
}
