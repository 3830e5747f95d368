# ruff: noqa: S603, S607, ISC004 - the programs and statements are written here
"""Real databases: types to the letter, order, look-back, rows without a cursor, and a server that goes away."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from pydantic import SecretStr

from rddm.contracts.batches import Cursor
from rddm.contracts.errors import SourceError
from rddm.contracts.extensions import extension_place
from rddm.project.settings import SqlConnector
from rddm.sources import BatchLimits
from rddm.sources.sql import EXTENSIONS, SqlSource


def source(url: str, root: Path = Path("/"), limits: BatchLimits | None = None, **settings: Any) -> SqlSource:
    connector = SqlConnector(url=SecretStr(url), **settings)
    return SqlSource(root, "camps", "person", connector, limits=limits)


def read(reading: SqlSource, cursor: Cursor | None = None) -> tuple[list[dict[str, Any]], Cursor | None]:
    rows: list[dict[str, Any]] = []
    for batch in reading.read(cursor):
        rows += batch.records.to_pylist()
        cursor = batch.cursor
    return rows, cursor


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["id"]) for row in rows]


@pytest.fixture
def database(postgresql_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS service CASCADE")
        connection.execute("CREATE SCHEMA service")
        yield connection


def test_postgresql_numbers_lists_and_objects_stay_to_the_letter(
    database: psycopg.Connection, postgresql_url: str
) -> None:
    database.execute(
        """CREATE TABLE service."User" AS SELECT 1 AS id, 0.1234567890123456789012345::numeric AS n, 0.1::float8 AS f,
        ARRAY['a', 'ё'] AS tags, '{"a": [1]}'::jsonb AS j, '2024-05-01 10:00:00.123456'::timestamp AS at,
        'x'::text COLLATE "C" AS "odd ""name", NULL::date AS d, 'a'::char(3) AS c, '\\x00ff'::bytea AS b"""
    )
    (row,), _ = read(source(postgresql_url, table="service.User"))
    assert row["n"] == "0.1234567890123456789012345"
    assert (row["f"], row["tags"], row["j"]) == ("0.1", '["a","ё"]', '{"a": [1]}')
    assert (row["at"].isoformat(), row['odd "name'], row["d"]) == ("2024-05-01T10:00:00.123456", "x", None)


def test_postgresql_rows_with_the_same_last_value_are_never_missed(
    database: psycopg.Connection, postgresql_url: str
) -> None:
    database.execute("CREATE TABLE service.users (id integer, changed timestamptz)")
    database.execute("INSERT INTO service.users VALUES (1, '2024-05-01 10:00:00.000001+03'), (2, NULL)")
    reading = source(postgresql_url, table="service.users", cursor_column="changed")
    rows, cursor = read(reading)
    assert ids(rows) == [2, 1]
    database.execute("INSERT INTO service.users VALUES (3, '2024-05-01 07:00:00.000001Z'), (4, '2024-05-01 06:59:59Z')")
    rows, cursor = read(reading, cursor)
    assert sorted(ids(rows)) == [1, 2, 3], "the same moment again, those without one again, nothing earlier"
    late = source(postgresql_url, table="service.users", cursor_column="changed", look_back_seconds=5)
    assert sorted(ids(read(late, cursor)[0])) == [1, 2, 3, 4]


def test_a_query_is_read_like_a_table(database: psycopg.Connection, postgresql_url: str) -> None:
    database.execute("CREATE TABLE service.users AS SELECT i AS id, 'it''s ' || i AS name FROM generate_series(1, 9) i")
    query = "SELECT id, name FROM service.users WHERE name <> 'it''s 3' -- not 3\n;"
    rows, cursor = read(source(postgresql_url, query=query, cursor_column="id"))
    assert ids(rows) == [1, 2, 4, 5, 6, 7, 8, 9]
    assert cursor == {"value": "9", "kind": "int32"}
    assert ids(source(postgresql_url, query=query).sample(2).to_pylist()) == [1, 2]


def test_the_source_is_opened_for_reading_only(database: psycopg.Connection, postgresql_url: str) -> None:
    database.execute("CREATE TABLE service.users AS SELECT 1 AS id")
    with pytest.raises(SourceError):
        read(source(postgresql_url, query="DELETE FROM service.users RETURNING id"))
    assert database.execute("SELECT count(*) FROM service.users").fetchone() == (1,)


def test_a_database_that_goes_away_in_the_middle_is_an_error_that_shows_no_data(
    database: psycopg.Connection, postgresql_url: str
) -> None:
    database.execute(
        "CREATE TABLE service.users AS SELECT i AS id, repeat('Ivanov', 100) AS name FROM generate_series(1, 200000) i"
    )
    reading = source(postgresql_url, table="service.users", cursor_column="id", limits=BatchLimits(records=10_000))
    batches = reading.read(None)
    first = next(batches)
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' AND datname = current_database()"
    )
    seen, cursor = first.records.num_rows, first.cursor
    with pytest.raises(SourceError, match="was lost") as caught:  # noqa: PT012 - what came before counts
        for batch in batches:
            seen, cursor = seen + batch.records.num_rows, batch.cursor
    assert "Ivanov" not in str(caught.value)
    rest, _ = read(reading, cursor)
    assert seen < 200_000
    assert [ids(rest)[0], ids(rest)[-1], len(rest)] == [seen, 200_000, 200_000 - seen + 1]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://somebody:p4ss@127.0.0.1:1/x", "cannot be reached"),
        ("mysql://somebody:p4ss@127.0.0.1:1/x", "cannot be reached"),
        ("sqlite:///nosuch.db", "no SQLite file"),
        ("oracle://somebody:p4ss@127.0.0.1:1/x", "of no known kind"),
    ],
)
def test_what_cannot_be_reached_is_named_without_its_password(url: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        source(url, table="users").probe()
    assert "p4ss" not in str(caught.value)
    assert "somebody" not in str(caught.value)


def test_a_table_or_column_that_is_not_there_is_named(database: psycopg.Connection, postgresql_url: str) -> None:
    database.execute("CREATE TABLE service.users AS SELECT 1 AS id")
    with pytest.raises(SourceError, match=r"knows no such table or column as table service\.people asks for"):
        source(postgresql_url, table="service.people").probe()
    with pytest.raises(SourceError, match=r'there is no column "changed" \(found: id\)'):
        source(postgresql_url, table="service.users", cursor_column="changed").probe()
    with pytest.raises(SourceError, match="does not understand the query"):
        source(postgresql_url, query="SELEC id").probe()


# --- SQLite ---


@pytest.fixture
def loose(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "service.db")
    connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER, born DATE, photo BLOB)")
    yield connection
    connection.close()


def test_sqlite_columns_may_hold_anything(loose: sqlite3.Connection, tmp_path: Path) -> None:
    loose.execute("INSERT INTO users VALUES (1, 'unknown', '31.12.1999', NULL), (2, 2.5, 'soon', 'text')")
    loose.commit()
    rows, _ = read(source("sqlite:///service.db", tmp_path, table="users"))
    assert rows == [
        {"id": "1", "age": "unknown", "born": "31.12.1999", "photo": None},
        {"id": "2", "age": "2.5", "born": "soon", "photo": "text"},
    ]


def test_sqlite_bytes_that_are_no_text_do_not_stop_the_rest(loose: sqlite3.Connection, tmp_path: Path) -> None:
    loose.executemany("INSERT INTO users VALUES (?, ?, ?, ?)", [(number, 1, "x", b"a") for number in range(1, 51)])
    loose.execute("UPDATE users SET photo = ? WHERE id = 20", (b"\xff\xfe",))
    loose.execute("UPDATE users SET born = CAST(? AS TEXT) WHERE id = 30", (b"\xd0",))
    loose.commit()
    batches = list(source("sqlite:///service.db", tmp_path, BatchLimits(records=7), table="users").read(None))
    rows = [row for batch in batches for row in batch.records.to_pylist()]
    assert ids(rows) == [number for number in range(1, 51) if number != 30]
    assert {row["photo"] for row in rows} == {"a", "FFFE"}
    assert [(piece.place, piece.reason) for batch in batches for piece in batch.unreadable] == [
        ("row 30", "a text in it is not valid UTF-8")
    ]


def test_sqlite_goes_on_by_number_not_by_text(loose: sqlite3.Connection, tmp_path: Path) -> None:
    loose.executemany("INSERT INTO users (id) VALUES (?)", [(9,), (10,), (100,)])
    loose.commit()
    reading = source("sqlite:///service.db", tmp_path, query="SELECT id + 0 AS id FROM users", cursor_column="id")
    rows, cursor = read(reading)
    assert (ids(rows), cursor) == ([9, 10, 100], {"value": "100", "kind": "integer"})
    loose.executemany("INSERT INTO users (id) VALUES (?)", [(99,), (101,)])
    loose.commit()
    assert ids(read(reading, cursor)[0]) == [100, 101]


# --- MySQL or MariaDB ---


@pytest.fixture(scope="session")
def mariadb_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program, installer = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if program is None or installer is None:
        pytest.skip("no mariadbd on PATH (Debian: apt install mariadb-server); there is no wheel with one")
    folder = tmp_path_factory.mktemp("mariadb")
    common = [f"--datadir={folder}/data", "--user=root"]
    subprocess.run(
        [installer, "--no-defaults", *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = subprocess.Popen(
        [program, "--no-defaults", *common, f"--socket={folder}/s", "--port=33306", "--bind-address=127.0.0.1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(300):
            if "ready" in subprocess.run(
                ["mariadb", "--no-defaults", f"--socket={folder}/s", "-e",
                 "CREATE DATABASE IF NOT EXISTS service; CREATE USER IF NOT EXISTS 'us er'@'%' IDENTIFIED BY 'p4 \"ss';"
                 "GRANT ALL ON *.* TO 'us er'@'%'; SELECT 'ready'"],
                capture_output=True, text=True, check=False,
            ).stdout:  # fmt: skip
                break
            time.sleep(0.1)
        yield "mysql://us%20er:p4%20%22ss@127.0.0.1:33306/service"
    finally:
        server.terminate()
        server.wait()


def test_mariadb_is_read_in_order_with_dates_that_are_none(mariadb_url: str, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.getbasetemp() / "mariadb0"
    statement = (
        "SET sql_mode=''; CREATE OR REPLACE TABLE service.users (id INT, name VARCHAR(50) CHARACTER SET utf8mb4,"
        " born DATE, at DATETIME(6), n DECIMAL(20,10), flag TINYINT(1));"
        " INSERT INTO service.users VALUES (2, 'Ия ''х''', '0000-00-00', '2024-05-01 10:00:00.123456', 1.5, 7),"
        " (1, 'Ада', '1999-12-31', '2024-05-01 09:00:00', 2, NULL), (3, NULL, NULL, NULL, NULL, 0)"
    )
    subprocess.run(
        ["mariadb", "--no-defaults", "--default-character-set=utf8mb4", f"--socket={folder}/s", "-e", statement],
        check=True,
    )  # fmt: skip
    reading = source(mariadb_url, table="users", cursor_column="at")
    rows, cursor = read(reading)
    assert [(row["id"], row["name"], row["born"]) for row in rows] == [
        (3, None, None),
        (1, "Ада", "1999-12-31"),
        (2, "Ия 'х'", "0000-00-00"),
    ]
    assert cursor is not None
    assert cursor["value"] == "2024-05-01 10:00:00.123456"
    assert ids(read(reading, cursor)[0]) == [3, 2]
    with pytest.raises(SourceError, match="not accepted"):
        source(mariadb_url.replace("p4", "no"), table="users").probe()


def test_the_scanners_come_from_wheels_of_this_duckdb() -> None:
    assert all(Path(extension_place(name)).is_file() for name in EXTENSIONS.values()), duckdb.__version__
