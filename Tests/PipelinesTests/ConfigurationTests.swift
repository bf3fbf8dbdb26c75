import Connectors
import Diagnostics
import Testing

@testable import Pipelines

/// What `pipelines.toml` says, and what is said of a wrong one.
struct ConfigurationTests {
    private func read(_ text: String) throws -> Configuration {
        try Configuration(files: MemoryFiles(["pipelines.toml": text]))
    }

    @Test(arguments: ["", "\n", "# [warehouse]\n"])
    func `an empty file is no warehouse without anything`(_ text: String) throws {
        let failure = try #require(throws: Failure.self) { try read(text) }
        #expect(failure.code == .configEmpty)
        #expect(failure.place?.description == "pipelines.toml")
    }

    @Test func `a file of one empty table is a warehouse of defaults`() throws {
        let configuration = try read("[warehouse]")
        #expect(configuration.name == "osodata")
        #expect(configuration.directory == nil)
        #expect(configuration.privacy.keyID == nil)
        #expect(configuration.privacy.publishedKey == nil)
        #expect(configuration.privacy.keyVariable == nil)
        #expect(configuration.sources.isEmpty)
    }

    @Test func `every key is read, sources by name`() throws {
        let configuration = try read(
            """
            [sources.web]
            connector = "github-archive"
            endpoint = "file://samples"
            from = "2025-01-01-0"
            to = "2025-01-01-23"
            keep = "all"
            made_up = true

            [sources.history]
            connector = "git"
            repositories = [
                { path = ".", url = "https://example.org/a/b" },
                { path = "../c", url = "https://example.org/a/c" },
            ]

            [privacy]
            email_key_id = "mine-1"
            email_key_env = "KEY"

            [directory]
            path = "dir"

            [warehouse]
            name = "numbers"
            """
        )
        #expect(configuration.name == "numbers")
        #expect(configuration.directory == "dir")
        #expect(configuration.directoryPlace.description == "pipelines.toml:21:1")
        #expect(configuration.privacy.keyID == "mine-1")
        #expect(configuration.privacy.keyVariable == "KEY")
        #expect(configuration.sources.map(\.name) == ["history", "web"])
        #expect(configuration.sources.map(\.isMadeUp) == [false, true])
        #expect(
            configuration.sources.map(\.place.description)
                == ["pipelines.toml:9:1", "pipelines.toml:1:1"]
        )

