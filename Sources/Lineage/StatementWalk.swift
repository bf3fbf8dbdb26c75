import Codecs
import Diagnostics
import Querying

/// Walks a statement's tree and the bodies of the macros it uses, and collects what it finds.
struct StatementWalk {
    /// The macro by which a model learns the time; the runner defines it as a constant.
    static let asOf = "as_of"

    private(set) var tables: [StatementTree.Table] = []
    private(set) var macros: Set<String> = []
    private(set) var functions: [StatementAnalysis.Function] = []
    private(set) var orderSensitive: [StatementAnalysis.Function] = []
    private var refusals: [Refusal] = []
    private let connection: Connection
    private let statement: StatementTree
    /// The macros whose bodies are being walked, outermost first.
    private var stack: [String] = []
    /// Where the statement calls the outermost of them.
    private var callSite: SourcePosition?

    init(_ statement: StatementTree, connection: Connection) throws(Failure) {
        self.statement = statement
        self.connection = connection
        try visit(statement)
    }

    /// The refusal that comes first in the text.
    var firstRefusal: Refusal? {
        refusals.min { first, second in
            guard let first = first.position else { return false }
            guard let second = second.position else { return true }
            return (first.line, first.column) < (second.line, second.column)
        }
    }

    /// Walks the statement or a macro's body.
    private mutating func visit(_ tree: StatementTree) throws(Failure) {
        tables += tree.tables().map { table in
            stack.isEmpty
                ? table : StatementTree.Table(path: table.path, position: callSite)
        }
        try visit(tree.root, isDecimal: false)
    }

    /// Walks a node; `isDecimal` says whether a cast to a decimal is around it.
    private mutating func visit(
        _ node: JSONValue,
        isDecimal: Bool
    ) throws(Failure) {
        switch node {
        case .array(let elements):
            for element in elements { try visit(element, isDecimal: isDecimal) }
        case .object(let members):
            var isDecimal = isDecimal
            switch node["class"]?.string {
            case "FUNCTION":
                try visitFunction(node, isDecimal: isDecimal)
            case "WINDOW": try visitWindow(node)
            case "CAST":
                let name = node["type_expr"]?["type_name"]?.string?.uppercased()
                if name == "DECIMAL" || name == "NUMERIC" { isDecimal = true }
            case "COLUMN_REF": visitColumn(node)
            case "PARAMETER":
                refuse(
                    .hiddenInput,
                    "The statement has a parameter.",
                    "Write the value itself.",
                    node
                )
            case "SUBQUERY": isDecimal = false
            default: visitRelation(node)
            }
            for (key, member) in members {
                // A function in FROM was judged as one that may stand there.
                if key == "function", node["type"]?.string == "TABLE_FUNCTION" {
                    try visitTableFunction(member, at: node)
                } else {
                    try visit(member, isDecimal: isDecimal)
                }
            }
        default: break
        }
    }

    private mutating func visitRelation(_ node: JSONValue) {
        if let sample = node["sample"], !sample.isNull {
            refuse(
                .hiddenInput,
                "The statement takes a sample, which is random.",
                "Choose rows by a condition, such as hash(key) % 100 = 0.",
                node
            )
        }
        switch node["type"]?.string {
        case "BASE_TABLE":
            if let clause = node["at_clause"], !clause.isNull {
                refuse(
                    .hiddenInput,
                    "A model reads its inputs as they are, not at a revision.",
                    "Leave out AT (…).",
                    node
                )
            }
        case "SHOW_REF":
            refuse(
                .hiddenInput,
                "DESCRIBE, SHOW and SUMMARIZE read the state of the engine.",
                "Write a SELECT.",
                node
            )
        case "JOIN":
            let kind = node["ref_type"]?.string
            if kind == "POSITIONAL" || kind == "ASOF" {
                refuse(
                    .unorderedResult,
                    "\(kind == "ASOF" ? "An ASOF" : "A POSITIONAL") join depends on the order of "
                        + "rows.",
                    "Join by equality, or number rows with row_number() OVER (ORDER BY …, <key>).",
                    node
                )
            }
        case "SELECT_NODE", "SET_OPERATION_NODE": visitModifiers(node)
        default: break
        }
    }

