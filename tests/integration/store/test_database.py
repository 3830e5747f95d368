"""The lock that keeps one writer at a time, on a real server."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import psycopg
import pytest

from rddm.contracts.errors import RunInProgress, StoreError
from rddm.store.database import Database


def test_who_comes_right_after_a_run_need_not_wait_for_the_end_of_its_connection(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, lingering = Database(new_database()), list[psycopg.Connection]()

    def linger(connection: psycopg.Connection) -> None:
        lingering.append(connection)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Connection, "close", linger)
        with database.writer_lock():
            assert database.is_being_written()
        with database.writer_lock() as still_held:
            still_held()
    assert len(lingering) == 3
    for connection in lingering:
        connection.close()


def test_two_do_not_write_at_a_time(new_database: Callable[[], str]) -> None:
    database = Database(new_database())
    with database.writer_lock(), pytest.raises(RunInProgress), database.writer_lock():
        pass
    assert not database.is_being_written()


def test_a_failure_lets_go(new_database: Callable[[], str]) -> None:
    database = Database(new_database())
    with pytest.raises(KeyError), database.writer_lock():
        raise KeyError
    with database.writer_lock() as still_held:
        still_held()


@pytest.mark.parametrize("is_gone", [True, False])
def test_whatever_the_lakes_engine_raises_when_postgresql_is_gone_is_told_as_that(
    new_database: Callable[[], str], *, is_gone: bool
) -> None:
    url = new_database()
    raised = StoreError if is_gone else duckdb.InternalException
    with pytest.raises(raised, match="PostgreSQL went away" if is_gone else "something"):
        _fail_inside(url, is_gone=is_gone)


def _fail_inside(url: str, *, is_gone: bool) -> None:
    with Database(url).writer_lock():
        if is_gone:
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        raise duckdb.InternalException("something")
