import Foundation
package import Testing

/// Compares `actual` with `Golden/<name>` beside the calling test file.
///
/// A missing file, or `RECORD_GOLDEN=1`, writes the file and fails the test.
package func expectGolden(
    _ actual: String,
    _ name: String,
    filePath: String = #filePath,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let folder = URL(fileURLWithPath: filePath).deletingLastPathComponent().appending(
        path: "Golden"
    )
    let file = folder.appending(path: name)
    let isRecording = ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil
    if isRecording || !FileManager.default.fileExists(atPath: file.path) {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try actual.write(to: file, atomically: true, encoding: .utf8)
        Issue.record("recorded \(name); review it and run again", sourceLocation: sourceLocation)
    } else {
        let expected = try Data(contentsOf: file)
        // Bytes, not Strings: String's == takes different spellings of a character as equal.
        #expect(
            Array(actual.utf8) == Array(expected),
            "differs from Golden/\(name):\n\(actual)",
            sourceLocation: sourceLocation
        )
    }
}