    private mutating func visitModifiers(_ node: JSONValue) {
        let modifiers = node["modifiers"]?.array ?? []
        func first(_ type: String) -> JSONValue? {
            modifiers.first { $0["type"]?.string == type }
        }
        // A constant is the number of a column here.
        let isOrdered = first("ORDER_MODIFIER")?["orders"]?.array?.isEmpty == false
        for type in ["LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"] {
            guard let limit = first(type) else { continue }
            let number = [limit["limit"], limit["offset"]].compactMap { $0 }.first { !$0.isNull }
            guard !isOrdered else {
                noteOrder("limit", number ?? node)
                continue
            }
            refuse(
                .unorderedResult,
                "LIMIT without ORDER BY takes any rows.",
                "Add ORDER BY …, <key>.",
                number ?? node
            )
        }
        if let targets = first("DISTINCT_MODIFIER")?["distinct_on_targets"]?.array,
            let target = targets.first
        {
            guard !isOrdered else { return noteOrder("distinct on", target) }
            refuse(
                .unorderedResult,
                "DISTINCT ON without ORDER BY takes any row.",
                "Add ORDER BY …, <key>.",
                target
            )
        }
    }

    private mutating func visitColumn(_ node: JSONValue) {
        guard let names = node["column_names"]?.array?.compactMap(\.string), names.count == 1,
            FunctionRules.clockNames.contains(names[0].lowercased())
        else { return }
        refuse(
            .hiddenInput,
            "\"\(names[0])\" reads the clock.",
            "Use as_of(); if it is a column, write table.\(names[0]).",
            node
        )
    }

    private mutating func visitFunction(
        _ node: JSONValue,
        isDecimal: Bool
    ) throws(Failure) {
        guard let name = node["function_name"]?.string?.lowercased() else { return }
        note(name, node)
        if try visitMacro(name, at: node) { return }
        if let need = FunctionRules.aggregates[name] {
            judge(
                name,
                need,
                isOrdered: Self.isOrder(node["order_bys"]?["orders"]),
                at: node
            )
        } else if let why = FunctionRules.inconstant[name] {
            refuse(.hiddenInput, "\(name)() cannot be used: \(why).", Self.instead(of: name), node)
        } else if FunctionRules.windows[name] != nil {
            refuse(
                .unorderedResult,
                "\(name)() needs a window.",
                "Write \(name)(…) OVER (ORDER BY …, <key>).",
                node
            )
        } else if name == "age", node["arguments"]?.array?.count == 1 {
            refuse(
                .hiddenInput,
                "age() of one argument reads the clock.",
                "Write age(as_of(), t).",
                node
            )
        } else if FunctionRules.inexact.contains(name), !isDecimal {
            refuse(
                .inexactResult,
                "The last digits of \(Self.call(name)) differ between machines.",
                "Cast the result: CAST(… AS DECIMAL(38,9)).",
                node
            )
        }
    }

    private mutating func visitWindow(_ node: JSONValue) throws(Failure) {
        guard let name = node["function_name"]?.string?.lowercased() else { return }
        note(name, node)
        let isOrdered = Self.isOrder(node["orders"]) || Self.isOrder(node["arg_orders"])
        if let need = FunctionRules.windows[name] ?? FunctionRules.aggregates[name] {
            judge(name, need, isOrdered: isOrdered, at: node)
            // A frame that counts rows is another one for another order of equal rows.
            let bounds = ["start", "end"].compactMap { node[$0]?.string }
            if bounds.contains(where: { $0.hasSuffix("_ROWS") }) {
                guard !isOrdered else { return noteOrder(name, node) }
                refuse(
                    .unorderedResult,
                    "A frame of ROWS without ORDER BY holds any rows.",
                    "Add ORDER BY …, <key> to the window.",
                    node
                )
            }
        } else {
            refuse(
                .unorderedResult,
                "\(name)() is not a window function a model may use.",
                "See docs/models.md.",
                node
            )
        }
    }

