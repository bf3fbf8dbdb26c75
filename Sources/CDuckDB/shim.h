#pragma once

// The part of DuckDB's C API, version 1, that osodata calls, declared by hand because no header
// comes with the library (docs/architecture.md). Names, values and layouts are those of
// duckdb/duckdb src/include/duckdb.h; QueryingTests/EngineTests checks them against the library.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t idx_t;

typedef enum duckdb_state { DuckDBSuccess = 0, DuckDBError = 1 } duckdb_state;

typedef enum DUCKDB_TYPE {
    DUCKDB_TYPE_INVALID = 0,
    DUCKDB_TYPE_BOOLEAN = 1,
    DUCKDB_TYPE_TINYINT = 2,
    DUCKDB_TYPE_SMALLINT = 3,
    DUCKDB_TYPE_INTEGER = 4,
    DUCKDB_TYPE_BIGINT = 5,
    DUCKDB_TYPE_UTINYINT = 6,
    DUCKDB_TYPE_USMALLINT = 7,
    DUCKDB_TYPE_UINTEGER = 8,
    DUCKDB_TYPE_UBIGINT = 9,
    DUCKDB_TYPE_FLOAT = 10,
    DUCKDB_TYPE_DOUBLE = 11,
    DUCKDB_TYPE_TIMESTAMP = 12,
    DUCKDB_TYPE_DATE = 13,
    DUCKDB_TYPE_TIME = 14,
    DUCKDB_TYPE_INTERVAL = 15,
    DUCKDB_TYPE_HUGEINT = 16,
    DUCKDB_TYPE_VARCHAR = 17,
    DUCKDB_TYPE_BLOB = 18,
    DUCKDB_TYPE_DECIMAL = 19,
    DUCKDB_TYPE_TIMESTAMP_S = 20,
    DUCKDB_TYPE_TIMESTAMP_MS = 21,
    DUCKDB_TYPE_TIMESTAMP_NS = 22,
    DUCKDB_TYPE_ENUM = 23,
    DUCKDB_TYPE_LIST = 24,
    DUCKDB_TYPE_STRUCT = 25,
    DUCKDB_TYPE_MAP = 26,
    DUCKDB_TYPE_UUID = 27,
    DUCKDB_TYPE_UNION = 28,
    DUCKDB_TYPE_BIT = 29,
    DUCKDB_TYPE_TIME_TZ = 30,
    DUCKDB_TYPE_TIMESTAMP_TZ = 31,
    DUCKDB_TYPE_UHUGEINT = 32,
    DUCKDB_TYPE_ARRAY = 33,
    DUCKDB_TYPE_ANY = 34,
    DUCKDB_TYPE_BIGNUM = 35,
    DUCKDB_TYPE_SQLNULL = 36,
} duckdb_type;

typedef enum duckdb_statement_type {
    DUCKDB_STATEMENT_TYPE_INVALID = 0,
    DUCKDB_STATEMENT_TYPE_SELECT = 1,
    DUCKDB_STATEMENT_TYPE_EXPLAIN = 5,
} duckdb_statement_type;

typedef enum duckdb_error_type {
    DUCKDB_ERROR_INVALID = 0,
    DUCKDB_ERROR_CATALOG = 13,
    DUCKDB_ERROR_PARSER = 14,
    DUCKDB_ERROR_SYNTAX = 22,
    DUCKDB_ERROR_BINDER = 24,
    DUCKDB_ERROR_INTERRUPT = 29,
    DUCKDB_ERROR_INTERNAL = 31,
    DUCKDB_ERROR_OUT_OF_MEMORY = 33,
    DUCKDB_ERROR_PERMISSION = 34,
} duckdb_error_type;

typedef struct _duckdb_connection *duckdb_connection;
typedef struct _duckdb_extracted_statements *duckdb_extracted_statements;
typedef struct _duckdb_prepared_statement *duckdb_prepared_statement;
typedef struct _duckdb_pending_result *duckdb_pending_result;
typedef struct _duckdb_logical_type *duckdb_logical_type;
typedef struct _duckdb_value *duckdb_value;
typedef struct _duckdb_data_chunk *duckdb_data_chunk;
typedef struct _duckdb_vector *duckdb_vector;
typedef struct _duckdb_scalar_function *duckdb_scalar_function;
typedef struct _duckdb_expression *duckdb_expression;
typedef struct _duckdb_bind_info *duckdb_bind_info;
typedef struct _duckdb_function_info *duckdb_function_info;

