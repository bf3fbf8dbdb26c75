import Diagnostics

/// What files say against each other.
struct DirectoryConflicts {
    private let files: [CheckedFile]
    /// Files that an edit changed; of two that disagree, one of these is complained about.
    private let changed: Set<String>
    private(set) var problems: [DirectoryProblem] = []

    /// A claim, and whose it is.
    private struct Owner {
        let file: Int
        let claim: Int
    }

    /// Compares files with one another.
    ///
    /// - Parameters:
    ///   - files: all of a directory, in the order of their paths.
    ///   - changed: the paths that an edit changed.
    init(_ files: [CheckedFile], changed: Set<String>) {
        self.files = files
        self.changed = changed
        checkNames()
        checkMembers()
        checkClaims()
    }

    private mutating func complain(
        _ code: Failure.Code,
        _ message: String,
        _ hint: String,
        _ place: Place,
        subject: String
    ) {
        let failure = Failure(code, message, hint: hint, place: place)
        problems.append(DirectoryProblem(failure, subject: subject))
    }

    // MARK: Names

    private mutating func checkNames() {
        var first: [String: Int] = [:]
        for (index, file) in files.enumerated() {
            let key = "\(file.isProject) \(file.name)"
            guard let other = first[key] else {
                first[key] = index
                continue
            }
            complain(
                .duplicateName,
                "The name \"\(file.name)\" is taken by \"\(files[other].path)\" already.",
                "Rename or remove one of the two files.",
                Place(file: file.path, line: file.nameLine),
                subject: "name"
            )
        }
    }

    private mutating func checkMembers() {
        let names = Set(files.lazy.filter(\.isProject).map(\.name))
        var candidates: [String]?
        for file in files {
            for member in file.members where !names.contains(member.key) {
                let all = candidates ?? Array(names)
                candidates = all
                let near = nearest(to: member.key, among: all)
                complain(
                    .unknownProject,
                    "The collection lists \"\(member.text)\", but there is no such project.",
                    near.map { "Did you mean \"\($0)\"?" }
                        ?? "Correct the name, or add projects/\(member.key.prefix(1))/"
                        + "\(member.key).yaml.",
                    Place(file: file.path, line: member.line, column: member.column),
                    subject: member.key
                )
            }
        }
    }

    // MARK: Claims

    private func claim(_ owner: Owner) -> CheckedFile.Claim {
        files[owner.file].claims[owner.claim]
    }

    private mutating func checkClaims() {
        var first: [UInt64: Owner] = [:]
        var more: [UInt64: [Owner]] = [:]
        first.reserveCapacity(files.count * 10)
        for (index, file) in files.enumerated() {
            for (position, claim) in file.claims.enumerated() {
                let owner = Owner(file: index, claim: position)
                guard let other = first.updateValue(owner, forKey: claim.hash) else { continue }
                first[claim.hash] = other
                more[claim.hash, default: []].append(owner)
            }
        }
        let shared = more.compactMap { hash, rest in first[hash].map { [$0] + rest } }
        for group in shared.sorted(by: { ($0[0].file, $0[0].claim) < ($1[0].file, $1[0].claim) }) {
            // Equal hashes of different keys are told apart here.
            for owners in Dictionary(grouping: group, by: { claim($0).key }).values
            where Set(owners.map(\.file)).count > 1 { compare(owners) }
        }
        compareRepositories { first[$0] }
    }

    /// Complains about owners of one key.
    private mutating func compare(_ owners: [Owner]) {
        let key = claim(owners[0]).key
        if key.hasPrefix("address:") { return compareAddresses(owners) }
        for owner in owners.dropFirst() where owner.file != owners[0].file {
            report(owner, owners[0])
        }
    }

    /// One address in two projects, on one network or on `any_evm` in either.
    private mutating func compareAddresses(_ owners: [Owner]) {
        for (index, owner) in owners.enumerated() {
            let network = claim(owner).network
            let other = owners[..<index].first { other in
                let theirs = claim(other).network
                return other.file != owner.file
                    && (theirs == network || theirs == "any_evm" || network == "any_evm")
            }
            if let other { report(owner, other) }
        }
    }

    /// A repository in one project, its owner whole in another.
    private mutating func compareRepositories(_ first: (UInt64) -> Owner?) {
        for (index, file) in files.enumerated() {
            for (position, claim) in file.claims.enumerated() {
                guard let hash = claim.ownerHash, let owner = first(hash), owner.file != index,
                    claim.key.hasPrefix(self.claim(owner).key + "/")
                else { continue }
                report(Owner(file: index, claim: position), owner)
            }
        }
    }

    /// Complains about one of two claims: the one that an edit brought, or else the second.
    private mutating func report(_ second: Owner, _ first: Owner) {
        let paths = (files[second.file].path, files[first.file].path)
        let swaps = changed.contains(paths.1) && !changed.contains(paths.0)
        let (here, there) = swaps ? (first, second) : (second, first)
        let (file, other) = (files[here.file], files[there.file])
        let (mine, theirs) = (claim(here), claim(there))
        let place = Place(file: file.path, line: mine.line, column: mine.column)
        let line = "\(other.path):\(theirs.line)"
        // The pair in one order, whichever of the two is complained about.
        let subject = "\(claim(first).key) \(claim(second).key) \(paths)"
        if mine.key.hasPrefix("display_name:") {
            return complain(
                .displayNameTaken,
                "The display name \"\(mine.text)\" is that of the project \"\(other.name)\","
                    + " too (\(line)).",
                "Choose a name that tells them apart.",
                place,
                subject: subject
            )
        }
        var what = "\"\(mine.text)\""
        if !mine.network.isEmpty {
            what +=
                mine.network == theirs.network
                ? " on \(mine.network)" : " on \(mine.network) (theirs: \(theirs.network))"
        }
        let belongs: String
        if mine.key == theirs.key {
            belongs = "belongs to the project \"\(other.name)\", too"
        } else if mine.key.contains("/") {
            belongs = "belongs to an owner that the project \"\(other.name)\" lists whole"
        } else {
            belongs = "is the owner of \"\(theirs.text)\" of the project \"\(other.name)\""
        }
        complain(
            .artifactTaken,
            "\(what) of \"\(file.name)\" \(belongs) (\(line)).",
            "Leave it to one of the two projects.",
            place,
            subject: subject
        )
    }
}
