from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unittest.mock import patch
from uuid import UUID

import duckdb
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.resolve.conftest import Warehouse, born
from tests.support.search import searched

from rddm.pipeline import identity, identity_compare
from rddm.project.settings import ProbabilisticIdentity
from rddm.store.scratch import LARGE_ROWS

KEYS = tuple(f"r{number}" for number in range(14))
SMALL_LIMIT = 3
"""Match keys cross this limit both ways all the time."""

MATCH_AND_ARE_TWO = """
SELECT DISTINCT fingerprint_a, fingerprint_b FROM testlake.identity.person__pair
JOIN testlake.identity.person__link AS a ON a.fingerprint_id = fingerprint_a
JOIN testlake.identity.person__link AS b ON b.fingerprint_id = fingerprint_b
WHERE outcome = 'match' AND a.golden_id <> b.golden_id ORDER BY ALL
"""

people = st.fixed_dictionaries(
    {
        "last_name": st.sampled_from(["Щербаков", "Щербакова", "Shcherbakov", "Щирбаков", "Ли"]),
        "first_name": st.sampled_from(["Александр", "Александра", "Саша", "Alexander", "Мария", "Марина", None]),
        "middle_name": st.sampled_from(["Игоревич", "Игоревна", None]),
        "birth_date": st.sampled_from(["2008-03-05", "2008-05-03", "2010-11-20", "1980-03-05", None]),
        "gender": st.sampled_from(["male", "female", None, None]),
        "phone": st.sampled_from(["+79161234567", "+79161234568", None]),
        "email": st.sampled_from(["a@mail.ru", "b@ya.ru", None]),
        "snils": st.sampled_from(["11223344595", "08765430300", None, None, None]),
        "region": st.sampled_from(["Москва", "Татарстан", None]),
        "source": st.sampled_from(["camps", "camps", "school", "pass"]),
    }
)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[dict[str, Any], dict[frozenset[str], str]]]:
    """Batches of changes to a few records, each with the judgements that hold then."""
    source_of = {key: draw(people)["source"] for key in KEYS}
    history = []
    present: set[str] = set()
    for _ in range(draw(st.integers(2, 5))):
        batch: dict[str, Any] = {}
        for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=8, unique=True)):
            gone = key in present and draw(st.integers(0, 3)) == 0
            batch[key] = None if gone else {**draw(people), "source": source_of[key]}
            present.add(key)
        pairs = st.lists(st.sampled_from(sorted(present)), min_size=2, max_size=2, unique=True).map(frozenset)
        judgements = (
            draw(st.dictionaries(pairs, st.sampled_from(["same", "different"]), max_size=2)) if len(present) > 1 else {}
        )
        history.append((batch, judgements))
    return history


def _warehouse(connection: duckdb.DuckDBPyConnection, make: type[Warehouse]) -> Warehouse:
    warehouse = make(connection, ProbabilisticIdentity(key_limit=SMALL_LIMIT))
    warehouse.exclusive = [("pass", "person")]
    return warehouse


@searched(examples=4)
@given(history=histories(), in_files=st.booleans())
def test_groups_are_the_same_however_the_records_came(
    duckdb_connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    history: list[tuple[dict[str, Any], dict[frozenset[str], str]]],
    in_files: bool,  # noqa: FBT001 - drawn
) -> None:
    stream = _warehouse(duckdb_connection, type(warehouse))
    ledger = Ledger()
    state: dict[str, Any] = {}
    for batch, judgements in history:
        stream.judgements = judgements
        with patch.object(identity, "LARGE_ROWS", 0 if in_files else LARGE_ROWS):
            stream.run(batch)
        state |= batch
        ledger.check(stream)
        assert list(stream.rows("FROM testlake.identity.person__apart ORDER BY ALL")) == list(
            stream.rows(MATCH_AND_ARE_TWO)
        )
    at_once = _tables(stream), stream.groups()

    batch_warehouse = _warehouse(duckdb_connection, type(warehouse))
    batch_warehouse.ids, batch_warehouse.keys = dict(stream.ids), dict(stream.keys)
    batch_warehouse.judgements = history[-1][1]
    with (
        patch.object(identity, "LARGE_ROWS", LARGE_ROWS if in_files else 0),
        patch.object(identity_compare, "COMPARED_NODES", 4),
    ):
        batch_warehouse.run(state)
    assert batch_warehouse.groups() == at_once[1]
    assert _tables(batch_warehouse) == at_once[0]


def test_every_row_has_the_order_of_its_id(warehouse: Warehouse) -> None:
    anna = {"last_name": "Белова", "first_name": "Анна", "birth_date": born("2001-02-03"), "phone": "+79161234567"}
    warehouse.run({"a": anna, "b": {**anna, "email": "anna@example.org"}})
    warehouse.run({"c": {**anna, "city": "Тверь"}, "b": {**anna, "email": "a@example.org"}})
    for table, column in (
        ("fingerprint", "fingerprint_id"), ("link", "fingerprint_id"), ("pair", "fingerprint_a"), ("component", "component"),
    ):  # fmt: skip
        orders = warehouse.rows(f"SELECT {column}, {column}_order FROM testlake.identity.person__{table}")
        assert len(orders) > 1
        assert all(order == identifier.int >> 96 for identifier, order in orders)


def _tables(warehouse: Warehouse) -> list[list[tuple[Any, ...]]]:
    queries = (
        "SELECT fingerprint_id, records, last_root FROM testlake.identity.person__fingerprint",
        "SELECT key, fingerprint_id FROM testlake.identity.person__key",
        "SELECT * FROM testlake.identity.person__pair",
        "SELECT * FROM testlake.identity.person__component",
        "SELECT * FROM testlake.identity.person__apart",
        "SELECT record_id, fingerprint_id, how, probability FROM testlake.identity.person__link",
        "SELECT * FROM testlake.identity.person__judgement",
    )
    return [list(warehouse.rows(f"{query} ORDER BY ALL")) for query in queries]


class Ledger:
    """What ids meant before each run: none changes its meaning without an event."""

    def __init__(self) -> None:
        self.before: Mapping[str, UUID] = {}
        self.ever: set[UUID] = set()

    def check(self, warehouse: Warehouse) -> None:
        now = warehouse.golden_ids()
        run = warehouse.runs
        happened = warehouse.events(run)
        merged = {golden: other for kind, golden, other in happened if kind == "merged"}
        split = {(golden, other) for kind, golden, other in happened if kind == "split"}
        moved = {(golden, other) for kind, golden, other in happened if kind == "moved"}
        ended = {golden for kind, golden, _ in happened if kind == "ended"}
        born = {golden for kind, golden, _ in happened if kind in ("created", "split")}
        for key, golden in self.before.items():
            if key in now and now[key] != golden:
                assert merged.get(golden) == now[key] or (now[key], golden) in split | moved
                assert {golden, now[key]} <= warehouse.touched()
        living = set(now.values())
        assert living == (set(self.before.values()) | born) - merged.keys() - ended
        assert not born & set(self.before.values())
        assert living | merged.keys() | ended >= set(self.before.values())
        redirects = dict(warehouse.rows("SELECT old_id, golden_id FROM testlake.identity.redirect"))
        assert not redirects.keys() & living
        assert merged.keys() <= redirects.keys()
        self.before = now
