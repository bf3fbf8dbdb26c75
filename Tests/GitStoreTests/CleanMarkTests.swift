import Foundation
import TestSupport
import Testing

@testable import GitStore

/// What is dirty, found out by times after the first look.
struct CleanMarkTests {
    /// A repository with files under `data`, all older than the first look by seconds.
    private func make() throws -> TestRepository {
        let test = try TestRepository()
        for number in 0..<20 { try test.folder.write("text \(number)", "work/data/f\(number)/t") }
        // Names around those of folders, in the order of bytes.
        for name in ["f3-x/t", "f3.x", "f30/deep/er/t", "f30/deeper", "f3!/u", "f3é/t", "z"] {
            try test.folder.write(name, "work/data/\(name)")
        }
        try test.folder.write("beside", "work/data-2/t")
        try test.git("add", "-A")
        try test.git("commit", "-qm", "data")
        return test
    }

    /// Runs a shell line in the work tree.
    private func shell(_ test: TestRepository, _ line: String) throws {
        try test.git("-c", "alias.do=!\(line)", "do")
    }

    private func dirty(_ test: TestRepository) throws -> [String] {
        try test.repository.dirtyPaths(under: "data")
    }

    private func isMarked(_ test: TestRepository) throws -> Bool {
        try #require(CleanMark(test.repository, prefix: "data")).isClean()
    }

    /// Looks until the files are older than a look: the clock of files ticks a few times a second.
    private func look(_ test: TestRepository) throws {
        while try !isMarked(test) { #expect(try dirty(test) == []) }
    }

    @Test func `a second look is by times`() throws {
        let test = try make()
        #expect(try !isMarked(test))
        try look(test)
        #expect(try isMarked(test))
        #expect(try dirty(test) == [])
        // A mark is of its folder alone.
        #expect(try !#require(CleanMark(test.repository, prefix: "dat")).isClean())
    }

    @Test(arguments: [
        ("printf 'text X' > data/f3/t", "data/f3/t"), ("rm data/f3/t", "data/f3/t"),
        ("echo new > data/f3/u", "data/f3/u"), ("mkdir data/g && echo new > data/g/u", "data/g/u"),
        ("echo new > data/u", "data/u"), ("chmod +x data/f3/t", "data/f3/t"),
        ("rm data/f3/t && ln -s ../f4/t data/f3/t", "data/f3/t"),
        ("git rm -q --cached data/f3/t", "data/f3/t"),
        ("printf 'text X' > data/f3/t; git add data", "data/f3/t"),
        ("mv data/f3 data/f33", "data/f3/t data/f33/t"),
        // As long, and with the time it had.
        (
            "touch -r data/f3/t ../time && printf 'text 9' > data/f3/t && touch -r ../time data/f3/t",
            "data/f3/t"
        ),
        ("git commit -q --amend -m other && printf 'text 7' > data/f3/t", "data/f3/t"),
        (
            "git checkout -q --orphan bare && git rm -qrf --cached . && git commit -q --allow-empty -m none",
            nil
        ),
    ])
    func `what changes after it is seen`(line: String, path: String?) throws {
        let test = try make()
        try look(test)
        try shell(test, line)
        let found = try dirty(test)
        if let path {
            #expect(found == path.split(separator: " ").map(String.init))
        } else {
            #expect(found.count == 27)
        }
        #expect(try !isMarked(test))
    }

    @Test func `ignored files and other commits make another look, and no mistake`() throws {
        let test = try make()
        try look(test)
        try shell(test, "echo '*.tmp' > .git/info/exclude; echo x > data/f1/x.tmp")
        #expect(try !isMarked(test))
        #expect(try dirty(test) == [])
        try shell(test, "rm data/f1/x.tmp; git commit -q --allow-empty -m more")
        // The folder is as it was in the commit.
        #expect(try isMarked(test))
        try shell(test, "printf 'text Y' > data/f5/t; git commit -qam y")
        #expect(try !isMarked(test))
        #expect(try dirty(test) == [])
        try shell(test, "git reset -q --soft HEAD~1")
        #expect(try dirty(test) == ["data/f5/t"])
    }

    @Test func `files as old as the index are compared once`() throws {
        let test = try make()
        // The index is written anew in the second in which the files were: git takes their sizes.
        try test.git("update-index", "--force-write-index")
        try look(test)
        try shell(test, "printf 'text X' > data/f3/t")
        #expect(try dirty(test) == ["data/f3/t"])
    }

    @Test func `a clock that is ahead of the files' hides no change`() throws {
        let test = try make()
        try look(test)
        // As where the work tree is on a server whose clock is behind.
        try shell(test, "sed -i '1s/.*/9999999999.0/' .git/osodata/clean-data")
        #expect(try isMarked(test))
        try shell(test, "printf 'text X' > data/f3/t")
        #expect(try dirty(test) == ["data/f3/t"])
    }

    @Test func `a broken mark is none`() throws {
        let test = try make()
        try look(test)
        for text in ["", "x", "1.2\nx\n", "a\nb\nc\n"] {
            try test.folder.write(text, "work/.git/osodata/clean-data")
            #expect(try !isMarked(test))
            #expect(try dirty(test) == [])
        }
    }
}
