import Codecs
import Diagnostics
import Foundation
import Synchronization

/// Standard output for results, standard error for everything else.
enum Output {
    /// What waits to be written to standard output.
    private static let buffer = Mutex<[UInt8]>([])
    /// So many bytes go out in one write.
    private static let bufferSize = 1 << 16

    /// The file that results go to instead of standard output: its name, and the one it has until
    /// it is whole.
    private static let file = Mutex<(path: String, temporary: String)?>(nil)

    /// Sends results to a file instead, which takes its name only when `endFile` is called.
    static func begin(file path: String) throws(Failure) {
        let temporary = temporaryName(for: path)
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw cannotWrite(path) }
        file.withLock { $0 = (path, temporary) }
        dup2(descriptor, STDOUT_FILENO)
        close(descriptor)
    }

    /// Gives the file its name.
    static func endFile() throws(Failure) {
        flush()
        guard let (path, temporary) = file.withLock({ $0 }) else { return }
        try publish(temporary, as: path)
        file.withLock { $0 = nil }
    }

    /// Removes a file that did not become whole.
    static func abandonFile() {
        let temporary = file.withLock { file in
            defer { file = nil }
            return file?.temporary
        }
        if let temporary { _ = unsafe unlink(temporary) }
    }

    /// A name beside a file's that no other process uses.
    static func temporaryName(for path: String) -> String {
        "\(path).osodata-\(ProcessInfo.processInfo.processIdentifier)"
    }

    /// Gives a whole file its name.
    static func publish(_ temporary: String, as path: String) throws(Failure) {
        guard unsafe rename(temporary, path) == 0 else { throw cannotWrite(path) }
    }

    private static func cannotWrite(_ path: String) -> Failure {
        let cause = POSIXError.Code(rawValue: errno).map { POSIXError($0).localizedDescription }
        return Failure(.outputFile, "The file '\(path)' cannot be written.", cause: cause)
    }

    /// Forgets what was written, as long as none of it has gone out; gives whether that is so.
    ///
    /// A file that was begun is given up.
    static func takeBack() -> Bool {
        guard file.withLock({ $0 != nil }) || !began.withLock({ $0 }) else { return false }
        abandonFile()
        buffer.withLock { $0.removeAll(keepingCapacity: true) }
        return true
    }

    private static let began = Mutex(false)

    /// Writes a line of a result.
    static func line(_ text: String) { self.text(text + "\n") }

    /// Writes result text as it is.
    static func text(_ text: String) { bytes(text.utf8) }

    /// Writes the UTF-8 of result text as it is.
    static func bytes(_ utf8: some Collection<UInt8>) {
        let isFull = buffer.withLock { buffer in
            buffer.append(contentsOf: utf8)
            return buffer.count >= bufferSize
        }
        if isFull { flush() }
    }

    /// Writes a JSON result, indented.
    static func json(_ value: JSONValue) { line(value.serialized(pretty: true)) }

    /// Tells the user something that is not the result.
    static func message(_ text: String) {
        flush()
        status(text.hasSuffix("\n") ? text : text + "\n")
    }

    /// Writes to standard error as it is; what cannot be written there is nobody's to read.
    static func status(_ text: String) { _ = write(Array(text.utf8), to: STDERR_FILENO) }

    /// Tells the user what failed.
    static func error(_ failure: Failure) { message(failure.description) }

    /// Whether a person reads standard error.
    static var hasTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal standard output goes to, or `COLUMNS` as git takes it; nil where
    /// there is none.
    static var width: Int? {
        let said = ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init)
        if let said, said > 0 { return said }
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return 80
        }
        return Int(size.ws_col)
    }

    /// Whether standard output may have colours: a terminal that can show them, and nobody who
    /// said no (https://no-color.org).
    static var isColoured: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR", default: ""].isEmpty
            && environment["TERM"] != "dumb"
    }

    /// Hands over what is buffered.
    ///
    /// A closed pipe ends the program quietly, a full disk does not.
    static func flush() {
        let waiting = buffer.withLock { buffer in
            defer { buffer.removeAll(keepingCapacity: true) }
            return buffer
        }
        if !waiting.isEmpty { began.withLock { $0 = true } }
        guard let number = write(waiting, to: STDOUT_FILENO) else { return }
        if number == EPIPE { exit(0) }
        let name = file.withLock { $0.map { "The file '\($0.path)'" } } ?? "Standard output"
        abandonFile()
        status(
            "error: \(name) cannot be written: \(POSIXError.Code(rawValue: number).map { POSIXError($0).localizedDescription } ?? "error \(number)").\n"
        )
        exit(Failure.Kind.input.rawValue)
    }

    /// Writes all bytes; the error's number if that fails.
    private static func write(_ bytes: [UInt8], to file: Int32) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(file, $0.baseAddress, $0.count)
            }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}

extension Failure.Code {
    /// A file for results cannot be written.
    static let outputFile = Self("command.output-file")
}
