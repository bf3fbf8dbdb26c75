package import Diagnostics

extension JSONValue {
    /// A failure as an object: `code`, `kind`, `message`, and what else it has of `hint`, `cause`,
    /// `file`, `line` and `column`.
    package init(_ failure: Failure) {
        var members: [(key: String, value: JSONValue)] = [
            ("code", .string(failure.code.description)),
            ("kind", .int(Int64(failure.code.kind.rawValue))),
            ("message", .string(failure.message)),
        ]
        if let hint = failure.hint { members.append(("hint", .string(hint))) }
        if let cause = failure.cause { members.append(("cause", .string(cause))) }
        if let place = failure.place {
            members.append(("file", .string(place.file)))
            if let line = place.line { members.append(("line", .int(Int64(line)))) }
            if let column = place.column { members.append(("column", .int(Int64(column)))) }
        }
        self = .object(members)
    }
}

extension Failure {
    /// The failure that such an object tells of; nil if it is none.
    package init?(_ json: JSONValue) {
        guard let code = json["code"]?.string, let message = json["message"]?.string,
            let number = json["kind"]?.int, let kind = Kind(rawValue: Int32(clamping: number))
        else { return nil }
        let place = json["file"]?.string.map { file in
            Place(
                file: file,
                line: json["line"]?.int.map { Int($0) },
                column: json["column"]?.int.map { Int($0) }
            )
        }
        self.init(
            Code(code, kind),
            message,
            hint: json["hint"]?.string,
            place: place,
            cause: json["cause"]?.string
        )
    }
}
