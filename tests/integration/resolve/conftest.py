"""A lake in memory with one entity, and the calls that the engine makes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest

from rddm.conform.fields import value_columns
from rddm.contracts.extensions import connect_with_extensions
from rddm.contracts.ids import derive_record_id
from rddm.pipeline.identity import Resolution, resolve_entity
from rddm.pipeline.stamp import RunStamp
from rddm.project.settings import ExactIdentity, ModelEntity, ModelField, ProbabilisticIdentity, SemanticType
from rddm.store.lake import spill_folder

FIELDS = {
    "last_name": SemanticType.FAMILY_NAME,
    "first_name": SemanticType.GIVEN_NAME,
    "middle_name": SemanticType.PATRONYMIC,
    "birth_date": SemanticType.BIRTH_DATE,
    "gender": SemanticType.GENDER,
    "phone": SemanticType.PHONE,
    "email": SemanticType.EMAIL,
    "snils": SemanticType.SNILS,
    "document_number": SemanticType.DOCUMENT_NUMBER,
    "region": SemanticType.REGION,
    "city": SemanticType.PLACE_NAME,
    "address": SemanticType.ADDRESS,
    "postcode": SemanticType.POSTCODE,
    "school": SemanticType.ORGANISATION_NAME,
}
Record = Mapping[str, Any]
"""A record's fields, and, if they matter, ``source`` and ``source_time``."""
Groups = frozenset[frozenset[str]]


class Warehouse:
    """Records by a short key; every `run` is one call of the engine."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        identity: ProbabilisticIdentity | ExactIdentity | None = None,
        fields: Mapping[str, SemanticType] | None = None,
    ) -> None:
        self.connection = connection.cursor()
        self.fields = fields or FIELDS
        self.model_entity = ModelEntity(
            fields={name: ModelField(type=kind) for name, kind in self.fields.items()},
            identity=identity or ProbabilisticIdentity(),
        )
        self.exclusive: list[tuple[str, str]] = []
        self.judgements: dict[frozenset[str], str] = {}
        self.keys: dict[UUID, str] = {}
        self.ids: dict[str, UUID] = {}
        self.runs = 0
        self.connection.execute("DETACH DATABASE IF EXISTS testlake")
        catalog = Path(tempfile.mkdtemp(dir=str(spill_folder(connection)))) / "catalog"
        self.connection.execute(f"ATTACH 'ducklake:{catalog}' AS testlake")
        kinds = {name: "DATE" if kind in ("birth_date", "date") else "VARCHAR" for name, kind in self.fields.items()}
        columns = ", ".join(f"{name} {kinds.get(name, 'VARCHAR')}" for name in value_columns(self.model_entity))
        self.connection.execute("CREATE SCHEMA testlake.conformed")
        self.connection.execute(
            "CREATE TABLE testlake.conformed.person (record_id UUID, record_id_order UINTEGER, source VARCHAR, entity VARCHAR,"
            f" key VARCHAR, source_time TIMESTAMP, {columns})"
        )

    def run(self, records: Mapping[str, Record | None] | None = None, *, relearn: bool = False) -> Resolution:
        """Put *records* into conformed (None: the record is gone) and resolve."""
        self.runs += 1
        delivered = dict(records or {})
        connection = self.connection
        connection.execute("CREATE OR REPLACE TEMP TABLE changed_person (record_id UUID)")
        connection.execute("CREATE OR REPLACE TEMP TABLE touched_person (golden_id UUID)")
        connection.execute("CREATE OR REPLACE TEMP TABLE judgement (record_a UUID, record_b UUID, verdict VARCHAR)")
        connection.execute("BEGIN")
        if delivered:
            self._deliver(delivered)
        for pair, verdict in self.judgements.items():
            connection.execute(
                "INSERT INTO judgement VALUES (?, ?, ?)", [*(self.ids[key] for key in sorted(pair)), verdict]
            )
        resolution = resolve_entity(
            connection,
            lake="testlake",
            entity="person",
            model_entity=self.model_entity,
            changed="changed_person",
            touched="touched_person",
            judgements="judgement",
            exclusive_sources=self.exclusive,
            run=RunStamp(self.runs, datetime(2026, 1, self.runs % 28 + 1)),  # noqa: DTZ001 - naive UTC, as the lake has it
            progress=lambda _step, _share: None,
            relearn=relearn,
        )
        connection.execute("COMMIT")
        return resolution

    def _deliver(self, records: Mapping[str, Record | None]) -> None:
        """Put all of them in with a few statements: each statement on the lake takes its time."""
        rows = []
        for key, record in records.items():
            source = record.get("source", "camps") if record else "camps"
            identifier = self.ids.setdefault(key, derive_record_id(source, "person", key))
            self.keys[identifier] = key
            if record is not None:
                values = [record.get(name) for name in value_columns(self.model_entity)]
                order = identifier.int >> 96
                rows.append([identifier, order, source, "person", key, record.get("source_time"), *values])
        connection = self.connection
        connection.executemany("INSERT INTO changed_person VALUES (?)", [[self.ids[key]] for key in records])
        connection.execute("DELETE FROM testlake.conformed.person WHERE record_id IN (FROM changed_person)")
        if rows:
            connection.execute("CREATE OR REPLACE TEMP TABLE delivered AS FROM testlake.conformed.person LIMIT 0")
            connection.executemany(f"INSERT INTO delivered VALUES ({', '.join('?' * len(rows[0]))})", rows)
            connection.execute("INSERT INTO testlake.conformed.person FROM delivered")

    def groups(self) -> Groups:
        found = self.rows("SELECT list(record_id) FROM testlake.identity.person__link GROUP BY golden_id")
        return frozenset(frozenset(self.keys[identifier] for identifier in row[0]) for row in found)

    def golden_ids(self) -> dict[str, UUID]:
        return {
            self.keys[record]: golden
            for record, golden in self.rows("SELECT record_id, golden_id FROM testlake.identity.person__link")
        }

    def touched(self) -> set[UUID]:
        return {row[0] for row in self.rows("SELECT golden_id FROM touched_person")}

    def events(self, run: int | None = None) -> list[tuple[str, UUID, UUID | None]]:
        which = f"WHERE run_id = {run}" if run is not None else ""
        found = self.rows(f"SELECT kind, golden_id, other_id FROM testlake.identity.event {which} ORDER BY ALL")
        return [(kind, golden, other) for kind, golden, other in found]

    def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def duckdb_connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    spill = str(tmp_path_factory.mktemp("spill"))
    with connect_with_extensions("ducklake", config={"threads": "1", "temp_directory": spill}) as connection:
        yield connection


@pytest.fixture
def warehouse(duckdb_connection: duckdb.DuckDBPyConnection) -> Warehouse:
    return Warehouse(duckdb_connection)


def born(text: str) -> date:
    return date.fromisoformat(text)
