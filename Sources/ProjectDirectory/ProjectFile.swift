import Diagnostics

extension Project {
    /// Reads a project file.
    init(yaml: YAMLValue, path: String) throws(Failure) {
        let file = try DirectoryFile(yaml, path: path, kind: "project")
        self.init(
            name: file.name,
            displayName: file.displayName,
            description: file.description,
            artifacts: try Self.artifacts(file),
            document: try yaml.canonicalJSON(),
            sourceFile: file.sourceFile,
            sourceLine: file.nameLine
        )
    }

    /// The artifacts of a file in its order of kinds, each once.
    private static func artifacts(_ file: DirectoryFile) throws(Failure) -> [ProjectArtifact] {
        var artifacts: [ProjectArtifact] = []
        for (key, make) in ProjectArtifact.urlKinds {
            for (url, line) in try urls(file.entries[key], key: key) {
                if let artifact = make(url, line) { artifacts.append(artifact) }
            }
        }
        if let social = file.entries["social"] {
            for (key, value) in try social.entries("\"social\"") where !value.isNull {
                let kind = try key.text("A key")
                for (url, line) in try urls(value, key: kind) {
                    if let artifact = ProjectArtifact.socialHandle(kind, url: url, line: line) {
                        artifacts.append(artifact)
                    }
                }
            }
        }
        for key in ["crates", "pypi", "go", "open_collective"] {
            // Not artifacts in Open Source Observer, but broken lists are complained about alike.
            _ = try urls(file.entries[key], key: key)
        }
        artifacts += try addresses(file.entries["blockchain"])
        var seen: Set<ProjectArtifact.Identity> = []
        return artifacts.filter { seen.insert($0.identity).inserted }
    }

    /// The elements of a list of `- url: …`.
    private static func urls(
        _ list: YAMLValue?,
        key: String
    ) throws(Failure) -> [(url: String, line: Int)] {
        guard let list else { return [] }
        var urls: [(url: String, line: Int)] = []
        for element in try list.elements("\"\(key)\"") {
            let entries = try element.entries("An element of \"\(key)\"")
            var url: String?
            for (name, value) in entries where name.is("url") { url = try value.text("A URL") }
            guard let url else {
                throw element.invalid("An element of \"\(key)\" has no \"url\".")
            }
            urls.append((url, element.line))
        }
        return urls
    }

    /// One artifact per network and tag of each address.
    private static func addresses(_ list: YAMLValue?) throws(Failure) -> [ProjectArtifact] {
        guard let list else { return [] }
        var artifacts: [ProjectArtifact] = []
        for element in try list.elements("\"blockchain\"") {
            var address: String?
            var tags: [String] = []
            var networks: [String] = []
            for (key, value) in try element.entries("An element of \"blockchain\"") {
                if key.is("address") {
                    address = try value.text("An address")
                } else if key.is("tags") {
                    tags = try texts(value, "\"tags\"")
                } else if key.is("networks") {
                    networks = try texts(value, "\"networks\"")
                }
            }
            guard let address else {
                throw element.invalid("An element of \"blockchain\" has no \"address\".")
            }
            guard !tags.isEmpty, !networks.isEmpty else {
                throw element.invalid(
                    "The address \"\(address)\" has no \"\(tags.isEmpty ? "tags" : "networks")\".",
                    hint: "List at least one."
                )
            }
            for network in networks {
                for tag in tags {
                    let artifact = ProjectArtifact.address(
                        address,
                        network: network,
                        tag: tag,
                        line: element.line
                    )
                    if let artifact { artifacts.append(artifact) }
                }
            }
        }
        return artifacts
    }

    private static func texts(
        _ list: YAMLValue,
        _ what: String
    ) throws(Failure) -> [String] {
        var texts: [String] = []
        for element in try list.elements(what) {
            texts.append(try element.text("An element of \(what)"))
        }
        return texts
    }
}
