import Diagnostics

/// Durations as people write them in files: a whole number and a unit, `45s`, `30m`, `2h`, `7d`.
enum DurationText {
    /// Seconds of each unit.
    private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]

    /// Reads a duration.
    ///
    /// - Returns: nil for other text, and for no time at all.
    static func parse(_ text: String) -> Duration? {
        guard let unit = text.last.flatMap({ units[$0] }),
            text.dropLast().utf8.allSatisfy({ (48...57).contains($0) }),
            let count = Int64(text.dropLast()), count > 0, count <= 1_000_000
        else { return nil }
        return .seconds(count * unit)
    }

    /// Writes a duration of whole seconds, in the largest unit it is a whole number of.
    static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        let fitting = units.filter { seconds % $0.value == 0 }.max { $0.value < $1.value }
        guard let fitting, seconds > 0 else { return "\(seconds)s" }
        return "\(seconds / fitting.value)\(fitting.key)"
    }
}

extension TOMLSettings {
    /// The duration under a key; nil if it is not there.
    ///
    /// - Throws: `config.wrong-type`, `config.value`, at the value.
    func duration(_ key: String) throws(Failure) -> Duration? {
        guard let text = try string(key) else { return nil }
        if let duration = DurationText.parse(text) { return duration }
        throw failure(
            key,
            "'\(key)' is no duration: \"\(text)\".",
            hint: "Write a whole number and a unit, as \"45s\", \"30m\", \"2h\" or \"7d\"."
        )
    }
}
