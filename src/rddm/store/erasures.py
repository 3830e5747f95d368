"""
Erasures: proofs without data, and the list of records that must not come back.

Both hold keyed hashes, HMAC-SHA256 (RFC 2104) of record ids: who has the key and a record's address can tell that it was
erased; nobody can tell from a hash whose record it was.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
from psycopg.rows import dict_row, scalar_row
from psycopg.types.json import Jsonb

from rddm.contracts.errors import NotFound, StoreError
from rddm.store.database import Database

SECRET_VARIABLE = "RDDM_ERASURE_SECRET"  # noqa: S105 - the name of a variable
_SAID_OF = {
    "control.patch": "record_id = ANY(%(ids)s)",
    "control.judgement": "record_a = ANY(%(ids)s) OR record_b = ANY(%(ids)s)",
}
"""Tables of what people have said of records, each with the condition on what they said of those with these ids."""
_BLOCK_BYTES = 64
"""SHA-256 works on blocks of this size (FIPS 180-4)."""


@dataclass(frozen=True)
class Erasure:
    """
    A proof as it stands in ``control.erasure``; times are aware UTC.

    ``state``: begun (something of the person may still be anywhere), removed (nothing is in any table; files and free
    space are being cleared), done. ``places``: source, entity, records and versions of each; ``counts``: rows removed by
    layer; ``work``: what clearing took. ``unfinished``: what is still to be removed, while begun.
    """

    erasure_id: int
    state: str
    model_entity: str
    subject: str
    reason: str
    made_by: str
    made_at: datetime
    done_at: datetime | None
    places: Sequence[Mapping[str, Any]]
    counts: Mapping[str, int]
    work: Mapping[str, Any]
    version: str
    secret_check: str
    unfinished: Mapping[str, Any] | None
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_reason: str | None


class Erasures:
    """Reads and writes the tables of erasures, each call in a transaction of its own."""

    def __init__(self, database: Database, secret: str | None = None) -> None:
        self._database, self._given = database, secret

    def secret(self) -> bytes:
        """Return the key of the hashes: the one given, else the warehouse's own, made when it is first needed."""
        if self._given:
            return self._given.encode()
        with self._database.connect() as connection:
            connection.execute(
                "INSERT INTO control.erasure_secret (secret) VALUES (%s) ON CONFLICT DO NOTHING",
                (secrets.token_bytes(32),),
            )
            row = connection.execute("SELECT secret FROM control.erasure_secret").fetchone()
        return bytes(row[0]) if row else b""

    def count_said(self, record_ids: Sequence[UUID]) -> dict[str, int]:
        """Return how much people have said of these records, by table: what `begin` takes back."""
        with self._database.connect() as connection, connection.cursor(row_factory=scalar_row) as cursor:
            return {
                table: cursor.execute(
                    f"SELECT count(*) FROM {table} WHERE {condition}", {"ids": list(record_ids)}
                ).fetchone()
                or 0
                for table, condition in _SAID_OF.items()
            }

    def begin(self, erasure: Erasure, records: Sequence[tuple[str, str, UUID]]) -> int:
        """
        Keep the proof *erasure* (its number and counts of the control tables are filled in here), suppress *records*
        (source, entity, record id) and take back what people have said of them; return the proof's number.
        """
        ids, key = [each for _, _, each in records], self.secret()
        with self._database.connect() as connection:
            said = {
                table: connection.execute(f"DELETE FROM {table} WHERE {condition}", {"ids": ids}).rowcount
                for table, condition in _SAID_OF.items()
            }
            counts = {**erasure.counts, **said}
            row = connection.execute(
                "INSERT INTO control.erasure (state, model_entity, subject, reason, made_by, made_at, places, counts, version,"
                " secret_check, unfinished) VALUES ('begun', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING erasure_id",
                (erasure.model_entity, erasure.subject, erasure.reason, erasure.made_by, erasure.made_at,
                 Jsonb(list(erasure.places)), Jsonb(counts), erasure.version, erasure.secret_check,
                 Jsonb(erasure.unfinished)),
            ).fetchone()  # fmt: skip
            number = int(row[0]) if row else 0
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO control.suppression VALUES (%s, %s, %s, %s)",
                    [(number, source, entity, digest(key, each)) for source, entity, each in records],
                )
        return number

    def mark_removed(self, number: int, work: Mapping[str, Any]) -> None:
        """Note that no table holds anything of them any more, and forget what was to be removed."""
        with self._database.connect() as connection:
            connection.execute(
                "UPDATE control.erasure SET state = 'removed', unfinished = NULL, work = work || %s WHERE erasure_id = %s",
                (Jsonb(dict(work)), number),
            )

    def note(self, number: int, name: str, value: Mapping[str, Any] | None) -> None:
        """Keep *value* under *name* in what clearing takes, without another state; forget what is there when it is None."""
        change, parameter = ("- %s::text", name) if value is None else ("|| %s", Jsonb({name: dict(value)}))
        with self._database.connect() as connection:
            connection.execute(
                f"UPDATE control.erasure SET work = work {change} WHERE erasure_id = %s", (parameter, number)
            )

    def mark_done(self, number: int, at: datetime, work: Mapping[str, Any]) -> None:
        with self._database.connect() as connection:
            connection.execute(
                "UPDATE control.erasure SET state = 'done', done_at = %s, work = work || %s WHERE erasure_id = %s",
                (at, Jsonb(dict(work)), number),
            )

    def made(self) -> list[Erasure]:
        """Return every erasure, newest first; none before the first run of a version that has them."""
        return self._select("", ())

    def unfinished(self) -> list[Erasure]:
        """Return the erasures that were begun and not ended, oldest first."""
        return self._select("WHERE state <> 'done'", ())[::-1]

    def get(self, number: int) -> Erasure:
        """
        Return the proof with this *number*.

        Raises:
            NotFound: there is none.
        """
        found = self._select("WHERE erasure_id = %s", (number,))
        if not found:
            raise NotFound(f"There is no proof {number}. `rddm person erasures` lists them.")
        return found[0]

    def of(self, record_or_golden_id: UUID) -> Erasure | None:
        """Return the newest erasure of a golden id, or of a record, that still holds."""
        if not self.made():
            return None
        known = digest(self.secret(), record_or_golden_id)
        found = self._select(
            "WHERE lifted_at IS NULL AND (subject = %s OR erasure_id IN"
            " (SELECT erasure_id FROM control.suppression WHERE digest = %s))",
            (known, known),
        )
        return found[0] if found else None

    def lift(self, number: int, by: str, reason: str, at: datetime) -> None:
        """Let the records of erasure *number* come again."""
        with self._database.connect() as connection:
            connection.execute(
                "UPDATE control.erasure SET lifted_at = %s, lifted_by = %s, lifted_reason = %s WHERE erasure_id = %s",
                (at, by, reason, number),
            )

    def digests(self, number: int) -> list[str]:
        """Return the keyed hashes of the records that erasure *number* removed."""
        with self._database.connect() as connection:
            rows = connection.execute(
                "SELECT digest FROM control.suppression WHERE erasure_id = %s ORDER BY digest", (number,)
            ).fetchall()
        return [row[0] for row in rows]

    def suppressed(self) -> pa.Table:
        """
        Return the records that must not come back: source, entity, digest.

        Raises:
            StoreError: the list was made with another secret, so nobody could be recognised.
        """
        columns = ("source", "entity", "digest")
        with self._database.connect() as connection:
            rows = connection.execute(
                "SELECT DISTINCT source, entity, digest FROM control.suppression JOIN control.erasure USING (erasure_id)"
                " WHERE lifted_at IS NULL"
            ).fetchall()
        if rows and self.has_other_secret():
            raise StoreError(
                f"People were erased here under another secret, and would come back. Set {SECRET_VARIABLE} to what it was"
                " then (or unset it, if it was not set)."
            )
        return pa.table(
            {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(columns)}
        )

    def has_other_secret(self) -> bool:
        """Whether an erasure that still holds was made with another secret."""
        check = check_of(self.secret())
        return any(each.secret_check != check for each in self._select("WHERE lifted_at IS NULL", ()))

    def _select(self, condition: str, parameters: Sequence[object]) -> list[Erasure]:
        with self._database.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
            try:
                rows = cursor.execute(
                    f"SELECT * FROM control.erasure {condition} ORDER BY erasure_id DESC".encode(), parameters
                ).fetchall()
            except psycopg.errors.UndefinedTable:
                connection.rollback()
                return []
        return [Erasure(**row) for row in rows]


