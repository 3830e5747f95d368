"""Rows of the lake to PostgreSQL, by COPY: the engine writes PostgreSQL's binary form, which passes through here untouched."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import duckdb
import psycopg
from psycopg import sql

from rddm.contracts.tables import quote

_PIECE_BYTES = 1 << 20
_TEXT_OID = 25
_ARRAY_HEADER = f"'00000001' || '00000000' || '{_TEXT_OID:08x}' || printf('%08x', len({{0}})) || '00000001'"


def copy_rows(
    reader: duckdb.DuckDBPyConnection,
    connection: psycopg.Connection,
    query: str,
    target: sql.Identifier,
    *,
    frozen: bool = False,
) -> int:
    """
    Write the rows of *reader*'s *query* to the columns of *target* of the same name and type; return how many.

    By name, because a column that the model got later stands at the end of the table. *frozen*: *target* was made in this
    transaction, so that its rows need no later look at whether they hold; they are written once and for all.

    Raises:
        duckdb.Error, psycopg.Error: of whoever failed; nothing is written then that the transaction's end does not take back.
    """
    columns = reader.execute(f"DESCRIBE SELECT * FROM ({query})").fetchall()
    names = sql.SQL(", ").join(sql.Identifier(name) for name, *_ in columns)
    values = ", ".join(
        _text_array_sql(quote(name)) if kind == "VARCHAR[]" else quote(name) for name, kind, *_ in columns
    )
    options = sql.SQL("FORMAT binary, FREEZE" if frozen else "FORMAT binary")
    statement = sql.SQL("COPY {} ({}) FROM STDIN ({})").format(target, names, options)
    with ThreadPoolExecutor(1) as pool, connection.cursor().copy(statement) as copy:
        source, sink = os.pipe()
        with open(source, "rb", buffering=0) as pieces:  # noqa: PTH123 - a pipe has no path
            writing = pool.submit(_write, reader, f"SELECT {values} FROM ({query})", sink)
            try:
                while piece := pieces.read(_PIECE_BYTES):
                    copy.write(piece)
            except BaseException:
                reader.interrupt()  # or it would go on for as long as the query takes
                raise
        return writing.result()


def _write(reader: duckdb.DuckDBPyConnection, query: str, sink: int) -> int:
    """Write *query*'s rows to the pipe *sink* and close it, whatever happens: who reads would wait for ever."""
    try:
        written = reader.execute(f"COPY ({query}) TO '/dev/fd/{sink}' (FORMAT postgres_binary)").fetchone()
        return int(written[0]) if written else 0
    finally:
        os.close(sink)


def _text_array_sql(column: str) -> str:
    """
    Return the SQL expression for *column*, a list of texts, as PostgreSQL sends and takes a text[].

    The engine writes a list of VARCHAR as an array of varchar, which a text[] does not take.
    """
    item = "coalesce(unhex(printf('%08x', octet_length(encode(each)))) || encode(each), unhex('ffffffff'))"
    items = f"list_reduce(list_transform({column}, each -> {item}), (whole, each) -> whole || each)"
    header = f"unhex({_ARRAY_HEADER.format(column)})"
    return (
        f"CASE WHEN len({column}) > 0 THEN {header} || {items}"
        f" WHEN {column} IS NOT NULL THEN unhex('00000000' || '00000000' || '{_TEXT_OID:08x}') END AS {column}"
    )
