package import Diagnostics
package import Records

extension Connection {
    /// Runs a query and stores its rows, sorted by the schema's key.
    ///
    /// - Parameters:
    ///   - sql: one SELECT, whose columns are `schema.dataColumns` by name, in any order.
    ///   - schema: the table the rows are for.
    ///   - file: what failures name as their place.
    ///   - limit: how much memory the rows may take before they go to disk; nil for any.
    ///   - progress: called with the number of rows so far, now and then.
    /// - Returns: the rows.
    /// - Throws: `query.*`; `query.type` and `query.value` name the column;
    ///   `records.duplicate-key`, `records.*` for nulls where none may be.
    package func materialize(
        _ sql: String,
        schema: Schema,
        file: String? = nil,
        limit: SortLimit? = nil,
        progress: ((Int) -> Void)? = nil
    ) throws(Failure) -> SortedRows {
        // Rows are sorted in the end, so their order costs nothing but a thread.
        try execute("SET preserve_insertion_order = false")
        let built: Result<RowBuilder, Failure>
        do {
            built = .success(
                try build(sql, schema: schema, file: file, limit: limit, progress: progress)
            )
        } catch {
            built = .failure(error)
        }
        try execute("SET preserve_insertion_order = true")
        return try built.get().finishSorted()
    }

    private func build(
        _ sql: String,
        schema: Schema,
        file: String?,
        limit: SortLimit?,
        progress: ((Int) -> Void)?
    ) throws(Failure) -> RowBuilder {
        let statements = try StatementList(sql, file: file, connection: self)
        let statement = try statements.onlySelect()
        let order = try Self.match(statement.columns(), to: schema, file: file)
        let result = try statement.run()
        let cells = order.map { index in
            VectorReader(
                column: result.columns[index].name,
                type: result.columns[index].engineType
            )
        }
        let types = schema.dataColumns.map(\.type)
        var builder = RowBuilder(schema: schema, limit: limit)
        while let chunk = try result.nextVectors() {
            for (cell, index) in zip(cells, order) { chunk.bind(cell, toColumn: index) }
            for row in 0..<chunk.rowCount {
                for index in cells.indices {
                    try cells[index].append(row, as: types[index], to: &builder)
                }
                try builder.endRow()
            }
            progress?(builder.rowCount)
        }
        return builder
    }

    /// For each data column of `schema`, the index of the result's column that fills it.
    private static func match(
        _ columns: [ResultColumn],
        to schema: Schema,
        file: String?
    ) throws(Failure) -> [Int] {
        let place = file.map { Place(file: $0) }
        var order: [Int] = []
        for wanted in schema.dataColumns {
            guard let index = columns.firstIndex(where: { $0.name == wanted.name }) else {
                throw Failure(
                    .queryColumns,
                    "The query does not give the column \"\(wanted.name)\".",
                    hint: "It gives \(columns.map(\.name).joined(separator: ", ")).",
                    place: place
                )
            }
            let column = columns[index]
            guard column.engineType.fits(wanted.type) else {
                throw column.mismatch(with: wanted.type, place: place)
            }
            order.append(index)
        }
        guard order.count == columns.count else {
            let extra = columns.indices.first { !order.contains($0) }.map { columns[$0].name } ?? ""
            throw Failure(
                .queryColumns,
                "The query gives a column \"\(extra)\" that the table does not have, or gives it "
                    + "twice.",
                hint: "Give each column of the table once.",
                place: place
            )
        }
        return order
    }
}

extension ResultColumn {
    /// Why values of this column do not go into one of `type`.
    func mismatch(with type: ColumnType, place: Place?) -> Failure {
        guard let own = self.type else {
            return Failure(
                .queryType,
                "The column \"\(name)\" has the type \(duckType), which snapshots do not hold.",
                hint: hint,
                place: place
            )
        }
        return Failure(
            .queryType,
            "The column \"\(name)\" is \(own), the table's is \(type).",
            hint: "Cast it: (…)::\(type.engineName) AS \(name).",
            place: place
        )
    }
}
