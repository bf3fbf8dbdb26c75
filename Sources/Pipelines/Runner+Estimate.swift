import Codecs
import Connectors
package import Diagnostics
import Fetching
import Snapshots

extension Plan {
    /// What a step may cost, as far as runs before tell.
    package struct Estimate: Sendable, Equatable {
        /// Requests to upstream; 0 for what is on this machine.
        package var requests = 0
        /// Bytes that come over the wire; nil if nothing like them was read before.
        package var bytes: Int64? = 0
        /// Seconds of work; nil if it was not done before.
        package var seconds: Double? = 0
    }
}

extension Runner {
    /// So many runs tell how long a table takes.
    private static let estimateRuns = 5

    /// What the steps of a plan may cost.
    ///
    /// Time is the median of the last five times that a table was made, in the records of runs;
    /// bytes are the mean of the hours read before. A step that waits for others is counted as if
    /// it was to be made.
    ///
    /// - Returns: one for each step.
    /// - Throws: what reading records and `meta.coverage` throws.
    package func estimate(_ plan: Plan) throws(Failure) -> [Plan.Estimate] {
        var seconds: [String: [Double]] = [:]
        for step in try RunRecords(warehouse.store).read().steps.reversed()
        where ["built", "equal"].contains(step.state) {
            guard seconds[step.table, default: []].count < Self.estimateRuns else { continue }
            seconds[step.table, default: []].append(step.seconds)
        }
        var estimates: [Plan.Estimate] = []
        for step in plan.steps {
            var estimate = Plan.Estimate()
            guard step.reason != .upToDate else {
                estimates.append(estimate)
                continue
            }
            // A step's tables are made together, and each is told the time of all.
            let known = step.tables.compactMap { Self.median(seconds[$0.description] ?? []) }
            estimate.seconds = known.max()
            if case .extract(let sources) = step.kind {
                for source in sources { try add(source, to: &estimate) }
            }
            estimates.append(estimate)
        }
        return estimates
    }

    private func add(
        _ source: Configuration.Source,
        to estimate: inout Plan.Estimate
    ) throws(Failure) {
        guard case .githubArchive(let endpoint, let first, let last, _) = source.connector,
            FileAddress.path(of: endpoint) == nil
        else { return }
        let hours = try ArchiveHour.hours(from: first, to: last).map(\.description)
        // Every hour is asked about; what is as it was comes without a body.
        estimate.requests += hours.count
        let covered = try coverage().filter { $0.source == source.name && $0.state == .covered }
        let known = Set(covered.map(\.partition))
        let new = hours.count { !known.contains($0) }
        guard new > 0 else { return }
        let sizes = covered.map(\.bytes).filter { $0 > 0 }
        guard !sizes.isEmpty, let bytes = estimate.bytes else { return estimate.bytes = nil }
        estimate.bytes = bytes + sizes.reduce(0, +) / Int64(sizes.count) * Int64(new)
    }

    private static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
