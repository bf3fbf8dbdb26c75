package import Codecs
import Diagnostics
import Records
package import Snapshots

/// How a snapshot came about: what a rebuild needs to make the same bytes again.
///
/// Stored as `provenance.json` beside the manifest. It holds no clock time: `asOf` is data, what
/// the sources said they cover.
package struct Provenance: Sendable, Equatable {
    /// What made the table: `model`, `source`, `directory`, `configuration`, `imported` or `run`.
    package let kind: Kind
    /// The file or source it was made from.
    package let origin: String
    /// Digest of the statement (or of the origin's content), without comments and positions.
    package let statement: Digest
    /// Digest of what the header says of the table: key, class, documentation, renames.
    package let settings: Digest
    /// The SQL engine with its settings, or nil where none took part.
    package let engine: String?
    /// The value of `as_of()`, if the statement uses it: `.some(nil)` is SQL's NULL.
    package let asOf: String?
    /// Tables read, with their digests, sorted by table.
    package let inputs: [Input]
    /// Of a table in partitions: digest of its rows of `meta.partitions`, which are of this version
    /// if it is theirs.
    ///
    /// It follows from the rest, so it is not in the fingerprint.
    var partitions: Digest?

    /// What kind of step made a table.
    package enum Kind: String, Sendable {
        case model, source, directory, configuration, imported
        /// What a run tells of itself.
        case run
    }

    /// One table read.
    package struct Input: Sendable, Equatable {
        package let table: TableName
        package let digest: Digest
    }

    /// One digest over all of it: equal fingerprints promise equal tables.
    package var fingerprint: Digest { .of(json: json(withFingerprint: false)) }

    /// The content of `provenance.json`.
    package var json: JSONValue { json(withFingerprint: true) }

    private func json(withFingerprint: Bool) -> JSONValue {
        var members: [(key: String, value: JSONValue)] = [
            ("format", .string("osodata.provenance/1")),
            ("kind", .string(kind.rawValue)),
            ("origin", .string(origin)),
            ("statement", .string(statement.hex)),
            ("settings", .string(settings.hex)),
            ("engine", engine.map { .string($0) } ?? .null),
            ("as_of", asOf.map { .string($0) } ?? .null),
            (
                "inputs",
                .object(inputs.map { ($0.table.description, .string($0.digest.hex)) })
            ),
        ]
        if withFingerprint {
            if let partitions { members.append(("partitions", .string(partitions.hex))) }
            members.append(("fingerprint", .string(fingerprint.hex)))
        }
        return .object(members)
    }
}

extension Digest {
    /// SHA-256 of a JSON value's text: unlike joined words it cannot be read in two ways.
    static func of(json: JSONValue) -> Digest { .of(json.serialized()) }
}

extension Provenance {
    /// Reads `provenance.json`; nil for one that is not of this version (a rebuild replaces it).
    package init?(json: JSONValue?) {
        guard let json, json["format"]?.string == "osodata.provenance/1",
            let kind = json["kind"]?.string.flatMap(Kind.init(rawValue:)),
            let origin = json["origin"]?.string,
            let statement = json["statement"]?.string.flatMap({ Digest(hex: $0) }),
            let settings = json["settings"]?.string.flatMap({ Digest(hex: $0) }),
            case .object(let members)? = json["inputs"]
        else { return nil }
        var inputs: [Input] = []
        for (name, value) in members {
            guard let table = try? TableName(parsing: name),
                !inputs.contains(where: { $0.table == table }),
                let digest = value.string.flatMap({ Digest(hex: $0) })
            else { return nil }
            inputs.append(Input(table: table, digest: digest))
        }
        self.init(
            kind: kind,
            origin: origin,
            statement: statement,
            settings: settings,
            engine: json["engine"]?.string,
            asOf: json["as_of"]?.string,
            inputs: inputs,
            partitions: json["partitions"]?.string.flatMap { Digest(hex: $0) }
        )
    }
}
