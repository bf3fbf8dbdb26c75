/// The candidate with the smallest edit distance to `word`, if near enough to be a misspelling:
/// at most a third of the word's letters, at least one.
///
/// - Complexity: O(candidates × length²); used in error messages only.
package func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = max(1, word.count / 3)
    return candidates.sorted().map { ($0, editDistance(word, $0)) }
        .filter { $0.1 <= limit }
        .min { $0.1 < $1.1 }?.0
}

/// Levenshtein's distance: insertions, deletions and replacements.
private func editDistance(_ first: String, _ second: String) -> Int {
    let target = Array(second)
    var row = Array(0...target.count)
    for (i, letter) in first.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for j in target.indices {
            let replaced = diagonal + (letter == target[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[target.count]
}
