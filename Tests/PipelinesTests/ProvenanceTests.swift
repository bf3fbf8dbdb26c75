import Codecs
import Diagnostics
import Snapshots
import Testing

@testable import Pipelines

/// A provenance with one thing or the other changed.
func provenance(
    kind: Provenance.Kind = .model,
    origin: String = "models/marts/a.sql",
    statement: String = "statement",
    settings: String = "settings",
    engine: String? = "duckdb 2",
    asOf: String? = "2025-01-01 00:00:00",
    inputs: [(String, String)] = [("raw.a", "one"), ("raw.b", "two")]
) throws -> Provenance {
    Provenance(
        kind: kind,
        origin: origin,
        statement: .of(statement),
        settings: .of(settings),
        engine: engine,
        asOf: asOf,
        inputs: try inputs.map {
            Provenance.Input(table: try TableName(parsing: $0.0), digest: .of($0.1))
        }
    )
}

struct ProvenanceTests {
    private func reread(_ json: JSONValue) throws -> Provenance? {
        Provenance(json: try JSONValue(parsing: Array(json.serialized(pretty: true).utf8)))
    }

    @Test(arguments: [
        Provenance.Kind.model, .source, .directory, .configuration, .imported,
    ])
    func `what is written is read again`(_ kind: Provenance.Kind) throws {
        let full = try provenance(kind: kind, origin: "a \"quoted\" é\n")
        #expect(try reread(full.json) == full)
        let empty = try provenance(kind: kind, engine: nil, asOf: nil, inputs: [])
        #expect(try reread(empty.json) == empty)
    }

    @Test func `the file has these members in this order`() throws {
        let provenance = try provenance(inputs: [("raw.a", "one")])
        let expected = """
            {"format":"osodata.provenance/1","kind":"model","origin":"models/marts/a.sql",\
            "statement":"\(Digest.of("statement").hex)","settings":"\(Digest.of("settings").hex)",\
            "engine":"duckdb 2","as_of":"2025-01-01 00:00:00",\
            "inputs":{"raw.a":"\(Digest.of("one").hex)"}
            """
        #expect(
            provenance.json.serialized()
                == expected + ",\"fingerprint\":\"\(provenance.fingerprint.hex)\"}"
        )
        #expect(provenance.fingerprint == .of(expected + "}"))
    }

    @Test func `the fingerprint tells any difference`() throws {
        let all = [
            try provenance(), try provenance(kind: .source), try provenance(origin: "b"),
            try provenance(statement: "b"), try provenance(settings: "b"),
            try provenance(engine: nil), try provenance(engine: "b"), try provenance(asOf: nil),
            try provenance(asOf: "b"), try provenance(inputs: []),
            try provenance(inputs: [("raw.a", "one")]),
            try provenance(inputs: [("raw.a", "one"), ("raw.b", "b")]),
            try provenance(inputs: [("raw.a", "one"), ("raw.c", "two")]),
        ]
        #expect(Set(all.map(\.fingerprint)).count == all.count)
        #expect(try provenance().fingerprint == provenance().fingerprint)
    }

    @Test(arguments: [
        ("osodata.provenance/1", "osodata.provenance/2"),
        ("\"model\"", "\"modem\""),
        ("\"origin\"", "\"origins\""),
        ("\"settings\":\"", "\"settings\":\"0"),
        ("\"statement\":\"", "\"statement\":\"x"),
        ("\"raw.a\"", "\"row.a\""),
        ("\"raw.a\"", "\"raw.b\""),  // twice one table
        ("\"inputs\":{", "\"inputs\":[],\"rest\":{"),
        ("\"raw.a\":\"", "\"raw.a\":\"0"),
    ])
    func `a file that is not of this version is none`(_ old: String, _ new: String) throws {
        let text = try provenance().json.serialized()
        let spoiled = text.replacing(old, with: new, maxReplacements: 1)
        #expect(spoiled != text)
        #expect(Provenance(json: try JSONValue(parsing: Array(spoiled.utf8))) == nil)
        #expect(Provenance(json: try JSONValue(parsing: Array(text.utf8))) != nil)
    }

    @Test func `no file is no provenance`() {
        #expect(Provenance(json: nil) == nil)
        #expect(Provenance(json: .null) == nil)
    }
}
