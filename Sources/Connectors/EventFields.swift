import Codecs
import Diagnostics

/// The fields of one event, whatever year's format it has.
///
/// - 2011 to February 2012, and since 2015: `id`, `actor`, `repo` and `org` are objects. Since
///   2025-10-07 payloads are shorter; nothing here depends on them.
/// - From the spring of 2012 to 2014 (the timeline): `actor` is a login, `repository` an object with
///   `owner` and `name`, there is no `id`, and times have an offset.
struct EventFields {
    var id: [UInt8]?
    var type: [UInt8]?
    var createdAt: EventTime.Reading?
    var actorID: Int64?
    var actorLogin: [UInt8]?
    var repoID: Int64?
    /// `owner/name`; nil if it has no owner or no name.
    var repoName: [UInt8]?
    var orgID: Int64?
    var orgLogin: [UInt8]?
    var isPublic: Bool?
    var payload: JSONNode?
    /// Members that are in no other field, or not wholly; by name, each name once.
    var other: [(key: [UInt8], value: JSONNode)] = []
    /// Members left out because a later one has the same name.
    var duplicateKeys: Int64 = 0

    /// Takes an event apart; nil if the value is no object.
    init?(_ root: JSONNode) {
        guard root.kind == .object else { return nil }
        var members: [(key: [UInt8], value: JSONNode)] = []
        var places: [[UInt8]: Int] = [:]
        for (key, value) in root.memberNodes {
            let key = key.stringBytes ?? []
            if let place = places[key] {
                members[place].value = value
                duplicateKeys += 1
            } else {
                places[key] = members.count
                members.append((key, value))
            }
        }
        for (key, value) in members where !take(key, value) && !value.isNull {
            other.append((key, value))
        }
    }

    /// Takes a member; false if it must be kept in `other`, wholly.
    private mutating func take(_ key: [UInt8], _ value: JSONNode) -> Bool {
        switch key.count {
        case 2 where key.elementsEqual("id".utf8): takeID(value)
        case 3 where key.elementsEqual("org".utf8): takeOrganization(value)
        case 4 where key.elementsEqual("type".utf8): takeType(value)
        case 4 where key.elementsEqual("repo".utf8): takeRepository(value)
        case 5 where key.elementsEqual("actor".utf8): takeActor(value)
        case 6 where key.elementsEqual("public".utf8): takePublic(value)
        case 7 where key.elementsEqual("payload".utf8): takePayload(value)
        case 10 where key.elementsEqual("created_at".utf8): takeTime(value)
        case 10 where key.elementsEqual("repository".utf8): takeTimelineRepository(value)
        default: false
        }
    }

    private mutating func takeID(_ value: JSONNode) -> Bool {
        switch value.kind {
        case .string: id = nonEmpty(value.stringBytes)
        case .number: id = Array(value.rawBytes)
        default: return false
        }
        return true
    }

    private mutating func takeType(_ value: JSONNode) -> Bool {
        type = nonEmpty(value.stringBytes)
        return true
    }

    private mutating func takeTime(_ value: JSONNode) -> Bool {
        createdAt = value.stringBytes.flatMap(EventTime.parse)
        return true
    }

    private mutating func takePublic(_ value: JSONNode) -> Bool {
        isPublic = value.bool
        return isPublic != nil
    }

    private mutating func takePayload(_ value: JSONNode) -> Bool {
        payload = value.isNull ? nil : value
        return true
    }

    private mutating func takeActor(_ value: JSONNode) -> Bool {
        if value.kind == .string {
            actorLogin = nonEmpty(value.stringBytes)
            return true
        }
        guard value.kind == .object else { return false }
        return takeInteger(value.member("id"), &actorID)
            && takeString(value.member("login"), &actorLogin)
    }

    private mutating func takeOrganization(_ value: JSONNode) -> Bool {
        guard value.kind == .object else { return false }
        return takeInteger(value.member("id"), &orgID)
            && takeString(value.member("login"), &orgLogin)
    }

    private mutating func takeRepository(_ value: JSONNode) -> Bool {
        guard value.kind == .object else { return false }
        var name: [UInt8]?
        let isWhole =
            takeInteger(value.member("id"), &repoID) && takeString(value.member("name"), &name)
        // Events of no repository have the name "/".
        let isNone = name == nil || name == [UInt8(ascii: "/")]
        if let name, let slash = name.firstIndex(of: UInt8(ascii: "/")), slash > 0,
            slash < name.count - 1
        {
            repoName = name
        }
        return isWhole && (isNone || repoName != nil)
    }

    /// The timeline's repository has much more than we map: it always stays in `other` too.
    private mutating func takeTimelineRepository(_ value: JSONNode) -> Bool {
        guard value.kind == .object else { return false }
        if repoID == nil { _ = takeInteger(value.member("id"), &repoID) }
        if repoName == nil, let owner = nonEmpty(value.member("owner")?.stringBytes),
            let name = nonEmpty(value.member("name")?.stringBytes)
        {
            repoName = owner + [UInt8(ascii: "/")] + name
        }
        if orgLogin == nil { orgLogin = nonEmpty(value.member("organization")?.stringBytes) }
        return false
    }

    private func takeInteger(_ value: JSONNode?, _ field: inout Int64?) -> Bool {
        guard let value, !value.isNull else { return true }
        field = value.int64
        return field != nil
    }

    private func takeString(_ value: JSONNode?, _ field: inout [UInt8]?) -> Bool {
        guard let value, !value.isNull else { return true }
        guard let text = value.stringBytes else { return false }
        field = nonEmpty(text)
        return true
    }

    private func nonEmpty(_ text: [UInt8]?) -> [UInt8]? {
        text?.isEmpty == false ? text : nil
    }
}
