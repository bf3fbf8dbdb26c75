import Foundation
import Testing

/// Who imports whom, read from the `import` lines, against the table in `docs/architecture.md`.
///
/// The build refuses an import that `Package.swift` does not declare; this test keeps
/// `Package.swift` and the documented table from drifting apart, and one owner a library.
struct LayeringTests {
    @Test func `the documented table names every module and no other`() throws {
        let table = try documentedImports()
        #expect(table.keys.sorted() == Project.modules)
    }

    @Test func `a module imports only what the documented table allows`() throws {
        let table = try documentedImports()
        let modules = Set(Project.modules)
        var checked = 0
        for module in Project.modules {
            let allowed = try #require(table[module], "\(module) is not in the table")
            for file in Project.swiftFiles(under: "Sources/\(module)") {
                for name in Project.imports(in: try Project.text(file)) where modules.contains(name)
                {
                    checked += 1
                    // Every module throws the one error type.
                    if name == "Diagnostics" { continue }
                    #expect(allowed.contains(name), "\(file) imports \(name)")
                }
            }
        }
        #expect(checked > 0)
    }

    @Test func `every library from elsewhere is imported by one module`() throws {
        let modules = Set(Project.modules)
        var owners: [String: Set<String>] = [:]
        for module in Project.modules {
            for file in Project.swiftFiles(under: "Sources/\(module)") {
                for name in Project.imports(in: try Project.text(file))
                where !modules.contains(name) && !Self.toolchain.contains(name) {
                    owners[name, default: []].insert(module)
                }
            }
        }
        #expect(!owners.isEmpty)
        for (library, importers) in owners {
            #expect(importers.count == 1, "\(library) is imported by \(importers.sorted())")
        }
    }

    @Test func `every module says in a README what it is`() throws {
        for module in Project.modules where module != "osodata" {
            let text = try Project.text("Sources/\(module)/README.md")
            #expect(text.hasPrefix("# \(module)\n"), "Sources/\(module)/README.md")
            #expect(text.count > 200, "Sources/\(module)/README.md says too little")
        }
    }

    /// Modules that come with the toolchain, and may be imported anywhere.
    private static let toolchain: Set = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Swift",
        "Synchronization",
    ]

    /// The rows of the table under "Modules" in `docs/architecture.md`: target, purpose, imports.
    ///
    /// `Diagnostics` stands for itself in the first row and is not repeated.
    private func documentedImports() throws -> [String: Set<String>] {
        var table: [String: Set<String>] = [:]
        for line in try Project.text("docs/architecture.md").split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard line.hasPrefix("| `"), cells.count >= 3 else { continue }
            let module = cells[0].trimmingCharacters(in: ["`"])
            let above = Set(table.keys)
            guard Project.modules.contains(module), table[module] == nil else { continue }
            switch cells[2] {
            case "all above", "everything": table[module] = above
            default:
                let names = cells[2].split { ", `".contains($0) }.map(String.init)
                table[module] = Set(names).subtracting(["–", "-"])
            }
        }
        return table
    }
}