typedef struct duckdb_result {
    idx_t deprecated_column_count;
    idx_t deprecated_row_count;
    idx_t deprecated_rows_changed;
    void *deprecated_columns;
    char *deprecated_error_message;
    void *internal_data;
} duckdb_result;

typedef struct duckdb_list_entry {
    uint64_t offset;
    uint64_t length;
} duckdb_list_entry;

typedef struct duckdb_hugeint {
    uint64_t lower;
    int64_t upper;
} duckdb_hugeint;

typedef struct duckdb_date {
    int32_t days;
} duckdb_date;

typedef struct duckdb_timestamp {
    int64_t micros;
} duckdb_timestamp;

/// A string or blob in a vector: up to 12 bytes in place, longer ones by pointer.
typedef struct duckdb_string_t {
    union {
        struct {
            uint32_t length;
            char prefix[4];
            char *ptr;
        } pointer;
        struct {
            uint32_t length;
            char inlined[12];
        } inlined;
    } value;
} duckdb_string_t;

typedef void (*duckdb_delete_callback_t)(void *data);
typedef void (*duckdb_scalar_function_bind_t)(duckdb_bind_info info);
typedef void (*duckdb_scalar_function_t)(duckdb_function_info info, duckdb_data_chunk input,
                                         duckdb_vector output);

const char *duckdb_library_version(void);
void duckdb_free(void *ptr);
idx_t duckdb_vector_size(void);

// Connections, which version 2 opens.
void duckdb_interrupt(duckdb_connection connection);
duckdb_value duckdb_get_table_names(duckdb_connection connection, const char *query,
                                    bool qualified);

// Statements.
idx_t duckdb_extract_statements(duckdb_connection connection, const char *query,
                                duckdb_extracted_statements *out_extracted_statements);
const char *duckdb_extract_statements_error(duckdb_extracted_statements extracted_statements);
duckdb_state duckdb_prepare_extracted_statement(duckdb_connection connection,
                                                duckdb_extracted_statements extracted_statements,
                                                idx_t index,
                                                duckdb_prepared_statement *out_prepared_statement);
void duckdb_destroy_extracted(duckdb_extracted_statements *extracted_statements);
duckdb_state duckdb_prepare(duckdb_connection connection, const char *query,
                            duckdb_prepared_statement *out_prepared_statement);
const char *duckdb_prepare_error(duckdb_prepared_statement prepared_statement);
void duckdb_destroy_prepare(duckdb_prepared_statement *prepared_statement);
idx_t duckdb_nparams(duckdb_prepared_statement prepared_statement);
duckdb_state duckdb_bind_varchar_length(duckdb_prepared_statement prepared_statement,
                                        idx_t param_idx, const char *val, idx_t length);
duckdb_statement_type duckdb_prepared_statement_type(duckdb_prepared_statement statement);
idx_t duckdb_prepared_statement_column_count(duckdb_prepared_statement prepared_statement);
const char *duckdb_prepared_statement_column_name(duckdb_prepared_statement prepared_statement,
                                                  idx_t col_idx);
duckdb_logical_type
duckdb_prepared_statement_column_logical_type(duckdb_prepared_statement prepared_statement,
                                              idx_t col_idx);
duckdb_state duckdb_pending_prepared_streaming(duckdb_prepared_statement prepared_statement,
                                               duckdb_pending_result *out_result);
duckdb_state duckdb_execute_pending(duckdb_pending_result pending_result,
                                    duckdb_result *out_result);
const char *duckdb_pending_error(duckdb_pending_result pending_result);
void duckdb_destroy_pending(duckdb_pending_result *pending_result);

// Results.
void duckdb_destroy_result(duckdb_result *result);
idx_t duckdb_column_count(duckdb_result *result);
const char *duckdb_column_name(duckdb_result *result, idx_t col);
duckdb_logical_type duckdb_column_logical_type(duckdb_result *result, idx_t col);
const char *duckdb_result_error(duckdb_result *result);
duckdb_error_type duckdb_result_error_type(duckdb_result *result);
duckdb_data_chunk duckdb_fetch_chunk(duckdb_result result);

