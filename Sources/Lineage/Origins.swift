/// What a value is made of: columns of tables, as far as they are known.
struct Origins: Equatable {
    var sources: Set<ColumnName> = []
    /// Whether it is the value of a column, taken over as it is.
    var isUnchanged = false
    /// Why there may be sources that are not named here; empty if there are none.
    var unknown: Set<String> = []
    /// Whether there may be a struct in it, of which `unnest` makes columns.
    var hasStructs = false

    /// Of a value that is in no table.
    static let none = Origins()

    /// Of the value of a column.
    init(_ column: ColumnName) {
        sources = [column]
        isUnchanged = true
    }

    /// Of a value that cannot be followed.
    init(unknown reason: String) {
        unknown = [reason]
        hasStructs = true
    }

    private init() {}

    /// Adds what a value is computed from besides; it is then no longer unchanged.
    mutating func add(_ other: Origins) {
        sources.formUnion(other.sources)
        unknown.formUnion(other.unknown)
        hasStructs = hasStructs || other.hasStructs
        isUnchanged = false
    }

    /// Of a value that is computed from this one.
    var computed: Origins {
        var origins = self
        origins.isUnchanged = false
        return origins
    }

    /// Of a value that is either this or the other one.
    func or(_ other: Origins) -> Origins {
        var origins = self
        origins.add(other)
        origins.isUnchanged = isUnchanged && other.isUnchanged
        return origins
    }

    /// The same, with a reason why sources may be missing.
    func doubted(_ reason: String) -> Origins {
        var origins = computed
        origins.unknown.insert(reason)
        origins.hasStructs = true
        return origins
    }
}
