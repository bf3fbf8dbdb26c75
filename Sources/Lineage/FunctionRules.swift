/// Which functions a model may call, and why not the others.
///
/// The lists are those of DuckDB 2.0.0, the only engine there is; a test compares them with
/// `duckdb_functions()`. What is a plain scalar function and in no list here is CONSISTENT there:
/// equal arguments give equal values.
package enum FunctionRules {
    /// What an aggregate or window function needs so that its value does not depend on the order
    /// in which threads see rows.
    package enum Need: Sendable, Equatable {
        /// Nothing.
        case nothing
        /// Arguments that add exactly: whole numbers or decimals (`checkExactSums`).
        case exactArguments
        /// An ORDER BY of its own, over something that ends in the key.
        case order
        /// It cannot have what it needs; the text says why, the other what to write.
        case refused(why: String, instead: String)
    }

    private static let order = "its value depends on the order of rows that compare equal"
    private static let threads = "doubles do not add up the same in every order of rows"
    private static let sketch = "it is an estimate that depends on the order of rows"

    /// Aggregate functions; one that is missing here is refused.
    package static let aggregates: [String: Need] = {
        var rules: [String: Need] = [:]
        for name in [
            "count", "count_star", "count_if", "countif", "regr_count", "min", "max", "bool_and",
            "bool_or", "bit_and", "bit_or", "bit_xor", "bitstring_agg", "median", "quantile",
            "quantile_cont", "quantile_disc", "mad", "histogram", "histogram_exact",
        ] { rules[name] = .nothing }
        for name in ["sum", "sum_no_overflow", "avg", "mean"] { rules[name] = .exactArguments }
        for name in [
            "list", "array_agg", "string_agg", "group_concat", "listagg", "first", "last",
            "any_value", "arbitrary",
        ] { rules[name] = .order }
        for name in [
            "arg_max", "arg_max_null", "arg_max_nulls_last", "arg_min", "arg_min_null",
            "arg_min_nulls_last", "argmax", "argmin", "max_by", "min_by",
        ] {
            rules[name] = .refused(why: order, instead: "first(x ORDER BY y DESC, <key>)")
        }
        rules["mode"] = .refused(
            why: order,
            instead: "count by value, then first(x ORDER BY n DESC, x)"
        )
        for name in ["fsum", "favg", "kahan_sum", "sumkahan"] {
            rules[name] = .refused(why: threads, instead: "sum(x::DECIMAL(38,9))")
        }
        for name in [
            "stddev", "stddev_pop", "stddev_samp", "var_pop", "var_samp", "variance", "sem",
            "covar_pop", "covar_samp", "corr", "skewness", "kurtosis", "kurtosis_pop", "entropy",
            "regr_avgx", "regr_avgy", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx",
            "regr_sxy", "regr_syy", "product",
        ] {
            rules[name] = .refused(
                why: threads,
                instead: "sums of decimals, such as sum(x * x) and sum(x)"
            )
        }
        for name in ["approx_quantile", "reservoir_quantile"] {
            rules[name] = .refused(why: sketch, instead: "quantile_cont(x, 0.5)")
        }
        rules["approx_count_distinct"] = .refused(why: sketch, instead: "count(DISTINCT x)")
        rules["approx_top_k"] = .refused(why: sketch, instead: "count by value and ORDER BY")
        for name in ["lttb", "combine_aggr", "decimal_average", "variant_group_object"] {
            rules[name] = .refused(
                why: "it is not checked to be the same on any number of threads",
                instead: "an aggregate of docs/models.md"
            )
        }
        return rules
    }()

    /// Window functions that are no aggregates.
    package static let windows: [String: Need] = {
        var rules: [String: Need] = [:]
        // Rows that compare equal get equal values.
        for name in ["rank", "dense_rank", "rank_dense", "percent_rank", "cume_dist"] {
            rules[name] = .order
        }
        for name in [
            "row_number", "ntile", "lag", "lead", "first_value", "last_value", "nth_value",
            "fill",
        ] { rules[name] = .order }
        return rules
    }()

    /// Scalar functions and macros of DuckDB that give something else another time, with the
    /// reason.
    package static let inconstant: [String: String] = {
        var rules: [String: String] = [:]
        for name in [
            "now", "today", "current_date", "transaction_timestamp", "get_current_time",
            "get_current_timestamp",
            "current_localtime", "current_localtimestamp", "ago", "pg_conf_load_time",
            "pg_postmaster_start_time",
        ] { rules[name] = "it reads the clock" }
        for name in ["random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid"] {
            rules[name] = "it makes random values"
        }
        for name in [
            "current_setting", "getvariable", "current_database", "current_catalog",
            "current_schema", "current_schemas", "in_search_path", "current_query",
            "current_query_id", "current_connection_id", "current_transaction_id", "txid_current",
            "stats", "vector_type", "get_block_size", "format_type", "pg_get_constraintdef",
            "pg_get_viewdef", "write_log", "sleep_ms", "pg_sleep", "getenv",
        ] { rules[name] = "it reads or changes the state of the engine" }
        for name in ["nextval", "currval", "setval"] { rules[name] = "it reads a sequence" }
        // Macros over aggregates that need an order they do not pass on.
        for name in [
            "json_group_array", "json_group_object", "json_group_structure",
            "variant_group_array",
        ] {
            rules[name] = "it collects rows without an order"
        }
        for name in ["weighted_avg", "wavg", "geomean", "geometric_mean"] { rules[name] = threads }
        return rules
    }()

    /// Names that read the clock without parentheses.
    package static let clockNames: Set<String> = [
        "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
    ]

    /// Functions that may stand in FROM; macros of the warehouse may too.
    package static let tableFunctions: Set<String> = [
        "unnest", "generate_series", "range", "json_each", "json_tree", "repeat", "repeat_row",
        "generate_subscripts", "regexp_split_to_table",
    ]

    /// Functions whose last digit depends on the machine's mathematical library: a cast to a
    /// decimal must be around them.
    package static let inexact: Set<String> = [
        "ln", "log", "log2", "log10", "exp", "pow", "power", "**", "^", "cbrt", "sin", "cos",
        "tan", "cot", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh",
        "atanh", "gamma", "lgamma",
    ]
}
