/// Which model is begun next: the first in the graph's order of those whose inputs are done.
struct JobOrder {
    /// Of each model, how many of those before it are not done.
    private var missing: [Int]
    /// Of each model, those that wait for it.
    private var readers: [[Int]]
    /// Those that may begin, the first last.
    private var ready: [Int]

    /// The models of a run, in the graph's order.
    init(_ nodes: [Graph.Node]) {
        let numbers = Dictionary(
            uniqueKeysWithValues: nodes.enumerated().map { ($1.model.table, $0) }
        )
        missing = Array(repeating: 0, count: nodes.count)
        readers = Array(repeating: [], count: nodes.count)
        for (number, node) in nodes.enumerated() {
            for input in node.predecessors {
                guard let before = numbers[input], before != number else { continue }
                missing[number] += 1
                readers[before].append(number)
            }
        }
        ready = missing.indices.reversed().filter { [missing] in missing[$0] == 0 }
    }

    /// How many may begin.
    var readyCount: Int { ready.count }

    /// The number of the next; nil if all that are left wait for others.
    mutating func next() -> Int? { ready.popLast() }

    /// Lets those begin that waited for this one alone.
    mutating func finish(_ number: Int) {
        for reader in readers[number] {
            missing[reader] -= 1
            guard missing[reader] == 0 else { continue }
            let place = ready.firstIndex { $0 < reader } ?? ready.endIndex
            ready.insert(reader, at: place)
        }
    }
}
