// swift-tools-version: 6.2
import PackageDescription

/// One set of compiler rules for every Swift target, tests included.
let rules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

/// The rules of targets with hot loops: unoptimised they are 29 times slower, and tests run in
/// debug.
let hotRules: [SwiftSetting] = rules + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// DuckDB, which `Scripts/bootstrap` puts into the folder `.deps/lib`.
///
/// It is the shared object of the Python
/// wheel, unmodified, so it needs Python's symbols beside it (docs/architecture.md).
let duckDBLinking: [LinkerSetting] = [
    .unsafeFlags([
        "-L\(Context.packageDirectory)/.deps/lib", "-lduckdb",
        "-Xlinker", "-rpath", "-Xlinker", "\(Context.packageDirectory)/.deps/lib",
        "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../../../.deps/lib",
        "-Xlinker", "--no-as-needed", "-l:libpython3.11.so.1.0",
    ])
]

/// A library target and its test target, so that neither can exist alone.
func library(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    hot: Bool = false,
    golden: Bool = false,
    testing: [Target.Dependency] = [],
    linker: [LinkerSetting] = []
) -> [Target] {
    [
        .target(
            name: name,
            dependencies: dependencies,
            exclude: ["README.md"],
            swiftSettings: hot ? hotRules : rules,
            linkerSettings: linker
        ),
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies + testing,
            exclude: golden ? ["Golden"] : [],
            swiftSettings: rules
        ),
    ]
}

let package = Package(
    name: "osodata",
    products: [.executable(name: "osodata", targets: ["osodata"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/LebJe/TOMLKit.git", exact: "0.6.0"),
    ],
    targets: [
        // MARK: C libraries, one module map each

        .systemLibrary(name: "CConfinement"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),
        .systemLibrary(name: "CDuckDB"),
        .systemLibrary(name: "CEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .systemLibrary(name: "CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    ]
        // MARK: Libraries, lowest layer first

        + library("Diagnostics")
        + library("Codecs", ["Diagnostics", "CCrypto", "CZlib", "CZstd"], hot: true)
        + library("Records", ["Codecs", "Diagnostics"], hot: true, golden: true)
        + library("Diffing", ["Codecs", "Diagnostics", "Records"], hot: true)
        + library("GitStore", ["Codecs", "Diagnostics", "CLibGit2"])
        + library(
            "Snapshots",
            ["Codecs", "Diagnostics", "Diffing", "GitStore", "Records"],
            hot: true,
            golden: true
        )
        + library("Fetching", ["Codecs", "Diagnostics", "CCurl"])
        + library(
            "ProjectDirectory",
            ["Codecs", "Diagnostics", "Records", "CLibYAML"],
            hot: true
        )
        + library(
            "Connectors",
            ["Codecs", "Diagnostics", "Fetching", "GitStore", "ProjectDirectory", "Records"],
            hot: true
        )
        + library(
            "Querying",
            ["Codecs", "Diagnostics", "Records", "Snapshots", "CConfinement", "CDuckDB"],
            hot: true,
            testing: ["GitStore"],
            linker: duckDBLinking
        )
        + library(
            "Lineage",
            ["Codecs", "Diagnostics", "Querying", "Records", "Snapshots"],
            testing: ["GitStore"]
        )
        + library(
            "Pipelines",
            [
                "Codecs", "Connectors", "Diagnostics", "Diffing", "Fetching", "GitStore", "Lineage",
                "ProjectDirectory", "Querying", "Records", "Snapshots",
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]
        )
        + [
            // MARK: Command line

            .executableTarget(
                name: "osodata",
                dependencies: [
                    "Codecs", "Diagnostics", "Diffing", "GitStore", "Lineage", "Pipelines",
                    "ProjectDirectory", "Querying", "Records", "Snapshots", "CEdit",
                    .product(name: "ArgumentParser", package: "swift-argument-parser"),
                ],
                swiftSettings: rules
            ),

            // MARK: Tests

            .target(
                name: "TestSupport",
                dependencies: ["Codecs", "Diagnostics", "Records"],
                path: "Tests/TestSupport",
                swiftSettings: rules
            ),
            .testTarget(
                name: "EndToEndTests",
                dependencies: ["osodata", "TestSupport"],
                swiftSettings: rules
            ),
            .testTarget(
                name: "ProjectTests",
                dependencies: ["osodata", "TestSupport"],
                swiftSettings: rules
            ),
        ]
)
