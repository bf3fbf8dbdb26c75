import Diagnostics
import Glibc

/// Which files a sparse work tree has: the file `info/sparse-checkout`, of the syntax of gitignore.
///
/// The index says it of files that are known; this says it of files that come to be. The patterns
/// of a cone (`git sparse-checkout set FOLDER`) follow the same rules.
struct SparsePatterns {
    fileprivate struct Pattern {
        /// The parts between slashes; a pattern without slash matches at any depth.
        let parts: [String]
        let isAnchored: Bool
        let isFolder: Bool
        let isExcluded: Bool
    }

    private let patterns: [Pattern]

    /// Reads the text of the file.
    init(parsing text: String) {
        patterns = text.split(separator: "\n").compactMap { line in
            var line = line
            if line.hasSuffix("\r") { line.removeLast() }
            guard !line.hasPrefix("#") else { return nil }
            let isExcluded = line.hasPrefix("!")
            if isExcluded { line.removeFirst() }
            let isFolder = line.hasSuffix("/")
            if isFolder { line.removeLast() }
            let isAnchored = line.contains("/")
            if line.hasPrefix("/") { line.removeFirst() }
            guard !line.isEmpty else { return nil }
            return Pattern(
                parts: line.split(separator: "/", omittingEmptySubsequences: false)
                    .map(String.init),
                isAnchored: isAnchored,
                isFolder: isFolder,
                isExcluded: isExcluded
            )
        }
    }

    /// Whether the work tree has the file at `path`: the last pattern decides that matches it, or
    /// else the nearest folder above it.
    func includes(_ path: String) -> Bool {
        var parts = path.split(separator: "/").map(String.init)
        var isFolder = false
        while !parts.isEmpty {
            let match = patterns.last { $0.matches(parts, isFolder: isFolder) }
            if let match { return !match.isExcluded }
            parts.removeLast()
            isFolder = true
        }
        return false
    }
}

extension SparsePatterns.Pattern {
    fileprivate func matches(_ path: [String], isFolder: Bool) -> Bool {
        if self.isFolder && !isFolder { return false }
        if isAnchored { return Self.match(parts[...], path[...]) }
        guard let name = path.last else { return false }
        return Self.match(parts[...], [name])
    }

    private static func match(_ parts: ArraySlice<String>, _ path: ArraySlice<String>) -> Bool {
        guard let part = parts.first else { return path.isEmpty }
        if part == "**" {
            // At the end it stands for something inside, elsewhere for any folders or none.
            if parts.count == 1 { return !path.isEmpty }
            return (path.startIndex...path.endIndex).contains {
                match(parts.dropFirst(), path[$0...])
            }
        }
        guard let name = path.first, unsafe fnmatch(part, name, 0) == 0 else { return false }
        return match(parts.dropFirst(), path.dropFirst())
    }
}

extension Repository {
    /// Which files the work tree has; nil if it has all.
    func sparsePatterns() throws(Failure) -> SparsePatterns? {
        guard try configFlag("core.sparseCheckout"),
            let text = try Files.read("\(gitDirectory)/info/sparse-checkout")
        else { return nil }
        return SparsePatterns(parsing: String(decoding: text, as: UTF8.self))
    }
}
