"""Somebody is erased: nothing of them is anywhere, everybody else is as before, and they do not come back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pyarrow.parquet as pq
import pytest
from tests.support.warehouse import SMALL_MODEL, Quiet, Row, TinyWarehouse

from rddm.contracts.batches import Unreadable
from rddm.contracts.errors import NotFound, RunInProgress, StoreError
from rddm.pipeline.erasing import Wanted, allow_again, erase, find
from rddm.pipeline.erasing_find import Leaving
from rddm.pipeline.patching import Author, patch_record
from rddm.pipeline.landing import Place
from rddm.store.erasures import Erasure, Erasures, digest

CAMPS = """
connector: {type: file}
entities:
  camper:
    model: person
    read: {path: unused.csv}
    key: id
    source_time: changed
    deleted: "gone = 'yes'"
    fields: {last_name: last, first_name: first, birth_date: born, phone: phone, email: email}
  shift:
    model: event
    read: {path: unused.csv}
    key: id
    fields: {name: title}
  booking:
    model: participation
    read: {path: unused.csv}
    key: id
    source_time: changed
    fields:
      person: {column: camper, entity: camper}
      event: {column: shift, entity: shift}
      role: role
"""
ACADEMY = """
connector: {type: file}
entities:
  person:
    read: {path: unused.csv}
    key: id
    fields: {last_name: last, first_name: first, birth_date: born, phone: phone, email: email}