// Types and values.
duckdb_logical_type duckdb_create_logical_type(duckdb_type type);
duckdb_logical_type duckdb_create_list_type(duckdb_logical_type type);
duckdb_logical_type duckdb_create_decimal_type(uint8_t width, uint8_t scale);
void duckdb_destroy_logical_type(duckdb_logical_type *type);
duckdb_type duckdb_get_type_id(duckdb_logical_type type);
char *duckdb_logical_type_get_alias(duckdb_logical_type type);
void duckdb_logical_type_set_alias(duckdb_logical_type type, const char *alias);
uint8_t duckdb_decimal_width(duckdb_logical_type type);
uint8_t duckdb_decimal_scale(duckdb_logical_type type);
duckdb_type duckdb_decimal_internal_type(duckdb_logical_type type);
duckdb_type duckdb_enum_internal_type(duckdb_logical_type type);
uint32_t duckdb_enum_dictionary_size(duckdb_logical_type type);
char *duckdb_enum_dictionary_value(duckdb_logical_type type, idx_t index);
duckdb_logical_type duckdb_list_type_child_type(duckdb_logical_type type);
duckdb_logical_type duckdb_array_type_child_type(duckdb_logical_type type);
idx_t duckdb_array_type_array_size(duckdb_logical_type type);
idx_t duckdb_struct_type_child_count(duckdb_logical_type type);
char *duckdb_struct_type_child_name(duckdb_logical_type type, idx_t index);
duckdb_logical_type duckdb_struct_type_child_type(duckdb_logical_type type, idx_t index);
duckdb_logical_type duckdb_map_type_key_type(duckdb_logical_type type);
duckdb_logical_type duckdb_map_type_value_type(duckdb_logical_type type);
void duckdb_destroy_value(duckdb_value *value);
char *duckdb_get_varchar(duckdb_value value);
bool duckdb_get_bool(duckdb_value value);
int64_t duckdb_get_int64(duckdb_value value);
double duckdb_get_double(duckdb_value value);
duckdb_date duckdb_get_date(duckdb_value value);
duckdb_timestamp duckdb_get_timestamp(duckdb_value value);
bool duckdb_is_null_value(duckdb_value value);
/// Borrowed from the value.
duckdb_logical_type duckdb_get_value_type(duckdb_value value);
idx_t duckdb_get_list_size(duckdb_value value);
duckdb_value duckdb_get_list_child(duckdb_value value, idx_t index);

// Chunks and vectors; tests make chunks.
duckdb_data_chunk duckdb_create_data_chunk(duckdb_logical_type *types, idx_t column_count);
void duckdb_data_chunk_reset(duckdb_data_chunk chunk);
idx_t duckdb_data_chunk_get_size(duckdb_data_chunk chunk);
void duckdb_data_chunk_set_size(duckdb_data_chunk chunk, idx_t size);
idx_t duckdb_data_chunk_get_column_count(duckdb_data_chunk chunk);
duckdb_vector duckdb_data_chunk_get_vector(duckdb_data_chunk chunk, idx_t col_idx);
void duckdb_destroy_data_chunk(duckdb_data_chunk *chunk);
void *duckdb_vector_get_data(duckdb_vector vector);
uint64_t *duckdb_vector_get_validity(duckdb_vector vector);
void duckdb_vector_ensure_validity_writable(duckdb_vector vector);
void duckdb_vector_assign_string_element_len(duckdb_vector vector, idx_t index, const char *str,
                                             idx_t str_len);
/// The same without a check for valid UTF-8.
void duckdb_unsafe_vector_assign_string_element_len(duckdb_vector vector, idx_t index,
                                                    const char *str, idx_t str_len);
duckdb_vector duckdb_list_vector_get_child(duckdb_vector vector);
idx_t duckdb_list_vector_get_size(duckdb_vector vector);
duckdb_state duckdb_list_vector_set_size(duckdb_vector vector, idx_t size);
duckdb_state duckdb_list_vector_reserve(duckdb_vector vector, idx_t required_capacity);
duckdb_vector duckdb_struct_vector_get_child(duckdb_vector vector, idx_t index);
duckdb_vector duckdb_array_vector_get_child(duckdb_vector vector);

// Scalar functions.
duckdb_scalar_function duckdb_create_scalar_function(void);
void duckdb_destroy_scalar_function(duckdb_scalar_function *scalar_function);
void duckdb_scalar_function_set_name(duckdb_scalar_function scalar_function, const char *name);
void duckdb_scalar_function_add_parameter(duckdb_scalar_function scalar_function,
                                          duckdb_logical_type type);
void duckdb_scalar_function_set_return_type(duckdb_scalar_function scalar_function,
                                            duckdb_logical_type type);
void duckdb_scalar_function_set_extra_info(duckdb_scalar_function scalar_function,
                                           void *extra_info, duckdb_delete_callback_t destroy);
