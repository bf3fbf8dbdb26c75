import Diagnostics
import Testing

struct PlaceTests {
    @Test(arguments: [
        (Place(file: "pipelines.toml"), "pipelines.toml"),
        (Place(file: "models/marts/a.sql", line: 3), "models/marts/a.sql:3"),
        (Place(file: "a b.yaml", line: 3, column: 14), "a b.yaml:3:14"),
    ])
    func `a place is a file, a line and a column, as far as known`(_ place: Place, _ text: String) {
        #expect(place.description == text)
    }

    @Test func `places are equal if all of them is`() {
        #expect(Place(file: "a", line: 1) == Place(file: "a", line: 1, column: nil))
        #expect(Place(file: "a", line: 1) != Place(file: "a", line: 1, column: 1))
        #expect(Place(file: "a", line: 1) != Place(file: "b", line: 1))
    }
}
