import Codecs
import Diagnostics
import Foundation

/// Standard output for results, standard error for everything else.
enum Output {
    /// Writes a line of a result.
    static func line(_ text: String) { write(text + "\n", to: stdout) }

    /// Writes result text as it is.
    static func text(_ text: String) { write(text, to: stdout) }

    /// Writes result bytes as they are.
    static func bytes(_ bytes: UnsafeBufferPointer<UInt8>) {
        let written = unsafe fwrite(bytes.baseAddress, 1, bytes.count, stdout)
        if written < bytes.count { endAfterFailedWrite() }
    }

    /// Writes a JSON result, indented.
    static func json(_ value: JSONValue) { line(value.serialized(pretty: true)) }

    /// Tells the user something that is not the result.
    static func message(_ text: String) {
        flush()
        fputs(text.hasSuffix("\n") ? text : text + "\n", stderr)
    }

    /// Tells the user what failed.
    static func error(_ failure: Failure) { message(failure.description) }

    /// Whether a person reads standard error.
    static var hasTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal standard output goes to; nil where it is none.
    static var width: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return 80
        }
        return Int(size.ws_col)
    }

    /// Hands over what is buffered.
    static func flush() {
        if fflush(stdout) != 0 { endAfterFailedWrite() }
    }

    private static func write(_ text: String, to stream: UnsafeMutablePointer<FILE>?) {
        guard let stream = unsafe stream, unsafe fputs(text, stream) >= 0 else {
            endAfterFailedWrite()
        }
    }

    /// A closed pipe ends the program quietly; a full disk does not.
    private static func endAfterFailedWrite() -> Never {
        if errno == EPIPE { exit(0) }
        fputs("error: Standard output cannot be written: \(String(cString: strerror(errno))).\n", stderr)
        exit(Failure.Kind.input.rawValue)
    }
}