"""
VALUES = (
    "Щербубельская",
    "Shcherbubelskaya",
    "903171717",
    "171-71-7",
    "herbubel",
    "1987-03-29",
    "date(1987, 3, 29)",
    "29.03.1987",
    "31.12.2104",
)
"""What nobody but the erased person has: as delivered, as conformed, and as compared."""
HER = {
    "last": "Щербубельская", "first": "Ефросинья", "born": "29.03.1987", "phone": "+7 (903) 171-71-71",
    "email": "Shcherbubelskaya@pismo.alt",
}  # fmt: skip
OTHERS = [
    {"id": f"o{n}", "last": f"Белов{'абвгдежзик'[n]}", "first": "Анна", "born": f"1990-01-{n + 10}",
     "phone": f"+7916000000{n}", "email": f"other{n}@pismo.alt", "changed": "2024-01-01"}
    for n in range(10)
]  # fmt: skip
AUTHOR = Author("ann", "asked for it, letter 17", datetime(2026, 2, 1, tzinfo=UTC))


@pytest.fixture
def warehouse(tmp_path: Path, new_database: Callable[[], str]) -> TinyWarehouse:
    """A person known to two services, with versions, duplicates, a quarantined version, participations, and what people said."""
    made = TinyWarehouse(tmp_path / "w", new_database(), {"camps": CAMPS, "academy": ACADEMY}, model=SMALL_MODEL)
    deliver_all(made)
    made.run()
    deliver_later(made)
    made.run()
    return made


def deliver_all(made: TinyWarehouse) -> None:
    made.deliver("camps/camper", *OTHERS, {"id": "h1", "changed": "2024-01-01", **HER})
    made.deliver("camps/camper", {"id": "h1", "changed": "2024-01-01", **HER})
    made.deliver("academy/person", {"id": "h2", **HER}, {**OTHERS[0], "id": "o0"})
    made.deliver("camps/shift", {"id": "s1", "title": "Смена «Север»"}, {"id": "s2", "title": "Смена «Юг»"})
    made.deliver(
        "camps/booking",
        {"id": "b1", "camper": "h1", "shift": "s1", "role": "гость", "changed": "2024-01-01"},
        {"id": "b2", "camper": "h1", "shift": "s9", "role": "гость", "changed": "2024-01-01"},
        {"id": "b3", "camper": "h1", "shift": "s2", "role": "гость", "changed": "2024-01-01"},
        {"id": "b4", "camper": "o1", "shift": "s2", "role": "гость", "changed": "2024-01-01"},
    )
    made.deliver(
        "camps/camper", Unreadable("campers.csv, line 40", "too many fields", b"h1;SHCHERBUBELSKAYA@pismo.alt;;;;")
    )


def deliver_later(made: TinyWarehouse) -> None:
    made.deliver("camps/camper", {"id": "h1", "changed": "2024-02-01", **HER, "phone": "+7 (903) 171-71-72"})
    made.deliver("camps/camper", {"id": "h1", "changed": "2024-03-01", **HER, "born": "31.12.2104"})
    made.deliver("camps/booking", {"id": "b3", "camper": "o2", "shift": "s2", "role": "гость", "changed": "2024-02-01"})


def her(made: TinyWarehouse) -> Wanted:
    (found,) = made.query(
        "SELECT person_id FROM lake.golden.person WHERE last_name LIKE 'Щерб%' OR last_name LIKE 'Shch%'"
    )
    return Wanted("person", UUID(str(found)))


def erase_her(made: TinyWarehouse, after: Callable[[str], None] = lambda step: None) -> Erasure:
    wanted = her(made)
    return erase(made.warehouse, Quiet(), wanted, find(made.warehouse, wanted), AUTHOR, after)


def places_of(made: TinyWarehouse, values: tuple[str, ...] = VALUES) -> list[str]:
    """Every file of the lake, table of PostgreSQL and file of its data folder in which one of *values* stands."""
    found = []
    for file in (made.root / ".rddm").rglob("*"):
        if file.is_file() and file.suffix == ".parquet":
            text = str(pq.read_table(file).to_pylist()).lower()
            found += [f"{file.name}: {value}" for value in values if value.lower() in text]
            found += [f"{file.name} (bytes): {value}" for value in values if value.encode() in file.read_bytes()]
    with made.warehouse.database.connect(autocommit=True) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname <> 'information_schema'"
        ).fetchall()
        for schema, name in tables:
            rows = connection.execute(f'SELECT t::text FROM "{schema}"."{name}" AS t'.encode()).fetchall()
            for (row,) in rows:
                text = row.lower() + _hex_as_text(row)
                found += [f"{schema}.{name}: {value}" for value in values if value.lower() in text]
        connection.execute("CHECKPOINT")
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    for file in Path(folder).rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            found += [f"{file}: {value}" for value in values if value.encode() in content]
    return sorted(set(found))


def _hex_as_text(row: str) -> str:
    """Inlined values of the lake are kept as bytes, which PostgreSQL shows in hexadecimal digits."""
    return " ".join(
        bytes.fromhex(part.split('"')[0].split(",")[0]).decode("utf-8", "replace").lower()
        for part in row.replace("\\\\x", "\\x").split("\\x")[1:]
        if all(sign in "0123456789abcdef" for sign in part.split('"')[0].split(",")[0].rstrip(")"))
        and len(part.split('"')[0].split(",")[0]) % 2 == 0
    )


def everybody_else(made: TinyWarehouse) -> dict[str, list[object]]:
    return {
        "person": made.query("SELECT * FROM lake.golden.person WHERE last_name LIKE 'Бел%' ORDER BY ALL"),
        "shown": made.published(
            "SELECT person_id, last_name, records FROM warehouse.person WHERE last_name LIKE 'Бел%' ORDER BY 1"
        ),
        "raw": made.query("SELECT * FROM lake.raw.camps__camper WHERE _key LIKE 'o%' ORDER BY ALL"),
    }


def test_nothing_of_her_is_anywhere(warehouse: TinyWarehouse) -> None:
    assert len({place.partition(":")[0] for place in places_of(warehouse)}) > 10
    before = everybody_else(warehouse)
    proof = erase_her(warehouse)
    assert places_of(warehouse) == []
    assert everybody_else(warehouse) == before
    assert proof.state == "done"
    assert proof.unfinished is None