        guard case .git(let repositories) = configuration.sources[0].connector else {
            Issue.record("\(configuration.sources[0].connector)")
            return
        }
        #expect(repositories.map(\.path) == [".", "../c"])
        #expect(
            configuration.sources[0].connector.location
                == "https://example.org/a/b https://example.org/a/c"
        )
        #expect(configuration.sources[0].connector.table == "raw.git_commits")
        #expect(configuration.sources[0].connector.name == "git")

        let archive = configuration.sources[1].connector
        guard case .githubArchive(let endpoint, let first, let last, let keepsAll) = archive else {
            Issue.record("\(archive)")
            return
        }
        #expect([endpoint, first, last] == ["file://samples", "2025-01-01-0", "2025-01-01-23"])
        #expect(keepsAll)
        #expect(archive.location == "file://samples")
        #expect(archive.table == "raw.github_events")
        #expect(archive.name == "github-archive")
    }

    @Test func `an archive comes from its public address and keeps what the directory lists`()
        throws
    {
        let configuration = try read(
            "[sources.a]\nconnector = 'github-archive'\nfrom = '2015-01-01'\nto = '2015-01-02-3'\n"
                + "[privacy]\nemail_key_id = 'k'\n"
        )
        let connector = try #require(configuration.sources.first).connector
        guard
            case .githubArchive(
                "https://data.gharchive.org",
                "2015-01-01",
                "2015-01-02-3",
                keepsAll: false
            ) = connector
        else {
            Issue.record("\(connector)")
            return
        }
    }

    @Test func `a source may have any name`() throws {
        let configuration = try read(
            """
            [sources."a.b c"]
            connector = "git"
            repositories = [{ path = ".", url = "u" }]
            [privacy]
            email_key_id = "k"
            """
        )
        #expect(configuration.sources.map(\.name) == ["a.b c"])
        #expect(configuration.sources.first?.place.description == "pipelines.toml:1:1")
    }

    @Test func `a published key is the file's own`() throws {
        let privacy = try read("[privacy]\nemail_key = \"k\"").privacy
        #expect(privacy.publishedKey == "k")
        #expect(privacy.keyVariable == nil)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let expected: Expected
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "an unknown table",
            text: "[warehouse]\nname = \"x\"\n\n[warehose]\nname = \"y\"\n",
            expected: Expected(
                .configUnknownKey,
                at: "pipelines.toml:4:1",
                "The file has no key 'warehose'.",
                hint: "Did you mean 'warehouse'?"
            )
        ),
        Case(
            name: "an unknown table that only has tables",
            text: "# sources\n[sorces.web]\nconnector = \"git\"\n",
            expected: Expected(
                .configUnknownKey,
                at: "pipelines.toml:2:1",
                "The file has no key 'sorces'.",
                hint: "Did you mean 'sources'?"
            )
        ),
        Case(
            name: "an unknown key near none",
            text: "[directory]\npath = \"d\"\n  folder = \"e\"\n",
            expected: Expected(
                .configUnknownKey,
                at: "pipelines.toml:3:3",
                "[directory] has no key 'folder'.",
                hint: "Known keys: path."
            )
        ),
        Case(
            name: "an unknown key of a source",
            text: """
                [sources.a]
                connector = "github-archive"
                form = "2025-01-01-0"
                to = "2025-01-01-1"
                """,
            expected: Expected(
                .configUnknownKey,
                at: "pipelines.toml:3:1",
                "[sources.a] has no key 'form'.",
                hint: "Did you mean 'from'?"
            )
        ),
        Case(
            name: "a key of another connector",
            text: "[sources.a]\nconnector = \"git\"\nkeep = \"all\"\n",
            expected: Expected(
                .configUnknownKey,
                at: "pipelines.toml:3:1",
                "[sources.a] has no key 'keep'.",
                hint: "Known keys: connector, made_up, repositories."
            )
        ),
        Case(
            name: "an unknown key in a list of inline tables",
            text: """
                [sources.a]
                connector = "git"
                repositories = [
                    { path = ".", url = "u" },
                    { path = "b", ulr = "v" },
                ]
                """,
            expected: Expected(
                .configUnknownKey,
                at: "pipelines.toml:5:19",
                "[sources.a.repositories] has no key 'ulr'.",
                hint: "Did you mean 'url'?"
            )
        ),
        Case(
            name: "a missing key in a list of inline tables",
            text:
                "[sources.a]\nconnector = \"git\"\nrepositories = [{path=\".\",url=\"u\"}, {path=\"b\"}]",
            expected: Expected(
                .configMissingKey,
                at: "pipelines.toml:3:37",
                "[sources.a.repositories] needs the key 'url'.",
                hint: "Add url = \"…\"."
            )
        ),
        Case(
            name: "a wrong key in an array of tables",
            text: """
                [sources.a]
                connector = "git"
                [[sources.a.repositories]]
                path = "."
                url = "u"
                [[sources.a.repositories]]
                path = "."
                url = 3
                """,
            expected: Expected(
                .configValue,
                at: "pipelines.toml:8:1",
                "The key 'url' of [sources.a.repositories] must be a string.",
                hint: nil
            )
        ),
        Case(
            name: "a number for a string",
            text: "[warehouse]\nname = 5\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:2:1",
                "The key 'name' of [warehouse] must be a string.",
                hint: nil
            )
        ),
        Case(
            name: "a date for a string",
            text: "[sources.a]\nconnector = \"github-archive\"\nfrom = 2025-01-01\nto = \"x\"\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:3:1",
                "The key 'from' of [sources.a] must be a string.",
                hint: nil
            )
        ),
        Case(
            name: "a string for a truth value",
            text: "[sources.a]\nconnector = \"git\"\nmade_up = \"yes\"\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:3:1",
                "The key 'made_up' of [sources.a] must be true or false.",
                hint: nil
            )
        ),
        Case(
            name: "a string for a table",
            text: "warehouse = \"x\"\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:1:1",
                "The key 'warehouse' must be a table.",
                hint: nil
            )
        ),
        Case(
            name: "a source that is no table",
            text: "[sources]\na = \"git\"\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:2:1",
                "The key 'a' of [sources] must be a table.",
                hint: nil
            )
        ),
        Case(
            name: "a list of strings for a list of tables",
            text:
                "[sources.a]\nconnector = \"git\"\nrepositories = [{ path = \".\", url = \"u\" }, \".\"]\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:3:44",
                "The key 'repositories' of [sources.a] must be a list of tables.",
                hint: nil
            )
        ),
        Case(
            name: "a table for a list of tables",
            text:
                "[sources.a]\nconnector = \"git\"\nrepositories = { path = \".\", url = \"u\" }\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:3:1",
                "The key 'repositories' of [sources.a] must be a list of tables.",
                hint: nil
            )
        ),
        Case(
            name: "two e-mail keys",
            text: "[privacy]\nemail_key_env = \"KEY\"\nemail_key = \"secret\"\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:3:1",
                "'email_key' and 'email_key_env' exclude each other.",
                hint: "A secret belongs into the environment: keep 'email_key_env'."
            )
        ),
        Case(
            name: "an empty e-mail key",
            text: "[privacy]\nemail_key_id = \"k\"\nemail_key = \"\"\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:3:1",
                "'email_key' is empty.",
                hint: "Hashes made with no key tell the addresses to whoever tries them."
            )
        ),
        Case(
            name: "sources without the name of an e-mail key",
            text: """
                [sources.a]
                connector = "git"
                repositories = [{ path = ".", url = "u" }]
                [privacy]
                email_key = "k"
                """,
            expected: Expected(
                .configMissingKey,
                at: "pipelines.toml:4:1",
                "There are sources, but [privacy] has no 'email_key_id' to name the e-mail key.",
                hint: "Add email_key_id = \"mine-1\" and email_key_env = \"OSODATA_EMAIL_KEY\"."
            )
        ),
        Case(
            name: "sources without privacy",
            text:
                "[sources.a]\nconnector = \"git\"\nrepositories = [{ path = \".\", url = \"u\" }]\n",
            expected: Expected(
                .configMissingKey,
                at: "pipelines.toml:1:1",
                "There are sources, but [privacy] has no 'email_key_id' to name the e-mail key.",
                hint: "Add email_key_id = \"mine-1\" and email_key_env = \"OSODATA_EMAIL_KEY\"."
            )
        ),
        Case(
            name: "an unknown connector near one",
            text: "[sources.a]\nmade_up = true\nconnector = \"github\"\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:3:1",
                "There is no connector 'github'.",
                hint: "Did you mean 'github-archive'?"
            )
        ),
        Case(
            name: "an unknown connector near none",
            text: "[sources.a]\nconnector = \"svn\"\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:2:1",
                "There is no connector 'svn'.",
                hint: "Connectors: git, github-archive."
            )
        ),
        Case(
            name: "no connector",
            text: "[warehouse]\n[sources.a]\nfrom = \"x\"\n",
            expected: Expected(
                .configMissingKey,
                at: "pipelines.toml:2:1",
                "[sources.a] needs the key 'connector'.",
                hint: "Add connector = \"…\"."
            )
        ),
        Case(
            name: "a misspelled connector key",
            text: "[sources.a]\nconector = \"git\"\n",
            expected: Expected(
                .configUnknownKey,
                at: "pipelines.toml:2:1",
                "[sources.a] has no key 'conector'.",
                hint: "Did you mean 'connector'?"
            )
        ),
        Case(
            name: "an archive without its last hour",
            text: "[sources.a]\nconnector = \"github-archive\"\nfrom = \"x\"\n",
            expected: Expected(
                .configMissingKey,
                at: "pipelines.toml:1:1",
                "[sources.a] needs the key 'to'.",
                hint: "Add to = \"…\"."
            )
        ),
        Case(
            name: "an unknown rule of keeping",
            text:
                "[sources.a]\nconnector = \"github-archive\"\nfrom = \"x\"\nto = \"y\"\nkeep = \"some\"\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:5:1",
                "'keep' is \"directory\" or \"all\", not \"some\".",
                hint: nil
            )
        ),
        Case(
            name: "a first hour that is none",
            text:
                "[sources.a]\nconnector = \"github-archive\"\nfrom = \"2015-01-01-00\"\nto = \"2015-01-02\"\n",
            expected: Expected(
                .archiveHour,
                at: "pipelines.toml:3:1",
                "\"2015-01-01-00\" is not an hour of GitHub Archive.",
                hint: "Write year, month, day and hour, the hour without a zero: 2015-01-01-0."
            )
        ),
        Case(
            name: "hours before the archive",
            text:
                "[sources.a]\nconnector = \"github-archive\"\nfrom = \"0001-01-01-0\"\nto = \"9999-12-31-23\"\n",
            expected: Expected(
                .archiveHour,
                at: "pipelines.toml:3:1",
                "\"0001-01-01-0\" is before GitHub Archive begins.",
                hint: "Its first hour is 2011-02-12-0."
            )
        ),
        Case(
            name: "more hours than anybody reads",
            text:
                "[sources.a]\nconnector = \"github-archive\"\nfrom = \"2011-02-12\"\nto = \"9999-12-31-23\"\n",
            expected: Expected(
                .archiveHour,
                at: "pipelines.toml:4:1",
                "There are 70029120 hours from \"2011-02-12-0\" to \"9999-12-31-23\".",
                hint: "A source reads at most 262980, 30 years."
            )
        ),
        Case(
            name: "a last hour before the first",
            text:
                "[sources.a]\nconnector = \"github-archive\"\nfrom = \"2015-01-02\"\nto = \"2015-01-01\"\n",
            expected: Expected(
                .archiveHour,
                at: "pipelines.toml:4:1",
                "There are no hours from \"2015-01-02-0\" to \"2015-01-01\".",
                hint: "The first must not be after the last."
            )
        ),
        Case(
            name: "a git source without repositories",
            text: "[sources.a]\nconnector = \"git\"\nrepositories = []\n",
            expected: Expected(
                .configValue,
                at: "pipelines.toml:3:1",
                "The source 'a' lists no repository.",
                hint: "repositories = [{ path = \".\", url = \"https://github.com/o/r\" }]"
            )
        ),
    ]

    @Test(arguments: cases)
    func `a wrong file is refused where it is wrong, with the way out`(_ item: Case) throws {
        let failure = try #require(throws: Failure.self) { try read(item.text) }
        item.expected.check(failure)
    }

    @Test func `lines are counted the same with line ends of Windows`() throws {
        let text = "[warehouse]\r\nname = \"x\"\r\n\r\n  nam = \"y\"\r\n"
        let failure = try #require(throws: Failure.self) { try read(text) }
        #expect(failure.place?.description == "pipelines.toml:4:3")
    }

    @Test func `text that is not TOML is refused with line and column`() throws {
        let failure = try #require(throws: Failure.self) { try read("[warehouse]\nname = x\n") }
        #expect(failure.code == .configSyntax)
        #expect(failure.place?.description == "pipelines.toml:2:8")
        #expect(failure.message.hasPrefix("This is not TOML: "))
        #expect(failure.hint == "Strings need quotes; a table starts with [name].")
    }

    @Test func `nothing hides behind a NUL character`() throws {
        let failure = try #require(throws: Failure.self) {
            try read("[warehouse]\nname = \"x\"\n\0[warehose]\n")
        }
        #expect(failure.code == .configSyntax)
        #expect(failure.place?.description == "pipelines.toml:3:1")
    }

    @Test func `a folder without the file says how to make one`() throws {
        let failure = try #require(throws: Failure.self) {
            try Configuration(files: MemoryFiles([:]))
        }
        #expect(failure.code == .configMissingFile)
        #expect(failure.message == "There is no file 'pipelines.toml'.")
        #expect(failure.hint?.contains("osodata init") == true)
    }

    @Test func `a file that is not UTF-8 is refused`() throws {
        let failure = try #require(throws: Failure.self) {
            try Configuration(files: MemoryFiles(bytes: ["pipelines.toml": [0x23, 0xff]]))
        }
        #expect(failure.code == .configSyntax)
        #expect(failure.message == "The file 'pipelines.toml' is not UTF-8.")
        #expect(failure.place?.description == "pipelines.toml")
    }
}
