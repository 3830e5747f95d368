"""Failures of the store end in words of ours, which hold nothing of what the engine or the server wrote."""

from __future__ import annotations

import errno

import duckdb
import psycopg
import pyarrow as pa
import pytest

from rddm.contracts.errors import StoreError
from rddm.store.trouble import store_trouble, told_in_words

SECRET = "postgresql://ada:hidden@db"
GONE = f'Failed to query most recent snapshot for DuckLake: Unable to connect to Postgres at "{SECRET}": refused'


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", f"/lake/{SECRET[:3]}"), "disk is full at /lake/pos"),
        (PermissionError(errno.EACCES, "Permission denied", "/lake"), "/lake cannot be read or written"),
        (duckdb.IOException(f"Could not write file {SECRET}: No space left on device"), "where the lake lies"),
        (
            duckdb.IOException(f"could not extend file {SECRET}: terminating connection No space left"),
            "PostgreSQL keeps",
        ),
        (psycopg.errors.DiskFull(SECRET), "PostgreSQL keeps its data"),
        (psycopg.OperationalError(SECRET), "PostgreSQL went away"),
        (psycopg.errors.AdminShutdown(SECRET), "PostgreSQL went away"),
        (psycopg.errors.TooManyConnections(SECRET), "PostgreSQL ran out of"),
        (psycopg.errors.IoError(SECRET), "its disk failed"),
        (duckdb.IOException(GONE), "PostgreSQL went away"),
        (duckdb.BinderException(GONE), "PostgreSQL went away"),
        (OSError(f"IO Error: {GONE}"), "PostgreSQL went away"),
        (pa.ArrowInvalid(f"Invalid Error: {GONE}"), "PostgreSQL went away"),
        (pa.ArrowInvalid(f"Out of Memory Error: failed to pin block {SECRET}"), "engine.memory_limit"),
        (duckdb.TransactionException("Current transaction is aborted (please ROLLBACK)"), "PostgreSQL went away"),
        (duckdb.OutOfMemoryException(f"could not allocate block {SECRET}"), "engine.memory_limit"),
    ],
)
def test_a_failure_of_the_store_is_told_in_words(error: Exception, words: str) -> None:
    trouble = store_trouble(error)
    assert trouble is not None
    assert words in str(trouble)
    assert "hidden" not in str(trouble)
    assert trouble.exit_code == 4


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        duckdb.BinderException('Referenced column "postgres_id" not found'),
        FileNotFoundError(2, ""),
        psycopg.errors.ProgramLimitExceeded("index row size 6016 exceeds btree version 4 maximum 2704"),
    ],
)
def test_what_is_no_failure_of_the_store_stays_what_it_is(error: Exception) -> None:
    assert store_trouble(error) is None
    with pytest.raises(type(error)), told_in_words():
        raise error


def test_the_cause_is_kept_for_the_log() -> None:
    cause = psycopg.OperationalError(SECRET)
    with pytest.raises(StoreError) as raised, told_in_words():
        raise cause
    assert raised.value.__cause__ is cause


def test_an_error_that_an_extension_raises_bare_is_the_stores() -> None:
    trouble = store_trouble(duckdb.Error("anything"))
    assert trouble is not None
    assert "anything" not in str(trouble)
