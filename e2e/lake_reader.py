"""Reads our lake as a stranger would: a stock DuckDB, with its DuckLake reader where that can be loaded.

Without the reader the Parquet files that the catalogue lists are read directly, which shows the same as long as
nothing was deleted from a part. Raises `ImportError` where DuckDB itself is not installed.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

TABLE = "events"


def read_lake(database: Path, sql: str) -> tuple[str, list[tuple]]:
    """Runs a query in which `event` is the lake's table; returns how it was read, and the rows."""
    try:
        return "ducklake", by_ducklake(database, sql)
    except (ImportError, duckdb.Error) as reason:
        print(f"SKIPPED reading through DuckDB's ducklake reader: {str(reason).splitlines()[0]}", flush=True)
        return "parquet files", by_files(database, sql)


def by_ducklake(database: Path, sql: str) -> list[tuple]:
    from duckdb_extensions import import_extension

    for name in ("ducklake", "sqlite_scanner"):
        import_extension(name)
    connection = duckdb.connect()
    for name in ("ducklake", "sqlite_scanner"):
        connection.execute(f"load {name}")
    connection.execute(f"attach 'ducklake:sqlite:{database}' as lake (read_only)")
    connection.execute(f"create temp view event as select * from lake.main.{table_name(database)}")
    return connection.execute(sql).fetchall()


def by_files(database: Path, sql: str) -> list[tuple]:
    files = part_files(database)
    connection = duckdb.connect()
    connection.execute("create temp view event as select * from read_parquet($files)".replace("$files", repr(files)))
    return connection.execute(sql).fetchall()


def table_name(database: Path) -> str:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute("select table_name from ducklake_table where table_id = 1").fetchone()[0]


def part_files(database: Path) -> list[str]:
    """The paths of today's parts: data path, schema path, table path and file path, each relative or not."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        base = connection.execute("select value from ducklake_metadata where key = 'data_path'").fetchone()[0]
        schema, table = connection.execute(
            "select s.path, t.path from ducklake_table t join ducklake_schema s using (schema_id) where t.table_id = 1"
        ).fetchone()
        rows = connection.execute(
            "select path, path_is_relative from ducklake_data_file where table_id = 1 and end_snapshot is null"
        ).fetchall()
    return [f"{base}{schema}{table}{path}" if relative else path for path, relative in rows]
