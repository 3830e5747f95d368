"""What a failure of the lake, PostgreSQL or the disk means for the one who runs us."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import psycopg
import pyarrow as pa

from rddm.contracts.errors import StoreError

AGAIN = "then run again: nothing half-done was kept, and what was finished stays."
FULL = f"The disk is full{{where}}. Free some space, {AGAIN}"
GONE = (
    f"PostgreSQL went away in the middle. See that it is up (an embedded one is started by the next command), {AGAIN}"
)
OVERTAXED = f"PostgreSQL ran out of memory, connections or room, or its disk failed. Look at its log, {AGAIN}"
DENIED = f"{{where}} cannot be read or written. Get the right to, {AGAIN}"
MEMORY = (
    "The memory allowed is too small for this step. Raise `engine.memory_limit` in rddm.yaml, or lower `engine.threads`, "
    + AGAIN
)
UNWRITABLE = f"The lake could not be read or written. Look at the disk or the object storage that it lies on, {AGAIN}"

_CONNECTION_LOST, _OUT_OF_RESOURCES, _OPERATOR_INTERVENED, _SYSTEM_FAILED = "08", "53", "57", "58"
"""Classes of SQLSTATE. psycopg also calls operational what a statement asked too much of (54, 55, 40): no end of the server."""
_FULL_WORDS = ("no space left", "disk quota", "file too large", "max_temp_directory_size")
_DENIED_WORDS = ("permission denied", "read-only file system")
_GONE_WORDS = (
    "from ducklake:", "for ducklake:", "unable to connect to postgres", "server closed the connection", "prepare copy",
    'failed to execute query "', "transaction is aborted", "terminating connection", "no connection to the server",
)  # fmt: skip
"""Of DuckDB's extensions and of libpq. DuckDB passes them on in exceptions of any kind, also as errors of its binder."""


def store_trouble(error: BaseException) -> StoreError | None:
    """
    Return in words what *error* means when the lake, PostgreSQL or the disk failed; None when it is something else.

    The error's own text is looked at and never shown: it may hold data, or an address with its password.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_disk(error)
    if isinstance(error, psycopg.errors.DiskFull):
        return StoreError(FULL.format(where=" where PostgreSQL keeps its data"))
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return _of_the_server(error)
    # Results that are fetched through Arrow bring the engine's errors as Arrow's own.
    return _of_the_lake(error) if isinstance(error, duckdb.Error | pa.ArrowException | OSError | RuntimeError) else None


def is_of_the_statement(error: duckdb.Error) -> bool:
    """Whether the SQL itself is why it failed - an expression that a user wrote, say - or a value that it met."""
    its_own = (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError)
    return isinstance(error, its_own) and store_trouble(error) is None


@contextmanager
def told_in_words() -> Iterator[None]:
    """Raise a failure of the store inside the block as the `StoreError` that it means."""
    try:
        yield
    except Exception as error:
        trouble = store_trouble(error)
        if trouble is None:
            raise
        raise trouble from error


def _of_the_server(error: psycopg.Error) -> StoreError | None:
    """By the class of the SQLSTATE; none is given where libpq itself lost the connection."""
    code = error.sqlstate or _CONNECTION_LOST
    if code.startswith((_CONNECTION_LOST, _OPERATOR_INTERVENED)):
        return StoreError(GONE)
    return StoreError(OVERTAXED) if code.startswith((_OUT_OF_RESOURCES, _SYSTEM_FAILED)) else None


def _of_the_disk(error: OSError) -> StoreError | None:
    where = str(error.filename or "A folder of the project")
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreError(FULL.format(where=f" at {where}" if error.filename else ""))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(DENIED.format(where=where))
    return None


def _of_the_lake(error: Exception) -> StoreError | None:
    text = str(error).lower()
    is_bare = type(error) is duckdb.Error  # raised so by DuckDB's extensions: the catalog's connection broke
    is_io = is_bare or isinstance(error, duckdb.IOException | duckdb.HTTPException | duckdb.FatalException)
    if any(words in text for words in _GONE_WORDS):
        # PostgreSQL's own full disk comes by the same way as its end.
        return StoreError(FULL.format(where=" where PostgreSQL keeps its data") if _FULL_WORDS[0] in text else GONE)
    if isinstance(error, duckdb.OutOfMemoryException) or "out of memory error" in text:
        is_spilt = any(words in text for words in _FULL_WORDS)
        return StoreError(FULL.format(where=" where the lake spills") if is_spilt else MEMORY)
    if is_io and any(words in text for words in _FULL_WORDS):
        return StoreError(FULL.format(where=" where the lake lies or spills"))
    if is_io and any(words in text for words in _DENIED_WORDS):
        return StoreError(DENIED.format(where="A folder of the lake"))
    return StoreError(UNWRITABLE) if is_io else None
