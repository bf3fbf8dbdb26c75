import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Pipelines
import Records
import Snapshots

/// `osodata tables`.
struct TablesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tables",
        abstract: "List the tables of a revision."
    )

    @OptionGroup var warehouse: WarehouseOptions
    @Option(name: .customLong("at"), help: "The revision.") var revision = "HEAD"
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let opened = try warehouse.open()
        guard let tree = try opened.tree(revision) else {
            return Output.message("There is no commit yet. Run: osodata run")
        }
        try opened.store.require(.manifest, inTree: tree)
        let snapshots = try opened.store.snapshots(inTree: tree)
        if json {
            Output.json(.array(snapshots.map(Self.describe)))
            return
        }
        var table = TextTable([
            ("TABLE", .left), ("ROWS", .right), ("BYTES", .right), ("SEGMENTS", .right),
            ("KEY", .left), ("DIGEST", .left),
        ])
        for snapshot in snapshots {
            let manifest = snapshot.manifest
            table.add([
                snapshot.table.description, grouped(manifest.rows), grouped(manifest.bytes),
                "\(manifest.segments.count)",
                manifest.schema.isMultiset ? "none" : manifest.schema.key.joined(separator: ", "),
                String(manifest.digest.short.prefix(12)),
            ])
        }
        Output.text(table.rendered())
        Output.message("warehouse \(try opened.store.warehouseDigest(inTree: tree).short)")
    }

    private static func describe(_ snapshot: Snapshot) -> JSONValue {
        let manifest = snapshot.manifest
        return .object([
            ("table", .string(snapshot.table.description)),
            ("rows", .int(Int64(manifest.rows))),
            ("bytes", .int(Int64(manifest.bytes))),
            ("segments", .int(Int64(manifest.segments.count))),
            ("key", .array(manifest.schema.key.map { .string($0) })),
            ("digest", .string(manifest.digest.hex)),
        ])
    }
}
