import Diagnostics
import Pipelines
import Testing

/// A warehouse's files in memory.
struct MemoryFiles: WarehouseFiles {
    let files: [String: [UInt8]]

    init(_ files: [String: String]) { self.files = files.mapValues { Array($0.utf8) } }

    init(bytes: [String: [UInt8]]) { files = bytes }

    func list(_ folder: String) throws(Failure) -> [String] {
        files.keys.filter { $0.hasPrefix(folder + "/") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func read(_ path: String) throws(Failure) -> [UInt8]? { files[path] }
}

/// What a failure should say; a hint of nil is one there should not be.
struct Expected: Sendable {
    let code: Failure.Code
    let place: String?
    let message: String
    let hint: String?

    init(_ code: Failure.Code, at place: String?, _ message: String, hint: String?) {
        self.code = code
        self.place = place
        self.message = message
        self.hint = hint
    }

    /// Checks that `failure` says it.
    func check(_ failure: Failure, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(failure.code == code, sourceLocation: sourceLocation)
        #expect(failure.place?.description == place, sourceLocation: sourceLocation)
        #expect(failure.message == message, sourceLocation: sourceLocation)
        #expect(failure.hint == hint, sourceLocation: sourceLocation)
    }
}
