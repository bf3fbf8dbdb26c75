package import Diagnostics

private let unfinished = Failure(.unexpected, "Not written yet.")
extension Repository {
    @discardableResult
    package func checkout(prefix: String, from oldTree: ObjectID?, to newTree: ObjectID) throws(Failure) -> [String] { throw unfinished }
    package func dirtyPaths(under prefix: String, untracked: Bool = true) throws(Failure) -> [String] { throw unfinished }
}
package final class Journal: Sendable {
    package static func begin(_ repository: Repository, ref: String, from old: ObjectID?, to new: ObjectID, prefix: String) throws(Failure) -> Journal { throw unfinished }
    package func finish() throws(Failure) {}
    @discardableResult
    package static func recover(_ repository: Repository) throws(Failure) -> Bool { throw unfinished }
}
