package import Codecs
package import Diagnostics
import Foundation

/// A JSON object in `.osodata` that one run leaves to the next; one that is lost or makes no sense
/// is as empty.
package struct StateFile {
    private let file: URL

    /// A file of the warehouse at `root`.
    package init(_ name: String, root: String) {
        file = URL(fileURLWithPath: "\(root)/.osodata/\(name)")
    }

    /// What it holds.
    package var members: [(key: String, value: JSONValue)] {
        guard let text = try? Data(contentsOf: file) else { return [] }
        return (try? JSONValue(parsing: [UInt8](text)))?.object ?? []
    }

    /// Puts other members in the place of those it holds, sorted by key.
    ///
    /// - Throws: `state.unwritable`.
    package func write(_ members: [(key: String, value: JSONValue)]) throws(Failure) {
        let text = JSONValue.object(members.sorted { $0.key < $1.key }).serialized(pretty: true)
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data((text + "\n").utf8).write(to: file, options: .atomic)
        } catch {
            throw Failure(
                .stateUnwritable,
                "'\(file.path)' cannot be written.",
                hint: "Free some disk space or mend the folder's permissions.",
                cause: error.localizedDescription
            )
        }
    }
}

extension Failure.Code {
    /// A file of `.osodata` cannot be written.
    static let stateUnwritable = Self("state.unwritable")
}
