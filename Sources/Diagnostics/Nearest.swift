/// The candidate that `word` is most likely a misspelling of, whatever its case.
///
/// That is the one with the smallest edit distance, if that is at most a third of the word's
/// letters (one letter in short words); or else the shortest one that `word` begins, from three
/// letters on.
///
/// - Complexity: O(candidates × length²); used in error messages only.
package func nearest(to word: String, among candidates: [String]) -> String? {
    let word = word.lowercased()
    let limit = word.count < 2 ? 0 : max(1, word.count / 3)
    let candidates = candidates.sorted()
    let near = candidates.map { ($0, editDistance(word, $0.lowercased())) }
        .filter { $0.1 <= limit }
        .min { $0.1 < $1.1 }
    if let near { return near.0 }
    guard word.count >= 3 else { return nil }
    return candidates.filter { $0.lowercased().hasPrefix(word) }.min { $0.count < $1.count }
}

/// Levenshtein's distance with swaps: insertions, deletions, replacements, and swaps of letters
/// side by side.
private func editDistance(_ first: String, _ second: String) -> Int {
    let word = Array(first)
    let target = Array(second)
    var beforeLast: [Int] = []
    var last = Array(0...target.count)
    for i in word.indices {
        var row = [i + 1]
        for j in target.indices {
            var least = min(
                last[j] + (word[i] == target[j] ? 0 : 1),
                last[j + 1] + 1,
                row[j] + 1
            )
            if i > 0, j > 0, word[i] == target[j - 1], word[i - 1] == target[j] {
                least = min(least, beforeLast[j - 1] + 1)
            }
            row.append(least)
        }
        (beforeLast, last) = (last, row)
    }
    return last[target.count]
}
