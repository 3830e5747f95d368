"""The same records end in the same place, in whatever order and in however many runs they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from tests.support.search import searched
from tests.support.warehouse import SMALL_MODEL, Row, TinyWarehouse

from rddm.pipeline import conforming, identity
from rddm.store.scratch import LARGE_ROWS

MOVEMENT = """
connector: {type: file}
entities:
  person:
    read: {path: unused.csv}
    key: id
    source_time: changed
    deleted: "gone = 'yes'"
    fields: {last_name: last, first_name: first, birth_date: born, phone: phone}
  event:
    read: {path: unused.csv}
    key: id
    source_time: changed
    deleted: "gone = 'yes'"
    fields: {name: title, starts_on: day}
  participation:
    read: {path: unused.csv}
    key: id
    source_time: changed
    fields: {person: who, event: what, role: as}
"""
Delivery = tuple[str, Row]

KEYS = st.sampled_from(("1", "2", "3"))
GONE = st.sampled_from((None, None, None, "yes"))
PERSON = st.fixed_dictionaries({
    "id": KEYS, "last": st.sampled_from(("Белова", "Орлов", None)), "first": st.sampled_from(("Анна", "Пётр")),
    "born": st.sampled_from(("2001-05-06", "2999-01-01", "2002-07-08")),
    "phone": st.sampled_from(("+79160000001", "+79160000002", None)), "gone": GONE,
})  # fmt: skip
EVENT = st.fixed_dictionaries(
    {"id": KEYS, "title": st.sampled_from(("Лагерь", None)), "day": st.just("2024-07-01"), "gone": GONE}
)
PARTICIPATION = st.fixed_dictionaries(
    {"id": KEYS, "who": KEYS, "what": KEYS, "as": st.sampled_from(("участник", "вожатый"))}
)
ANY = st.one_of(
    st.tuples(st.just("a/person"), PERSON), st.tuples(st.just("a/event"), EVENT),
    st.tuples(st.just("a/participation"), PARTICIPATION),
)  # fmt: skip


def stamped(deliveries: Sequence[tuple[str, Row]]) -> list[Delivery]:
    """Give every delivery a source time of its own."""
    return [
        (place, {**row, "changed": f"2024-01-{day:02} 00:00:00"})
        for day, (place, row) in enumerate(deliveries, start=1)
    ]


def outcome(warehouse: TinyWarehouse) -> dict[str, list[object]]:
    return {
        "person": warehouse.query("SELECT * EXCLUDE (batch, seq) FROM lake.conformed.person ORDER BY record_id"),
        "event": warehouse.query("SELECT * EXCLUDE (batch, seq) FROM lake.conformed.event ORDER BY record_id"),
        "participation": warehouse.query(
            "SELECT * EXCLUDE (batch, seq) FROM lake.conformed.participation ORDER BY record_id"
        ),
        "quarantine": warehouse.query(
            "SELECT record_id, kind, rules, waits_for, source_time FROM lake.quarantine.record ORDER BY record_id"
        ),
        "gone": warehouse.query("SELECT record_id, source_time FROM lake.conformed.tombstone ORDER BY record_id"),
        "superseded": warehouse.query("SELECT entity, superseded FROM lake.conformed.progress ORDER BY entity"),
        "golden": warehouse.query(
            "SELECT last_name, first_name, birth_date, phone, records FROM lake.golden.person ORDER BY ALL"
        ),
        "groups": warehouse.query(
            "SELECT list_sort(list(record_id)) AS records FROM lake.identity.person__link GROUP BY golden_id ORDER BY ALL"
        ),
        "facts": warehouse.query(
            "SELECT person.last_name, event.name, role FROM lake.golden.participation JOIN lake.golden.person USING (person_id)"
            " JOIN lake.golden.event USING (event_id) ORDER BY ALL"
        ),
        "published": warehouse.published(
            "SELECT p.last_name, e.name, role FROM warehouse.participation JOIN warehouse.person p USING (person_id)"
            " JOIN warehouse.event e USING (event_id) ORDER BY 1, 2, 3"
        ),
    }


@searched(examples=2)
@given(st.lists(ANY, min_size=1, max_size=16), st.data())
def test_order_and_batches_make_no_difference(
    new_warehouse: Callable[..., TinyWarehouse], deliveries: list[Delivery], data: st.DataObject
) -> None:
    arrived = stamped(deliveries)
    shuffled = data.draw(st.permutations(arrived))
    runs = data.draw(st.integers(min_value=1, max_value=3))
    outcomes = []
    large = data.draw(st.permutations([0, LARGE_ROWS]))  # what is large is kept in files between the steps
    for rows, parts in zip(large, ([arrived], [shuffled[start::runs] for start in range(runs)]), strict=True):
        with patch.object(conforming, "LARGE_ROWS", rows), patch.object(identity, "LARGE_ROWS", rows):
            warehouse = new_warehouse(a=MOVEMENT, model=SMALL_MODEL)
            for part in parts:
                for place, row in part:
                    warehouse.deliver(place, row)
                for balance in warehouse.run().engine.balances:
                    assert balance.balances
            outcomes.append(outcome(warehouse))
            warehouse.close()
    assert outcomes[0] == outcomes[1]
