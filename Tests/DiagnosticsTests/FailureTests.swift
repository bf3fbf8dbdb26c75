import Diagnostics
import Testing

struct FailureTests {
    private static let code = Failure.Code("test.broken")
    private static let place = Place(file: "a.toml", line: 2, column: 5)

    @Test func `the text has place, message, cause and hint, a line each`() {
        let failure = Failure(
            Self.code,
            "The value \"x\" is broken.",
            hint: "Mend it.",
            place: Self.place,
            cause: "said so"
        )
        #expect(
            failure.description == """
                error: a.toml:2:5: The value "x" is broken.
                  cause: said so
                  hint: Mend it.
                """
        )
    }

    @Test func `what is not known is left out of the text`() {
        #expect(Failure(Self.code, "It broke.").description == "error: It broke.")
        #expect(
            Failure(Self.code, "It broke.", place: Place(file: "a.toml")).description
                == "error: a.toml: It broke."
        )
        #expect(
            Failure(Self.code, "It broke.", hint: "Mend it.").description
                == "error: It broke.\n  hint: Mend it."
        )
        #expect(
            Failure(Self.code, "It broke.", cause: "rust").description
                == "error: It broke.\n  cause: rust"
        )
    }

    @Test func `a failure without a place gets one and keeps all else`() {
        let failure = Failure(Self.code, "It broke.", hint: "Mend it.", cause: "rust")
            .at(Self.place)
        #expect(failure.place == Self.place)
        #expect(failure.code == Self.code)
        #expect(
            failure.description == "error: a.toml:2:5: It broke.\n  cause: rust\n  hint: Mend it."
        )
    }

    @Test func `the first place is kept: who saw it first knows best`() {
        let failure = Failure(Self.code, "It broke.", place: Self.place)
        #expect(failure.at(Place(file: "other.toml", line: 1)).place == Self.place)
        let file = Place(file: "a.toml")
        #expect(Failure(Self.code, "It broke.").at(file).at(Self.place).place == file)
    }

    @Test func `a failure is wrapped as itself`() {
        let failure = Failure(
            Self.code,
            "It broke.",
            hint: "Mend it.",
            place: Self.place,
            cause: "rust"
        )
        let wrapped = Failure(wrapping: failure as any Error)
        #expect(wrapped.code == Self.code)
        #expect(wrapped.description == failure.description)
    }

    @Test func `another error is unexpected, a bug, and told as the cause`() {
        struct Strange: Error, CustomStringConvertible { let description = "odd thing" }
        let failure = Failure(wrapping: Strange())
        #expect(failure.code == .unexpected)
        #expect(failure.code.kind == .internal)
        #expect(failure.cause == "odd thing")
        #expect(failure.place == nil)
    }

    @Test func `a code is its name, and the user's to mend unless it says otherwise`() {
        #expect(Self.code.description == "test.broken")
        #expect(Self.code.kind == .input)
        #expect(Self.code != Failure.Code("test.other"))
    }

    @Test func `exit statuses are as documented`() {
        #expect(Failure.Kind.difference.rawValue == 1)
        #expect(Failure.Kind.input.rawValue == 2)
        #expect(Failure.Kind.internal.rawValue == 3)
    }
}
