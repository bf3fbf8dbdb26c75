import Codecs
import Diagnostics
import Fetching
import Foundation
import Records
import Synchronization

/// Fetches and reads single hours of GitHub Archive.
///
/// Used by several threads.
final class HourReader: Sendable {
    private let endpoint: String
    private let location: String
    private let rule: EventFilter
    private let filter: String
    private let fetcher: Fetcher
    private let context: SourceContext
    private let hourCount: Int
    private let done = Mutex(0)

    init(
        endpoint: String,
        location: String,
        rule: EventFilter,
        filter: String,
        fetcher: Fetcher,
        context: SourceContext,
        hourCount: Int
    ) {
        func folder(_ text: String) -> String { text.hasSuffix("/") ? text : text + "/" }
        self.endpoint = folder(endpoint)
        self.location = folder(location)
        self.rule = rule
        self.filter = filter
        self.fetcher = fetcher
        self.context = context
        self.hourCount = hourCount
    }

    /// Reads an hour; its rows are nil if the content is what `known` tells of.
    ///
    /// `wasThere` says that the hour has rows, be it by another filter than `known` would have.
    func read(
        _ hour: ArchiveHour,
        known: CoverageRow?,
        wasThere: Bool = false
    ) throws(Failure) -> ExtractResult.Partition {
        let file = CoverageRow.file(hour.description)
        let url = "\(endpoint)\(file)"
        let isLocal = url.lowercased().hasPrefix("file:")
        let copy = known.flatMap { $0.state == .covered ? $0 : nil }
        if !isLocal, copy == nil, hour.start > context.now { return yetToCome(hour) }
        // A checkout touches times of files: of these only the content counts.
        let (response, body) = try fetcher.bytes(
            FetchRequest(
                url: url,
                ifNoneMatch: isLocal ? nil : copy?.etag,
                ifModifiedSince: isLocal ? nil : copy?.lastModified
            )
        )
        var coverage = row(hour)

        switch response.outcome {
        case .missing:
            if let copy {
                tell("\(hour): no longer there; its rows stay")
                return .init(coverage: copy, absence: .kept)
            }
            coverage.state = .missing
            tell("\(hour): not there")
            return .init(coverage: coverage, absence: wasThere ? .dropped : .unknown)
        case .notModified:
            guard let copy else {
                throw Failure(.fetchStatus, "\"\(url)\" says nothing changed, without being asked.")
            }
            tell("\(hour): unchanged")
            return .init(coverage: copy)
        case .fetched:
            break
        }
        let content = Digest.of(body).hex
        if var copy, copy.contentSHA256 == content {
            copy.location = location + file
            copy.etag = isLocal ? nil : response.etag
            copy.lastModified = isLocal ? nil : response.lastModified
            tell("\(hour): unchanged")
            return .init(coverage: copy)
        }
        coverage.contentSHA256 = content
        coverage.etag = isLocal ? nil : response.etag
        coverage.lastModified = isLocal ? nil : response.lastModified
        coverage.bytes = Int64(body.count)
        let rows = try Self.rows(
            of: body,
            file: file,
            hour: hour,
            rule: rule,
            context: context,
            coverage: &coverage
        )
        tell("\(hour): \(coverage.rows) of \(coverage.lines) events")
        return .init(coverage: coverage, rows: try context.memory.keep(SortedRows(rows)))
    }

    /// An hour that cannot be there yet, so that no server is asked.
    private func yetToCome(_ hour: ArchiveHour) -> ExtractResult.Partition {
        tell("\(hour): yet to come")
        var coverage = row(hour)
        coverage.state = .missing
        return .init(coverage: coverage)
    }

    /// What coverage says of an hour before anything is counted.
    private func row(_ hour: ArchiveHour) -> CoverageRow {
        var row = CoverageRow(
            source: context.sourceName,
            partition: hour.description,
            connector: GitHubArchive.name,
            location: location + CoverageRow.file(hour.description),
            state: .covered,
            madeUp: context.madeUp
        )
        row.filter = filter
        return row
    }

    /// Reads a file of events that is at hand.
    static func rows(
        of body: [UInt8],
        file: String,
        hour: ArchiveHour,
        rule: EventFilter,
        context: SourceContext,
        coverage: inout CoverageRow
    ) throws(Failure) -> RowSet {
        var reader = EventReader(file: file, rule: rule, context: context)
        coverage.lines = unsafe try ArchiveLines.forEach(in: body, file: file) {
            (line, number) throws(Failure) in
            unsafe try reader.read(line, number: number)
        }
        coverage.coveredUntil = hour.end(offsetSeconds: reader.offsetSeconds ?? 0)
        return try reader.finish(&coverage)
    }

    private func tell(_ text: String) {
        let count = done.withLock { count in
            count += 1
            return count
        }
        context.progress("\(text) (\(min(count, hourCount)) of \(hourCount))")
    }
}

/// Work on several elements at a time.
enum Parallel {
    /// The results of `body`, in the order of the elements.
    ///
    /// Of several failures that of the first element is thrown, whatever the threads did.
    static func map<Element: Sendable, Output: Sendable>(
        _ elements: [Element],
        threads: Int,
        _ body: @Sendable (Element) throws(Failure) -> Output
    ) throws(Failure) -> [Output] {
        let nothing = [Result<Output, Failure>?](repeating: nil, count: elements.count)
        let state = Mutex((next: 0, hasFailed: false, results: nothing))
        DispatchQueue.concurrentPerform(iterations: max(1, min(threads, elements.count))) { _ in
            while true {
                // Elements are taken in order, so that all before one that failed are finished.
                let taken = state.withLock { state -> Int? in
                    guard !state.hasFailed, state.next < elements.count else { return nil }
                    state.next += 1
                    return state.next - 1
                }
                guard let index = taken else { return }
                let result: Result<Output, Failure>
                do throws(Failure) {
                    result = .success(try body(elements[index]))
                } catch {
                    result = .failure(error)
                }
                state.withLock { state in
                    state.results[index] = result
                    if case .failure = result { state.hasFailed = true }
                }
            }
        }
        var outputs: [Output] = []
        for result in state.withLock({ $0.results }) {
            if let result { outputs.append(try result.get()) }
        }
        return outputs
    }
}
