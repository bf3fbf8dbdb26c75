import Codecs
import Diagnostics
import Lineage
import Querying
package import Snapshots

/// Why a table is made again, or is not.
package enum Reason: Sendable, Equatable {
    /// Nothing it depends on changed.
    case upToDate
    /// There is no snapshot yet.
    case isNew
    /// The statement or the macros it uses say something else.
    case statementChanged
    /// What people wrote (pipelines.toml, the directory) says something else.
    case filesChanged
    /// The header's key, class, documentation or renames changed.
    case settingsChanged
    /// Another SQL engine or other settings of it.
    case engineChanged
    /// `as_of()` moved.
    case asOfChanged(from: String?, to: String?)
    /// These tables it reads changed.
    case inputsChanged([TableName])
    /// A table it reads may change in this run; known once that is made.
    case inputsMayChange([TableName])
    /// These tables it reads failed, and it stays as it is.
    case inputsFailed([TableName])
    /// Its rows stay, but its checks have to be tried on them.
    case checksChanged
    /// It tells what this run found.
    case recordsRun
    /// Upstream has to be asked.
    case checksUpstream

    /// A few words for `plan` and `run`.
    package var text: String {
        switch self {
        case .upToDate: "up to date"
        case .isNew: "new"
        case .statementChanged: "statement changed"
        case .filesChanged: "files changed"
        case .settingsChanged: "header changed"
        case .engineChanged: "SQL engine changed"
        case .asOfChanged(let from, let to):
            "as_of moved from \(from ?? "nothing") to \(to ?? "nothing")"
        case .inputsChanged(let tables): "changed: \(Self.names(tables))"
        case .inputsMayChange(let tables): "if changed: \(Self.names(tables))"
        case .inputsFailed(let tables): "failed: \(Self.names(tables))"
        case .checksChanged: "checks to be tried"
        case .recordsRun: "what this run found"
        case .checksUpstream: "asks upstream"
        }
    }

    /// Whether people changed what they wrote of the table.
    var isByPeople: Bool {
        switch self {
        case .isNew, .statementChanged, .filesChanged, .settingsChanged: true
        default: false
        }
    }

    private static func names(_ tables: [TableName]) -> String {
        tables.map(\.description).joined(separator: ", ")
    }

    /// Compares how a table was made with how it would be made now.
    init(wanted: Provenance, current: Provenance?) {
        guard let current else {
            self = .isNew
            return
        }
        let before = Dictionary(uniqueKeysWithValues: current.inputs.map { ($0.table, $0.digest) })
        let changed = wanted.inputs.filter { before[$0.table] != $0.digest }.map(\.table)
        if wanted.statement != current.statement {
            self = wanted.kind == .model ? .statementChanged : .filesChanged
        } else if wanted.settings != current.settings || wanted.kind != current.kind {
            self = .settingsChanged
        } else if wanted.engine != current.engine {
            self = .engineChanged
        } else if !changed.isEmpty {
            self = .inputsChanged(changed)
        } else if wanted.asOf != current.asOf {
            self = .asOfChanged(from: current.asOf, to: wanted.asOf)
        } else if wanted.origin != current.origin || wanted.inputs != current.inputs {
            // A file was renamed, or an input is gone.
            self = .statementChanged
        } else {
            self = .upToDate
        }
    }
}

/// What a run does, in order: data that `plan` prints and `run` executes.
package struct Plan: Sendable {
    /// One step.
    package struct Step: Sendable {
        package let kind: Kind
        /// Tables the step writes.
        package let tables: [TableName]
        package let reason: Reason
        /// Of a table in partitions whose inputs are sure: which of them are to be made.
        package var partitions: Partitions?
    }

    /// The partitions of a table.
    package struct Partitions: Sendable {
        /// Those to be made, in order of time.
        package let stale: [Partition]
        /// How many there are.
        package let count: Int
    }

    /// What a step does.
    package enum Kind: Sendable {
        /// Writes what `pipelines.toml` says of the sources.
        case configuration
        /// Reads the directory.
        case directory
        /// Fetches and reads sources of one connector.
        case extract([Configuration.Source])
        /// Runs a model.
        case build(Graph.Node)

        /// A word for the step.
        package var name: String {
            switch self {
            case .configuration: "configuration"
            case .directory: "directory"
            case .extract: "extract"
            case .build: "model"
            }
        }
    }

    package let steps: [Step]
    /// What sinks lack, by name.
    package let sinks: [SinkStep]

    /// Steps that are sure or likely to make tables.
    package var pending: [Step] { steps.filter { $0.reason != .upToDate } }
}
