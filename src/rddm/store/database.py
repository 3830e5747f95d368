"""PostgreSQL: connections, the control schema's migrations, and the lock that keeps one writer at a time."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path

import duckdb
import psycopg

from rddm.contracts.errors import RunInProgress, StoreError
from rddm.store.trouble import store_trouble, told_in_words

WRITER_LOCK = 0x5244444D  # "RDDM"; advisory locks are per database, and a warehouse has a database of its own
OPENING_LOCK = WRITER_LOCK + 1
_MIGRATIONS = resources.files("rddm.store") / "migrations"
READER = "rddm_reader"
"""A login of embedded servers that reads every table, and nothing else of the server."""


class Database:
    """
    One PostgreSQL database, by URL. Holds no open connection of its own.

    *log*: the file that its server appends messages to, if that is ours to empty.
    """

    def __init__(self, url: str, log: Path | None = None) -> None:
        self._url = url
        self._log = log

    @property
    def conninfo(self) -> str:
        """Keyword connection string as libpq reads it. May hold a password: never print it."""
        return psycopg.conninfo.make_conninfo(self._url)

    def for_reading(self) -> Database:
        """
        Return the database as login `READER` sees it, where that is needed and there is one: on an embedded server, whose owner
        may read the server's files, and whatever role a superuser takes, a statement can take it off again.
        """
        with self.connect() as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_roles AS mine, pg_roles AS reader"
                " WHERE mine.rolname = current_user AND mine.rolsuper AND reader.rolname = %s",
                (READER,),
            ).fetchone()
        return Database(psycopg.conninfo.make_conninfo(self._url, user=READER)) if row and row[0] else self

    @contextmanager
    def connect(self, *, autocommit: bool = False) -> Iterator[psycopg.Connection]:
        """Yield a connection; commits when the block ends well, rolls back when it does not."""
        try:
            connection = psycopg.connect(self._url, autocommit=autocommit, connect_timeout=10)
        except psycopg.OperationalError as error:
            raise StoreError(
                "PostgreSQL cannot be reached. Is it running, and is RDDM_DATABASE_URL (or database.url in rddm.yaml) right?"
            ) from error
        with connection:
            connection.execute("SET TIME ZONE 'UTC'")
            yield connection

    def empty_log(self) -> None:
        """Forget the server's messages; does nothing where they are not ours."""
        if self._log is not None and self._log.exists():
            os.truncate(self._log, 0)

    def migrate(self) -> None:
        """Bring schema ``control`` to this version's form; does nothing when it is. One at a time: the caller is `opening`."""
        if self.is_migrated():
            return
        # Here, because they take longer to import than most commands take to run.
        import sqlalchemy  # noqa: PLC0415
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415

        with self.connect() as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS control")
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(self._url))
        logging.getLogger("alembic").setLevel(logging.WARNING)
        try:
            with engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except sqlalchemy.exc.DBAPIError as error:
            trouble = store_trouble(error.orig) if error.orig is not None else None
            if trouble is None:
                raise
            raise trouble from error
        finally:
            engine.dispose()

    def is_migrated(self) -> bool:
        """Whether schema ``control`` has the form of the newest migration; their files are named v0001_what.py, and so on."""
        newest = max(each.name for each in (_MIGRATIONS / "versions").iterdir() if each.name.startswith("v"))
        with self.connect() as connection:
            row = connection.execute("SELECT to_regclass('control.migration')").fetchone()
            if row is None or row[0] is None:
                return False
            applied = connection.execute("SELECT version_num FROM control.migration").fetchone()
        return applied is not None and newest.startswith(f"v{applied[0]}_")

    @contextmanager
    def opening(self) -> Iterator[None]:
        """For the length of the block nobody else creates what a warehouse must have; waits for who does already."""
        with self.connect(autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (OPENING_LOCK,))
            yield

    @contextmanager
    def writer_lock(self) -> Iterator[Callable[[], None]]:
        """
        Hold the warehouse's writer lock for the length of the block; yields a check that it is still held.

        It belongs to a connection, so a killed process lets go of it at once - and so does one whose PostgreSQL was started
        anew: the check raises `StoreError` then, before two write at a time.

        Raises:
            RunInProgress: someone else holds it.
            StoreError: the block failed in the lake's engine, and PostgreSQL is gone.
        """
        with self.connect(autocommit=True) as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (WRITER_LOCK,)).fetchone()
            if row is None or not row[0]:
                raise RunInProgress(
                    "Another run is writing to this warehouse. Wait for it (`rddm status`), then start this one again."
                )

            def check() -> None:
                with told_in_words():
                    connection.execute("SELECT 1")

            try:
                yield check
            except duckdb.Error:
                check()  # DuckDB tells of PostgreSQL's end in exceptions of any kind; whoever lost the lock has lost it
                raise
            finally:
                # The end of its connection would let go of it, but not before the next run may ask for it.
                with suppress(psycopg.Error):  # one that was lost has let go
                    connection.execute("SELECT pg_advisory_unlock(%s)", (WRITER_LOCK,))

    def is_being_written(self) -> bool:
        """Return whether someone holds the writer lock now."""
        with self.connect() as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
                " WHERE locktype = 'advisory' AND datname = current_database() AND classid = 0 AND objid = %s AND granted",
                (WRITER_LOCK,),
            ).fetchone()
        return row is not None and row[0] > 0
