import Fetching

extension FetchProgress {
    /// A line for a person: file, size, rate and time left, or why it is tried again.
    var text: String {
        let name = url.split(separator: "/").last.map(String.init) ?? url
        switch event {
        case .retrying(let seconds, let reason):
            return "\(name): \(reason); again in \(Int(seconds.rounded(.up))) s"
        case .receiving, .finished:
            let done = Self.size(bytes) + (totalBytes.map { " of \(Self.size($0))" } ?? "")
            let rate = bytesPerSecond > 0 ? ", \(Self.size(Int64(bytesPerSecond)))/s" : ""
            let left = secondsLeft.flatMap(Self.left) ?? ""
            return "\(name): \(done)\(rate)\(left)"
        }
    }

    /// Nothing for what is done, or would take longer than anybody waits.
    private static func left(seconds: Double) -> String? {
        (0.5..<1e7).contains(seconds) ? ", \(Int(seconds.rounded(.up))) s left" : nil
    }

    private static func size(_ bytes: Int64) -> String {
        bytes < 1_000_000 ? "\(bytes / 1_000) kB" : "\(bytes / 1_000_000) MB"
    }
}
