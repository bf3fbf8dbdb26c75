import CDuckDB
import Diagnostics
import Records
import TestSupport
import Testing

@testable import Querying

/// Text that other software wrote, or that a disk spoiled, past every checksum.
struct DamagedTextTests {
    private static let cases = 100_000

    @Test func `damaged text is rows or a failure, never a crash`() throws {
        let columns = ScanTests.columns
        let schema = try Schema(
            [("k", "int64")]
                + columns.enumerated().map { ("c\($0.offset)", "\($0.element.type)?") },
            key: ["k"]
        )
        var random = SeededRandom()
        // Short cells only, so that damage meets all kinds of places.
        let cells = columns.map { column in column.cells.filter { $0.utf8.count < 80 } }
        func line(_ k: Int) -> [UInt8] {
            let cells = cells.enumerated().map { index, cells in
                "\"c\(index)\":\(cells[random.int(0...(cells.count - 1))])"
            }
            return Array("{\"k\":\(k),\(cells.joined(separator: ","))}\n".utf8)
        }
        var types = unsafe columns.map { unsafe Self.type(of: $0) }
        defer {
            for index in unsafe types.indices { unsafe duckdb_destroy_logical_type(&types[index]) }
        }
        var output = unsafe duckdb_create_data_chunk(&types, idx_t(types.count))
        defer { unsafe duckdb_destroy_data_chunk(&output) }
        var failures = 0
        for _ in 0..<Self.cases {
            var text = line(1) + line(2)
            for _ in 0..<random.int(1...3) { Self.damage(&text, &random) }
            let decoder = RowDecoder(schema: schema, columns: columns.indices.map { $0 + 1 })
            unsafe duckdb_data_chunk_reset(output)
            do throws(Failure) {
                var offset = 0
                while offset < text.count {
                    let rows = try unsafe text.withUnsafeBufferPointer {
                        (text) throws(Failure) in
                        try unsafe decoder.decode(text, from: &offset, into: output)
                    }
                    if rows == 0 { break }
                }
            } catch {
                failures += 1
                #expect(error.code == .scanMalformedRow)
            }
        }
        #expect(failures > Self.cases / 4 && failures < Self.cases)
    }

    private static func damage(_ text: inout [UInt8], _ random: inout SeededRandom) {
        guard text.count > 2 else { return }
        let place = random.int(0...(text.count - 1))
        let special = Array("\"\\{}[],:\n0-9nulltf.eTZ ".utf8)
        switch random.int(0...6) {
        case 0: text[place] = UInt8(random.int(0...255))
        case 1: text[place] = special[random.int(0...(special.count - 1))]
        case 2: text[place] ^= 1 << UInt8(random.int(0...7))
        case 3: text.insert(special[random.int(0...(special.count - 1))], at: place)
        case 4: text.removeSubrange(place..<min(place + random.int(1...20), text.count))
        case 5: text.removeSubrange(place...)
        default:
            let part = text[place..<min(place + random.int(1...30), text.count)]
            text.insert(contentsOf: Array(part), at: random.int(0...text.count))
        }
    }

    private static func type(of column: ScanTests.Column) -> duckdb_logical_type? {
        unsafe logicalType(column.type)
    }

    private static func logicalType(_ type: String) -> duckdb_logical_type? {
        if type.hasPrefix("list<") {
            var element = unsafe logicalType(String(type.dropFirst(5).dropLast()))
            defer { unsafe duckdb_destroy_logical_type(&element) }
            return unsafe duckdb_create_list_type(element)
        }
        if type.hasPrefix("decimal(") {
            let digits = type.dropFirst(8).dropLast().split(separator: ",").compactMap { UInt8($0) }
            return unsafe duckdb_create_decimal_type(digits[0], digits[1])
        }
        return switch type {
        case "bool": unsafe duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN)
        case "int64": unsafe duckdb_create_logical_type(DUCKDB_TYPE_BIGINT)
        case "double": unsafe duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE)
        case "date": unsafe duckdb_create_logical_type(DUCKDB_TYPE_DATE)
        case "timestamp": unsafe duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP)
        case "bytes": unsafe duckdb_create_logical_type(DUCKDB_TYPE_BLOB)
        case "uint256": unsafe duckdb_create_logical_type(DUCKDB_TYPE_BIGNUM)
        default: unsafe duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR)
        }
    }
}
