package import Diagnostics

extension Runner {
    /// Brings a branch to where it is pushed to, on top of what others pushed there meanwhile.
    ///
    /// - Returns: false if the runs here had to be dropped for it.
    package typealias Pusher = @Sendable (_ target: PushTarget) throws(Failure) -> Bool

    /// What a remote lacks, as far as is known here: a plan asks nobody.
    func pushStep(_ sink: Sink, _ push: Sink.Push, mayCommit: Bool) -> Plan.SinkStep {
        do throws(Failure) {
            let target = try pushTarget(of: push)
            let lack: String? =
                switch try target.lacking(of: warehouse.repository) {
                case nil: "what \(target.name) lacks is not known"
                case 0?: mayCommit ? "if there is a commit" : nil
                case let count?: "\(target.name) lacks \(Self.commits(count))"
                }
            return Plan.SinkStep(sink: sink, stale: [], lack: lack)
        } catch {
            return Plan.SinkStep(
                sink: sink,
                stale: [],
                lack: error.message,
                problem: error.at(sink.place)
            )
        }
    }

    /// Pushes what a remote lacks.
    ///
    /// - Parameters:
    ///   - sink: which.
    ///   - push: where to.
    ///   - report: gets what became of it, and the commit as it is there.
    /// - Throws: `push.overtaken` if the run is to be made again; what git says of HEAD.
    func push(_ sink: Sink, _ push: Sink.Push, _ report: inout RunReport) throws(Failure) {
        guard let pushTo = options.push else { return }
        let target = Result { () throws(Failure) in try pushTarget(of: push) }
        var lacking: Int?
        if case .success(let target) = target {
            lacking = try target.lacking(of: warehouse.repository)
            if lacking == 0 { return }
        }
        let before = try warehouse.headCommit()
        var isOvertaken = false
        var outcome = give(sink, amount: lacking.map(Self.commits) ?? "the branch") {
            () throws(Failure) in
            isOvertaken = try !pushTo(target.get())
        }
        if isOvertaken {
            throw Failure(
                .pushOvertaken,
                "Others pushed inputs of the run while it ran, so it was dropped."
            )
        }
        if outcome.failure == nil {
            outcome.pushedTo = try? target.get()
            if report.commit == before { report.commit = try warehouse.headCommit() }
        }
        report.sinks.append(outcome)
    }

    private func pushTarget(of push: Sink.Push) throws(Failure) -> PushTarget {
        do {
            return try PushTarget(warehouse.repository, remote: push.remote)
        } catch {
            throw error.code == .pushNoRemote ? error.at(push.place) : error
        }
    }

    private static func commits(_ count: Int) -> String {
        "\(count) commit\(count == 1 ? "" : "s")"
    }
}

extension Failure.Code {
    /// A run that others made void; to be made again.
    package static let pushOvertaken = Self("push.overtaken", .cancelled)
}
