#!/usr/bin/env python3
"""Runs SQL in DuckDB: the library of its wheel, which osodata is linked with, so nothing is to install.

Usage: Benchmarks/duck.py LIBRARY < SQL      results leave by COPY … TO '/dev/stdout'
"""
import ctypes
import sys


def main(library, sql):
    duckdb = ctypes.CDLL(library)
    duckdb.duckdb_result_error.restype = ctypes.c_char_p
    database, connection = ctypes.c_void_p(), ctypes.c_void_p()
    if duckdb.duckdb_open(None, ctypes.byref(database)) != 0:
        sys.exit("no database")
    duckdb.duckdb_connect(database, ctypes.byref(connection))
    result = ctypes.create_string_buffer(256)  # more than a duckdb_result
    if duckdb.duckdb_query(connection, sql.encode(), result) != 0:
        sys.exit(duckdb.duckdb_result_error(result).decode().splitlines()[0])


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.read())