void duckdb_scalar_function_set_bind(duckdb_scalar_function scalar_function,
                                     duckdb_scalar_function_bind_t bind);
void duckdb_scalar_function_set_function(duckdb_scalar_function scalar_function,
                                         duckdb_scalar_function_t function);
duckdb_state duckdb_register_scalar_function(duckdb_connection con,
                                             duckdb_scalar_function scalar_function);
void duckdb_function_set_error(duckdb_function_info info, const char *error);
void *duckdb_scalar_function_bind_get_extra_info(duckdb_bind_info info);
duckdb_expression duckdb_scalar_function_bind_get_argument(duckdb_bind_info info, idx_t index);
duckdb_logical_type duckdb_expression_return_type(duckdb_expression expr);
void duckdb_destroy_expression(duckdb_expression *expr);

// Version 2 of the API, of which no header of this library is published. Signatures are those of
// duckdb/duckdb src/include/duckdb_v2.h near the release, checked against the library's code and
// by QueryingTests (docs/decisions/0009-duckdb-v2.md). Handles of connections, chunks, vectors and
// values are pointers to the same objects as in version 1.

/// What the last parameter of most functions may be told; NULL where nobody asks.
typedef struct _duckdb_v2_error_info *duckdb_v2_error_info;
typedef struct _duckdb_v2_environment *duckdb_v2_environment;
typedef struct _duckdb_v2_instance *duckdb_v2_instance;
typedef struct _duckdb_v2_factory *duckdb_v2_factory;
typedef struct _duckdb_v2_context *duckdb_v2_context;
/// Not the same object as a `duckdb_logical_type`.
typedef struct _duckdb_v2_logical_type *duckdb_v2_logical_type;
typedef struct _duckdb_v2_expression *duckdb_v2_expression;
typedef struct _duckdb_v2_table_function *duckdb_v2_table_function;
typedef struct _duckdb_v2_signature *duckdb_v2_signature;
typedef struct _duckdb_v2_function_bind_info *duckdb_v2_function_bind_info;
typedef struct _duckdb_v2_table_bind_info *duckdb_v2_table_bind_info;
typedef struct _duckdb_v2_pushdown_info *duckdb_v2_pushdown_info;
typedef struct _duckdb_v2_global_info *duckdb_v2_global_info;
typedef struct _duckdb_v2_local_info *duckdb_v2_local_info;
typedef struct _duckdb_v2_exec_info *duckdb_v2_exec_info;
typedef struct _duckdb_v2_partition_info *duckdb_v2_partition_info;

/// Text of a length, borrowed.
typedef struct duckdb_v2_str {
    const char *text;
    idx_t length;
} duckdb_v2_str;

/// What a callback gives DuckDB to keep.
typedef struct duckdb_v2_opaque {
    void *data;
    void (*destroy)(void *data);
    /// NULL: equal to itself only.
    bool (*equals)(void *one, void *other);
} duckdb_v2_opaque;

/// 0 is success.
typedef int duckdb_v2_error;

enum { DUCKDB_V2_ERROR_API = 1 };

enum { DUCKDB_V2_PARAMETER_STANDARD = 1 };

/// Kinds of expressions, as the library numbers them.
typedef enum duckdb_v2_expression_type {
    DUCKDB_V2_EXPRESSION_NOT = 13,
    DUCKDB_V2_EXPRESSION_IS_NULL = 14,
    DUCKDB_V2_EXPRESSION_IS_NOT_NULL = 15,
    DUCKDB_V2_EXPRESSION_EQUAL = 25,
    DUCKDB_V2_EXPRESSION_NOT_EQUAL = 26,
    DUCKDB_V2_EXPRESSION_LESS = 27,
    DUCKDB_V2_EXPRESSION_GREATER = 28,
    DUCKDB_V2_EXPRESSION_LESS_OR_EQUAL = 29,
    DUCKDB_V2_EXPRESSION_GREATER_OR_EQUAL = 30,
    DUCKDB_V2_EXPRESSION_IN = 35,
    DUCKDB_V2_EXPRESSION_BETWEEN = 38,
    DUCKDB_V2_EXPRESSION_NOT_DISTINCT = 40,
    DUCKDB_V2_EXPRESSION_AND = 50,
    DUCKDB_V2_EXPRESSION_OR = 51,
    DUCKDB_V2_EXPRESSION_CONSTANT = 75,
    DUCKDB_V2_EXPRESSION_FUNCTION = 141,
    DUCKDB_V2_EXPRESSION_COLUMN = 228,
} duckdb_v2_expression_type;

