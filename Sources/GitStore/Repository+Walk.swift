import CLibGit2
package import Diagnostics

extension Repository {
    /// Visits the history of a commit until `body` gives false.
    ///
    /// Children come before parents, of several choices the latest first; with `firstParent`, only
    /// first parents come.
    ///
    /// A shallow clone's history ends where the clone does. Reads commits only, so that clones
    /// with `--filter=tree:0` can be walked. libgit2's own walk is not used: in 1.5 it knows
    /// nothing of shallow clones.
    ///
    /// - Throws: `git.missing-object`, or what `body` throws.
    /// - Complexity: reads the whole history before the first visit, unless `firstParent`.
    package func walk(
        from start: ObjectID,
        firstParent: Bool = false,
        _ body: (CommitInfo) throws(Failure) -> Bool
    ) throws(Failure) {
        if firstParent {
            var next: ObjectID? = start
            while let id = next {
                let info = try commit(id)
                guard try body(info) else { return }
                next = shallowCommits.contains(id) ? nil : info.parents.first
            }
            return
        }
        var graph = try CommitGraph(from: start, in: self)
        while let id = graph.next() {
            guard try body(try commit(id)) else { return }
        }
    }

    /// How many commits one history has that another lacks.
    ///
    /// - Parameters:
    ///   - commit: the newest of the one.
    ///   - other: the newest of the other.
    /// - Returns: nil if what is here cannot tell, as in a shallow clone.
    package func commits(of commit: ObjectID, beyond other: ObjectID) -> Int? {
        try? unsafe withHandle { (repository) throws(Failure) -> Int in
            var (ahead, behind) = (0, 0)
            var (mine, theirs) = (commit.raw, other.raw)
            try LibGit2.check(
                unsafe git_graph_ahead_behind(&ahead, &behind, repository, &mine, &theirs),
                "The histories cannot be compared."
            )
            return ahead
        }
    }

    /// The newest commit that two histories share.
    ///
    /// - Parameters:
    ///   - commit: the newest of the one.
    ///   - other: the newest of the other.
    /// - Returns: nil if they share none, or what is here cannot tell, as in a shallow clone.
    package func mergeBase(of commit: ObjectID, _ other: ObjectID) -> ObjectID? {
        try? unsafe withHandle { (repository) throws(Failure) -> ObjectID in
            var (mine, theirs) = (commit.raw, other.raw)
            var base = git_oid()
            try LibGit2.check(
                unsafe git_merge_base(&base, repository, &mine, &theirs),
                "The histories share no commit."
            )
            return ObjectID(base)
        }
    }

    /// The commit's parents that are here, and its commit time.
    func links(of id: ObjectID) throws(Failure) -> (parents: [ObjectID], time: Int64) {
        try unsafe withObject(id, GIT_OBJECT_COMMIT) { (bytes) throws(Failure) in
            let header = CommitHeader(unsafe Array(bytes))
            let time = SignatureText.parse(header.committer, .utf8).time
            return (shallowCommits.contains(id) ? [] : header.parents, time)
        }
    }
}

/// A history in memory, given out in topological order (Kahn's algorithm with a heap).
private struct CommitGraph {
    private struct Node {
        let id: ObjectID
        var time: Int64 = 0
        var parents: [Int] = []
        var children = 0
    }

    private var nodes: [Node] = []
    /// Indices of nodes whose children were all given out, as a binary heap: latest first, then the
    /// one met first.
    private var ready: [Int] = []

    init(from start: ObjectID, in repository: Repository) throws(Failure) {
        var places = [start: 0]
        nodes.append(Node(id: start))
        var place = 0
        while place < nodes.count {
            let links = try repository.links(of: nodes[place].id)
            nodes[place].time = links.time
            for parent in links.parents {
                let other = places[parent] ?? nodes.count
                if other == nodes.count {
                    places[parent] = other
                    nodes.append(Node(id: parent))
                }
                nodes[place].parents.append(other)
                nodes[other].children += 1
            }
            place += 1
        }
        push(0)
    }

    mutating func next() -> ObjectID? {
        guard let place = pop() else { return nil }
        for parent in nodes[place].parents {
            nodes[parent].children -= 1
            if nodes[parent].children == 0 { push(parent) }
        }
        return nodes[place].id
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        let times = (nodes[left].time, nodes[right].time)
        return times.0 == times.1 ? left < right : times.0 > times.1
    }

    private mutating func push(_ place: Int) {
        ready.append(place)
        var child = ready.count - 1
        while child > 0, isBefore(ready[child], ready[(child - 1) / 2]) {
            ready.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> Int? {
        guard let first = ready.first, let last = ready.popLast() else { return nil }
        guard !ready.isEmpty else { return first }
        ready[0] = last
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < ready.count && isBefore(ready[child], ready[best]) {
                best = child
            }
            guard best != parent else { return first }
            ready.swapAt(parent, best)
            parent = best
        }
    }
}