    private mutating func visitTableFunction(
        _ node: JSONValue,
        at reference: JSONValue
    ) throws(Failure) {
        guard let name = node["function_name"]?.string?.lowercased() else { return }
        note(name, reference)
        let isMacro = try visitMacro(name, at: reference)
        if !isMacro, !FunctionRules.tableFunctions.contains(name) {
            refuse(
                .hiddenInput,
                "\(name)() reads what is no table of the warehouse.",
                "Bring files in with osodata import, and read the table.",
                reference
            )
        }
        try visit(node["arguments"] ?? .null, isDecimal: false)
    }

    /// Whether a macro of the warehouse has the name; walks its bodies.
    private mutating func visitMacro(
        _ name: String,
        at node: JSONValue
    ) throws(Failure) -> Bool {
        guard connection.macroDefinition(name) != nil else { return false }
        guard !stack.contains(name) else {
            throw Failure(.recursiveMacro, "The macro \"\(name)\" uses itself.")
        }
        guard macros.insert(name).inserted, name != Self.asOf else { return true }
        if stack.isEmpty { callSite = statement.place(of: node) }
        stack.append(name)
        for body in try connection.macroBodies(name) { try visit(body) }
        stack.removeLast()
        return true
    }

    private mutating func note(_ name: String, _ node: JSONValue) {
        guard stack.isEmpty, node["is_operator"]?.bool != true,
            let position = statement.place(of: node)
        else { return }
        functions.append(
            StatementAnalysis.Function(name: name, line: position.line, column: position.column)
        )
    }

    /// Notes what gives another result for another order of rows, unless its own order tells all
    /// rows apart, which a statement does not show.
    private mutating func noteOrder(_ name: String, _ node: JSONValue) {
        guard let position = stack.isEmpty ? statement.place(of: node) : callSite else { return }
        orderSensitive.append(
            StatementAnalysis.Function(name: name, line: position.line, column: position.column)
        )
    }

    private mutating func judge(
        _ name: String,
        _ need: FunctionRules.Need,
        isOrdered: Bool,
        at node: JSONValue
    ) {
        switch need {
        case .nothing: break
        case .exactArguments:
            // `checkExactSums` sees the statement's own calls only.
            if !stack.isEmpty { noteOrder(name, node) }
        case .order:
            guard !isOrdered else { return noteOrder(name, node) }
            let isWindow = FunctionRules.windows[name] != nil
            refuse(
                .unorderedResult,
                "\(name)() without ORDER BY depends on the order of rows.",
                isWindow
                    ? "Write \(name)(…) OVER (ORDER BY …, <key>)."
                    : "Write \(name)(… ORDER BY …, <key>).",
                node
            )
        case .refused(let why, let instead):
            refuse(
                .unorderedResult,
                "\(name)() cannot be used: \(why).",
                "Write \(instead).",
                node
            )
        }
    }

    private mutating func refuse(
        _ code: Failure.Code,
        _ message: String,
        _ hint: String,
        _ node: JSONValue
    ) {
        var message = message
        if let outer = stack.first { message = "In the macro \"\(outer)\": " + message }
        refusals.append(
            Refusal(
                code: code,
                message: message,
                hint: hint,
                position: stack.isEmpty ? statement.place(of: node) : callSite
            )
        )
    }

    /// Whether a function or window has an ORDER BY of more than constants.
    private static func isOrder(_ orders: JSONValue?) -> Bool {
        (orders?.array ?? []).contains { $0["expression"]?["class"]?.string != "CONSTANT" }
    }

    /// The name as a reader looks for it: an operator has no parentheses.
    private static func call(_ name: String) -> String {
        name.first?.isLetter == true ? "\(name)()" : name
    }

    private static func instead(of name: String) -> String {
        switch FunctionRules.inconstant[name] {
        case "it reads the clock": "Use as_of()."
        case "it makes random values": "Derive it from the key, as in md5(key)."
        case "it collects rows without an order":
            "Write to_json(list(… ORDER BY …, <key>))."
        default: "See docs/models.md."
        }
    }
}
