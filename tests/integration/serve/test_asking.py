"""Questions in SQL, on a real server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rddm.contracts.errors import ConfigurationError
from rddm.serve.asking import ask
from rddm.store.database import Database

NewDatabase = Callable[[], str]


def test_numbers_that_are_none_are_answered_in_words(new_database: NewDatabase) -> None:
    statement = "SELECT 'Infinity'::numeric, '-Infinity'::float8, 'NaN'::numeric, 1.50, 2.0 FROM generate_series(1, 3)"
    answer = ask(Database(new_database()), statement, 1)
    assert answer.rows == [["Infinity", "-Infinity", "NaN", 1.5, 2]]
    assert answer.more


def test_a_value_that_python_cannot_hold_is_refused_and_leaves_no_connection(new_database: NewDatabase) -> None:
    database = Database(new_database())
    with pytest.raises(ConfigurationError, match="PostgreSQL refuses it"):
        ask(database, "SELECT '20000-01-01'::timestamp FROM generate_series(1, 100000)", 10)
    assert ask(database, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()", 1).rows == [[1]]


def test_a_statement_reads_tables_and_no_files_of_the_server(new_database: NewDatabase) -> None:
    database = Database(new_database())
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA warehouse")
        connection.execute("CREATE TABLE warehouse.person AS SELECT 'Ada' AS first_name")
    assert ask(database, "SELECT first_name FROM person", 1).rows == [["Ada"]]
    for statement in ("SELECT pg_read_file('/etc/hostname')", "SELECT pg_ls_dir('/')"):
        with pytest.raises(ConfigurationError, match="permission denied for function"):
            ask(database, statement, 1)


def test_no_statement_takes_the_rights_of_the_servers_owner_back(new_database: NewDatabase) -> None:
    database = Database(new_database())
    read_a_file = (
        "WITH a AS MATERIALIZED (SELECT set_config('role', '{}', true) AS r)"
        " SELECT word FROM a, LATERAL ts_stat(CASE WHEN a.r IS NOT NULL THEN"
        " 'SELECT to_tsvector(''simple'', pg_read_file(''/etc/hostname''))' END)"
    )
    for role in ("none", "postgres"):
        with pytest.raises(ConfigurationError, match="permission denied"):
            ask(database, read_a_file.format(role), 1)
    with pytest.raises(ConfigurationError, match="permission denied"):
        ask(database, "SELECT set_config('session_authorization', 'postgres', true), pg_reload_conf()", 1)
