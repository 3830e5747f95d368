"""
The connector for SQL databases: PostgreSQL, MySQL/MariaDB and SQLite, read by DuckDB's scanners.

With a ``cursor_column`` rows come in its order, first those without a value in it. Reading goes on *at* the last value
seen, so that rows which share it are never missed; what was read already comes again and is dropped by the pipeline.
Rows without a value in the cursor column come in every reading, because nothing tells whether they changed.
"""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from rddm.contracts.batches import Batch, Cursor, Unreadable
from rddm.contracts.errors import SourceError
from rddm.contracts.extensions import connect_with_extensions
from rddm.contracts.tables import literal
from rddm.sources.loose_sqlite import Fetch, sqlite_rows
from rddm.sources.protocol import BatchLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rddm.project.settings import SqlConnector

EXTENSIONS = {"postgres": "postgres_scanner", "mysql": "mysql_scanner", "sqlite": "sqlite_scanner"}
SCHEMES = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}
PRODUCTS = {"postgres": "PostgreSQL", "mysql": "MySQL", "sqlite": "SQLite"}
KIND_COLUMN = "rddm_cursor_kind"
RECORDS_IN_FETCH = 20_000

# What a database's own words mean; its text is never shown, because it can hold data or the address with its password.
TROUBLE = (
    ("password authentication failed", "the user or password is not accepted", "Check the credentials in `url`."),
    ("access denied", "the user or password is not accepted, or may not read this", "Check the credentials in `url`."),
    ("no password supplied", "a password is needed", "Put it in `url` as ${NAME}."),
    ("permission denied", "the user may not read this", "Grant SELECT on it."),
    ("role", "the user does not exist", "Check `url`."),
    ("unknown database", "the database does not exist", "Check `url`."),
    ("database", "the database does not exist or cannot be opened", "Check `url`."),
)
NO_CONNECTION = ("connection refused", "could not connect", "unable to connect", "failed to connect", "can't connect",
                 "could not translate host name", "unknown mysql server host", "timeout expired")  # fmt: skip
# "interrupted!": of several threads that read, another one met the broken connection first.
LOST = ("unable to read", "interrupted!", "binary copy", "copy data", "unexpected eof", "eof detected", "administrator command",
        "terminating connection", "server closed the connection", "connection to server was lost", "ssl syscall",
        "lost connection", "server has gone away", "no connection to the server", "connection reset",
        "connection not open", "bad connection")  # fmt: skip
MISSING = ("does not exist", "no such table", "no such column", "doesn't exist", "unknown column", "unknown table")


class _InvalidTextError(Exception):
    """A cell of an SQLite database holds bytes that are no UTF-8; DuckDB does not read on."""


@dataclass(frozen=True)
class _Column:
    name: str
    type: str