def digest(secret: bytes, record_id: UUID) -> str:
    """
    Return the keyed hash of a record id, or a golden id: HMAC-SHA256 in hexadecimal digits.

    >>> digest(b"secret", UUID("489d3d54-8abe-266c-b8d6-e7fbe532ff1b"))[:16]
    '128937a2d2201862'
    """
    return hmac.new(secret, str(record_id).encode(), hashlib.sha256).hexdigest()


def digest_sql(record_id: str) -> str:
    """
    Return the SQL of `digest` over the expression *record_id* (UUID), with the parameters of `digest_parameters`.

    DuckDB has no HMAC; by its definition it is two hashes: of the inner pad with the text, and of the outer pad with that.
    """
    return f"sha256($outer_pad::BLOB || unhex(sha256($inner_pad::BLOB || encode({record_id}::VARCHAR))))"


def digest_parameters(secret: bytes) -> dict[str, bytes]:
    """Return the parameters of `digest_sql`."""
    key = secret if len(secret) <= _BLOCK_BYTES else hashlib.sha256(secret).digest()
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    return {"inner_pad": bytes(each ^ 0x36 for each in padded), "outer_pad": bytes(each ^ 0x5C for each in padded)}


def check_of(secret: bytes) -> str:
    """Return what tells whether two secrets are one, without telling either."""
    return hmac.new(secret, b"rddm erasure", hashlib.sha256).hexdigest()[:16]