duckdb_v2_error duckdb_v2_error_info_set_code(duckdb_v2_error_info info, int code);
duckdb_v2_error duckdb_v2_error_info_set_text(duckdb_v2_error_info info,
                                              const duckdb_v2_str *text);
duckdb_v2_error duckdb_v2_error_info_get_text(duckdb_v2_error_info info, duckdb_v2_str *out_text);
void duckdb_v2_error_info_destroy(duckdb_v2_error_info *info);

// Opening.
duckdb_v2_error duckdb_v2_environment_create(duckdb_v2_environment *out_environment,
                                             duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_environment_destroy(duckdb_v2_environment *environment);
duckdb_v2_error duckdb_v2_instance_create(duckdb_v2_environment environment,
                                          duckdb_v2_instance *out_instance,
                                          duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_instance_destroy(duckdb_v2_instance *instance);
duckdb_v2_error duckdb_v2_instance_attach(duckdb_v2_instance instance, const duckdb_v2_str *name,
                                          const duckdb_v2_str *path, void *options, bool unused,
                                          duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_instance_set_default(duckdb_v2_instance instance,
                                               const duckdb_v2_str *name,
                                               duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_connection_create(duckdb_v2_instance instance,
                                            duckdb_connection *out_connection,
                                            duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_connection_destroy(duckdb_connection *connection);

// Types.
duckdb_v2_error duckdb_v2_connection_get_factory(duckdb_connection connection,
                                                 duckdb_v2_factory *out_factory,
                                                 duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_context_get_factory(duckdb_v2_context context,
                                              duckdb_v2_factory *out_factory,
                                              duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_factory_create_type_from_text(duckdb_v2_factory factory,
                                                        const duckdb_v2_str *text,
                                                        duckdb_v2_logical_type *out_type,
                                                        duckdb_v2_error_info *err);
void duckdb_v2_logical_type_destroy(duckdb_v2_logical_type *type);

// Values and expressions.
duckdb_v2_error duckdb_v2_value_get_varchar(duckdb_value value, duckdb_v2_str *out_text,
                                            duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_expression_get_type(duckdb_v2_expression expression,
                                              duckdb_v2_expression_type *out_type,
                                              duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_expression_get_child_count(duckdb_v2_expression expression,
                                                     idx_t *out_count, duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_expression_get_child(duckdb_v2_expression expression, idx_t index,
                                               duckdb_v2_expression *out_child,
                                               duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_expression_column_ref_get_index(duckdb_v2_expression expression,
                                                          idx_t *out_index,
                                                          duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_expression_constant_get_value(duckdb_v2_expression expression,
                                                        duckdb_value *out_value,
                                                        duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_expression_function_get_name(duckdb_v2_expression expression,
                                                       duckdb_v2_str *out_name,
                                                       duckdb_v2_error_info *err);

// Table functions. Callbacks find `*err` ready to be told what went wrong.
typedef void (*duckdb_v2_table_bind_t)(duckdb_v2_function_bind_info call,
                                       duckdb_v2_table_bind_info info, duckdb_v2_context context,
                                       duckdb_v2_error_info *err);
typedef void (*duckdb_v2_table_pushdown_t)(duckdb_v2_pushdown_info info, duckdb_v2_context context,
                                           duckdb_v2_error_info *err);
typedef void (*duckdb_v2_table_init_global_t)(duckdb_v2_global_info info,
                                              duckdb_v2_context context,
                                              duckdb_v2_error_info *err);
typedef void (*duckdb_v2_table_init_local_t)(duckdb_v2_local_info info, duckdb_v2_context context,
                                             duckdb_v2_error_info *err);
typedef void (*duckdb_v2_table_exec_t)(duckdb_v2_exec_info info, duckdb_v2_context context,
                                       duckdb_v2_error_info *err);
typedef void (*duckdb_v2_table_partition_t)(duckdb_v2_partition_info info,
                                            duckdb_v2_context context, duckdb_v2_error_info *err);

duckdb_v2_error duckdb_v2_table_function_create(duckdb_v2_factory factory,
                                                duckdb_v2_table_function *out_function,
                                                duckdb_v2_error_info *err);
void duckdb_v2_table_function_destroy(duckdb_v2_table_function *function);
duckdb_v2_error duckdb_v2_table_function_set_name(duckdb_v2_table_function function,
                                                  const duckdb_v2_str *name,
                                                  duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_get_signature(duckdb_v2_table_function function,
                                                       duckdb_v2_signature *out_signature,
                                                       duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_function_signature_add_parameter(duckdb_v2_signature signature,
                                                           const duckdb_v2_str *name,
                                                           duckdb_v2_logical_type type,
                                                           duckdb_value default_value, int kind,
                                                           duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_set_user_data(duckdb_v2_table_function function,
                                                       duckdb_v2_opaque *data,
                                                       duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_set_bind_callback(duckdb_v2_table_function function,
                                                           duckdb_v2_table_bind_t callback,
                                                           duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_set_filter_pushdown_callback(
    duckdb_v2_table_function function, duckdb_v2_table_pushdown_t callback,
    duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_set_init_global_callback(
    duckdb_v2_table_function function, duckdb_v2_table_init_global_t callback,
    duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_set_init_local_callback(
    duckdb_v2_table_function function, duckdb_v2_table_init_local_t callback,
    duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_set_exec_callback(duckdb_v2_table_function function,
                                                           duckdb_v2_table_exec_t callback,
                                                           duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_set_partition_data_callback(
    duckdb_v2_table_function function, duckdb_v2_table_partition_t callback,
    duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_set_projection_pushdown(duckdb_v2_table_function function,
                                                                 bool enable,
                                                                 duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_connection_register_table_function(duckdb_connection connection,
                                                             duckdb_v2_table_function function,
                                                             duckdb_v2_error_info *err);

duckdb_v2_error duckdb_v2_function_bind_get_user_data(duckdb_v2_function_bind_info call,
                                                      void **out_data, duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_function_bind_get_arg_value(duckdb_v2_function_bind_info call,
                                                      idx_t index, duckdb_value *out_value,
                                                      duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_function_bind_set_bind_data(duckdb_v2_function_bind_info call,
                                                      duckdb_v2_opaque *data,
                                                      duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_bind_add_result_column(duckdb_v2_table_bind_info info,
                                                                const duckdb_v2_str *name,
                                                                duckdb_v2_logical_type type,
                                                                duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_bind_set_cardinality(duckdb_v2_table_bind_info info,
                                                              idx_t rows, bool is_exact,
                                                              duckdb_v2_error_info *err);

duckdb_v2_error duckdb_v2_table_function_filter_pushdown_get_bind_data(
    duckdb_v2_pushdown_info info, void **out_data, duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_filter_pushdown_get_filter_count(
    duckdb_v2_pushdown_info info, idx_t *out_count, duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_filter_pushdown_get_filter(
    duckdb_v2_pushdown_info info, idx_t index, duckdb_v2_expression *out_filter,
    duckdb_v2_error_info *err);
/// The result column that a column of a filter stands for.
duckdb_v2_error duckdb_v2_table_function_filter_pushdown_get_column_index(
    duckdb_v2_pushdown_info info, idx_t index, idx_t *out_column, duckdb_v2_error_info *err);

duckdb_v2_error duckdb_v2_table_function_init_global_get_bind_data(duckdb_v2_global_info info,
                                                                   void **out_data,
                                                                   duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_init_global_get_column_count(duckdb_v2_global_info info,
                                                                      idx_t *out_count,
                                                                      duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_init_global_get_column_index(duckdb_v2_global_info info,
                                                                      idx_t index,
                                                                      idx_t *out_column,
                                                                      duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_init_global_set_global_state(duckdb_v2_global_info info,
                                                                      duckdb_v2_opaque *state,
                                                                      duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_init_global_set_max_threads(duckdb_v2_global_info info,
                                                                     idx_t threads,
                                                                     duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_init_local_set_local_state(duckdb_v2_local_info info,
                                                                    duckdb_v2_opaque *state,
                                                                    duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_exec_get_global_state(duckdb_v2_exec_info info,
                                                               void **out_state,
                                                               duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_exec_get_local_state(duckdb_v2_exec_info info,
                                                              void **out_state,
                                                              duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_exec_get_output_chunk(duckdb_v2_exec_info info,
                                                               duckdb_data_chunk *out_chunk,
                                                               duckdb_v2_error_info *err);
duckdb_v2_error duckdb_v2_table_function_partition_data_get_local_state(
    duckdb_v2_partition_info info, void **out_state, duckdb_v2_error_info *err);
/// Rows of a lower index come first; a thread's never decreases.
duckdb_v2_error duckdb_v2_table_function_partition_data_set_batch_index(
    duckdb_v2_partition_info info, idx_t index, duckdb_v2_error_info *err);

#ifdef __cplusplus
}
#endif