class SqlSource:
    """One table or query. Each reading opens its own connection, for reading only."""

    def __init__(
        self, root: Path, source: str, entity: str, connector: SqlConnector, *, limits: BatchLimits | None = None
    ) -> None:
        self._root, self._source, self._entity, self._connector = root, source, entity, connector
        self._limits = limits or BatchLimits()
        self._url = urlsplit(connector.url.get_secret_value())
        self._system = SCHEMES.get(self._url.scheme.partition("+")[0], "")

    def read(self, cursor: Cursor | None) -> Iterator[Batch]:
        with self._connected() as connection:
            columns = self._columns(connection)
            if self._can_scan(columns):
                with self._translated():
                    reader = connection.execute(f"FROM delivered.{self._relation()}").to_arrow_reader(RECORDS_IN_FETCH)
            else:
                reader = self._run(connection, self._statement(columns, self._since(cursor)))
            yielded, state = 0, cursor
            try:
                for batch in self._batches(self._fetched(reader), cursor):
                    yielded, state = yielded + batch.records.num_rows, batch.cursor
                    yield batch
            except _InvalidTextError:
                passed = 0 if self._connector.cursor_column else yielded
                statement = self._statement(columns, self._since(state))
                rows = sqlite_rows(self._address(), statement, passed, min(RECORDS_IN_FETCH, self._limits.records))
                yield from self._batches(rows, state)

    def probe(self) -> None:
        with self._connected() as connection:
            self._columns(connection)

    def sample(self, rows: int) -> pa.Table:
        with self._connected() as connection:
            statement = f"{self._statement(self._columns(connection), None)} LIMIT {int(rows)}"
            table = self._run(connection, statement).read_all()
            return table.drop_columns([KIND_COLUMN]) if KIND_COLUMN in table.column_names else table

    # --- the connection ---

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if not self._system:
            raise self._error("its `url` is of no known kind.", "Use postgresql://, mysql:// or sqlite:///.")
        if bool(self._connector.table) == bool(self._connector.query):
            raise self._error("either `table` or `query` must be given.", "Give exactly one of them.")
        address = self._address()
        with connect_with_extensions(EXTENSIONS[self._system]) as connection:
            connection.execute("SET enable_progress_bar = false")
            connection.execute("SET TimeZone = 'UTC'")
            if self._system == "sqlite":
                connection.execute("SET GLOBAL sqlite_all_varchar = true")
            with self._translated():
                connection.execute(f"ATTACH {literal(address)} AS delivered (TYPE {self._system}, READ_ONLY)")
            yield connection

    def _address(self) -> str:
        if self._system == "sqlite":
            path = self._root / self._path_of_sqlite()
            if not path.is_file():
                raise self._error("there is no SQLite file at the path in `url`.", "Correct the path.")
            return str(path)
        if self._system == "postgres":
            return self._url._replace(scheme="postgresql").geturl()
        return _mysql_address(self._url)

    def _path_of_sqlite(self) -> str:
        """Return the path after ``sqlite:///``; a fourth slash makes it absolute."""
        return unquote(self._url.path.removeprefix("/"))

    # --- the statement, in the database's own SQL ---

    def _quoted(self, name: str) -> str:
        mark = "`" if self._system == "mysql" else '"'
        return mark + name.replace(mark, mark * 2) + mark

    def _relation(self) -> str:
        if self._connector.query:
            return f"({self._connector.query.strip().rstrip(';')}\n) AS delivered"
        return ".".join(self._quoted(part) for part in (self._connector.table or "").split("."))

    def _columns(self, connection: duckdb.DuckDBPyConnection) -> list[_Column]:
        """Return the columns as DuckDB sees them; asks for no row."""
        with self._translated():
            query = self._passed_through(f"SELECT * FROM {self._relation()} WHERE 1 = 0")
            described = connection.execute(f"DESCRIBE {query}").fetchall()
        columns = [_Column(str(name), str(kind)) for name, kind, *_ in described]
        wanted = self._connector.cursor_column
        if wanted and wanted not in [column.name for column in columns]:
            found = ", ".join(column.name for column in columns)
            raise self._error(f'there is no column "{wanted}" (found: {found}).', "Correct `cursor_column`.")
        return columns

    def _statement(self, columns: list[_Column], since: str | None) -> str:
        chosen = [self._chosen(column) for column in columns]
        cursor_column = self._connector.cursor_column
        if not cursor_column:
            return f"SELECT {', '.join(chosen)} FROM {self._relation()}"
        name = self._quoted(cursor_column)
        if self._system == "sqlite":
            chosen.append(f"typeof({name}) AS {self._quoted(KIND_COLUMN)}")
        condition = f" WHERE ({name} >= {since} OR {name} IS NULL)" if since else ""
        order = f"{name} IS NOT NULL, {name}" if self._system == "mysql" else f"{name} NULLS FIRST"
        return f"SELECT {', '.join(chosen)} FROM {self._relation()}{condition} ORDER BY {order}"

    def _chosen(self, column: _Column) -> str:
        """Return how a column is asked for: as it is, unless the way here would change or refuse its values."""
        name = self._quoted(column.name)
        if self._system == "sqlite":
            return name
        if self._system == "mysql":  # DATE and DATETIME can hold 0000-00-00
            dated = column.type.startswith(("DATE", "TIMESTAMP", "TIME"))
            return f"CAST({name} AS CHAR) AS {name}" if dated else name
        if column.type == "DOUBLE":  # NUMERIC without a scale arrives as DOUBLE, too
            return f"{name}::text AS {name}"
        if column.type.endswith("]") or column.type.startswith(("STRUCT", "MAP")):
            return f"to_json({name})::text AS {name}"
        return name

    def _can_scan(self, columns: list[_Column]) -> bool:
        """Whether DuckDB may read the table by itself: in parallel, which it does only without an order of ours."""
        plain = all(self._chosen(column) == self._quoted(column.name) for column in columns)
        return self._system != "mysql" and plain and not (self._connector.query or self._connector.cursor_column)

    def _passed_through(self, statement: str) -> str:
        return f"SELECT * FROM {self._system}_query('delivered', {literal(statement)})"

    # --- rows ---

    def _run(self, connection: duckdb.DuckDBPyConnection, statement: str) -> pa.RecordBatchReader:
        with self._translated():
            return connection.execute(self._passed_through(statement)).to_arrow_reader(RECORDS_IN_FETCH)

    def _batches(self, fetches: Iterator[Fetch], cursor: Cursor | None) -> Iterator[Batch]:
        held: list[pa.RecordBatch] = []
        unreadable: list[Unreadable] = []
        state: Cursor = dict(cursor or {})
        with self._translated():
            for fetched, bad in fetches:
                if held and self._would_exceed(held, fetched):
                    table = pa.Table.from_batches(held)
                    state = self._moved(state, table)
                    yield self._batch(table, state, unreadable)
                    held, unreadable = [], []
                if fetched.num_rows:
                    held.append(fetched)
                unreadable.extend(bad)
            if held or unreadable:
                table = pa.Table.from_batches(held) if held else pa.table({})
                yield self._batch(table, self._moved(state, table), unreadable)

    def _fetched(self, reader: pa.RecordBatchReader) -> Iterator[Fetch]:
        while True:
            try:
                fetched = next(reader, None)
                if fetched is not None:
                    fetched.validate(full=True)  # the scanners pass bytes on without a look
            except (duckdb.Error, pa.ArrowException, OSError, RuntimeError) as error:
                if self._system == "sqlite" and re.search("unicode|utf", str(error).lower()):
                    raise _InvalidTextError from None
                raise
            if fetched is None:
                return
            for begin in range(0, fetched.num_rows, self._limits.records):
                yield fetched.slice(begin, self._limits.records), []

    def _would_exceed(self, held: list[pa.RecordBatch], fetched: pa.RecordBatch) -> bool:
        records = sum(batch.num_rows for batch in (*held, fetched))
        size_bytes = sum(batch.nbytes for batch in (*held, fetched))
        return bool(records > self._limits.records or size_bytes > self._limits.size_bytes)

    def _batch(self, table: pa.Table, state: Cursor, unreadable: list[Unreadable]) -> Batch:
        if KIND_COLUMN in table.column_names:
            table = table.drop_columns([KIND_COLUMN])
        return Batch(table, self._origin(), state, tuple(unreadable))

    def _origin(self) -> str:
        return f"table {self._connector.table}" if self._connector.table else "query"

    # --- the cursor ---

    def _moved(self, state: Cursor, table: pa.Table) -> Cursor:
        """Return the cursor after *table*, whose rows are in the order of the cursor column."""
        name = self._connector.cursor_column
        if not name:
            return {}
        if not table.num_rows:
            return state
        column = table.column(name)
        last = column[len(column) - 1]
        if not last.is_valid:
            return state
        with suppress(pa.ArrowException):  # an infinite time is no place to go on from
            kind = table.column(KIND_COLUMN)[-1].as_py() if KIND_COLUMN in table.column_names else str(column.type)
            return {"value": pc.cast(last, pa.string()).as_py(), "kind": kind}
        return state

    def _since(self, cursor: Cursor | None) -> str | None:
        """Return the SQL literal that reading begins at: the last value seen, less the look-back."""
        value, kind = (cursor or {}).get("value"), (cursor or {}).get("kind")
        if not isinstance(value, str) or not self._connector.cursor_column:
            return None
        if self._connector.look_back_seconds:
            value = self._looked_back(value)
        if self._system == "sqlite" and kind in ("integer", "real"):
            return str(Decimal(value))
        return literal(value.replace("\\", "\\\\") if self._system == "mysql" else value)

    def _looked_back(self, value: str) -> str:
        seconds = self._connector.look_back_seconds
        try:
            return str(Decimal(value) - seconds)
        except InvalidOperation:
            pass
        try:
            moment = dt.datetime.fromisoformat(value)
        except ValueError:
            raise self._error(
                f"look_back_seconds needs a time or seconds in {self._connector.cursor_column}.", "Leave it out."
            ) from None
        return (moment - dt.timedelta(seconds=seconds)).isoformat(sep="T" if "T" in value else " ")

    # --- trouble ---

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (duckdb.Error, sqlite3.Error, pa.ArrowException, OSError, RuntimeError) as error:
            raise self._explained(str(error).lower()) from None

    def _explained(self, text: str) -> SourceError:  # noqa: PLR0911 - one kind of trouble after the other
        product, host = PRODUCTS[self._system], self._url.hostname or "the local socket"
        if any(words in text for words in LOST):
            return self._error(f"the connection to {product} at {host} was lost.", "The next run goes on from here.")
        for words, message, fix in TROUBLE[:4]:
            if words in text:
                return self._error(f"{product} at {host}: {message}.", fix)
        if any(words in text for words in NO_CONNECTION):
            for words, message, fix in TROUBLE[4:]:
                if f"{words} " in text and "not exist" in text:
                    return self._error(f"{product} at {host}: {message}.", fix)
            return self._error(f"{product} at {host} cannot be reached.", "Check `url` and that it is running.")
        if any(words in text for words in MISSING):
            return self._error(
                f"{product} knows no such table or column as {self._origin()} asks for.", "Correct `table` or `query`."
            )
        if "syntax" in text:
            return self._error(f"{product} does not understand the query.", "Try `query` in the database itself.")
        if "unicode" in text or "utf" in text:
            return self._error(
                f"{product} holds text that is not valid UTF-8 in what {self._origin()} asks for.",
                "Leave the column out by a `query`, or cast it there.",
            )
        return self._error(f"{product} refused or broke off {self._origin()}.", "Look into the database's own log.")

    def _error(self, message: str, fix: str) -> SourceError:
        return SourceError(self._source, self._entity, message, fix)


def _mysql_address(url: SplitResult) -> str:
    """Return MySQL's address in the words of DuckDB's extension."""
    parts = {
        "host": url.hostname or "localhost",
        "port": str(url.port or 3306),
        "user": unquote(url.username or ""),
        "passwd": unquote(url.password or ""),
        "db": unquote(url.path.removeprefix("/")),
    }
    quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in parts.items() if value}
    return " ".join(f'{name}="{value}"' for name, value in quoted.items())
