"""Rows of the engine to PostgreSQL in its binary form: every type that is published, and what happens when one side fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import duckdb
import psycopg
import pytest
from psycopg import sql

from rddm.contracts.extensions import connect_with_extensions
from rddm.serve.copying import copy_rows

PLACE = sql.Identifier("copied")
ID = UUID("00000000-0000-4000-8000-000000000001")


@pytest.fixture
def reader() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect_with_extensions("postgres_scanner") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@pytest.fixture
def connection(new_database: Callable[[], str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(new_database()) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        yield connection


@pytest.mark.parametrize("frozen", [False, True])
def test_every_type_arrives_as_it_was(
    reader: duckdb.DuckDBPyConnection, connection: psycopg.Connection, *, frozen: bool
) -> None:
    connection.execute(
        "CREATE TABLE copied (later text, id uuid, born date, at timestamptz, share double precision, bits real, count bigint,"
        " small integer, yes boolean, name text, names text[], entries bigint[])"
    )
    names = """['б"\\,', '', NULL, '{}']"""
    row = (
        f"'{ID}'::UUID AS id, DATE '2001-05-06' AS born, TIMESTAMP '2026-01-02 03:04:05.25' AS at, 0.1::DOUBLE AS share,"
        " 0.5::FLOAT AS bits, -(2::BIGINT ** 40)::BIGINT AS count, -7::INTEGER AS small, true AS yes, 'Ёж' || chr(10) AS name"
    )
    query = (
        f"SELECT {row}, {names} AS names, [1::BIGINT, -1] AS entries UNION ALL SELECT {row}, [], []"
        " UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
    )
    assert copy_rows(reader, connection, query, PLACE, frozen=frozen) == 3
    values = (
        ID, date(2001, 5, 6), datetime(2026, 1, 2, 3, 4, 5, 250_000, UTC), 0.1, 0.5, -(2**40), -7, True, "Ёж\n"
    )  # fmt: skip
    assert connection.execute("SELECT * FROM copied ORDER BY names DESC NULLS LAST").fetchall() == [
        (None, *values, ['б"\\,', "", None, "{}"], [1, -1]),
        (None, *values, [], []),
        (None,) * 12,
    ]


def test_what_the_engine_cannot_read_is_told_and_nothing_is_written(
    reader: duckdb.DuckDBPyConnection, connection: psycopg.Connection
) -> None:
    connection.execute("CREATE TABLE copied (number bigint)")
    connection.commit()
    failing = "SELECT CASE WHEN range = 300000 THEN error('broken') ELSE range END::BIGINT AS number FROM range(400000)"
    with pytest.raises(duckdb.Error, match="broken"):
        copy_rows(reader, connection, failing, PLACE)
    connection.rollback()
    assert connection.execute("SELECT count(*) FROM copied").fetchone() == (0,)


def test_what_postgresql_refuses_is_told_and_the_engine_can_go_on(
    reader: duckdb.DuckDBPyConnection, connection: psycopg.Connection
) -> None:
    connection.execute("CREATE TABLE copied (number bigint CHECK (number < 10))")
    with pytest.raises(psycopg.errors.CheckViolation):
        copy_rows(reader, connection, "SELECT range AS number FROM range(3000000)", PLACE)
    assert reader.execute("SELECT 1").fetchone() == (1,)
