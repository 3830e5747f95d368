"""Whoever reads while a run publishes sees what was before or what is after, never half of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
from tests.support.warehouse import PERSON, TinyWarehouse

New = Callable[..., TinyWarehouse]
STATE = """
SELECT (SELECT max(lake_snapshot) FROM warehouse.publication), (SELECT count(*) FROM warehouse.person),
    (SELECT count(DISTINCT person_id) FROM warehouse.person_record), (SELECT count(*) FROM warehouse.person_record),
    (SELECT sum(records) FROM warehouse.person)
"""


def people(first: int, last: int, **changes: str) -> list[dict[str, str]]:
    return [
        {
            "id": str(n),
            "last": f"Белов{n}",
            "first": "Анна",
            "phone": f"+7916{n:07}",
            "changed": "2024-01-01",
            **changes,
        }
        for n in range(first, last)
    ]


def test_readers_see_whole_states_while_runs_publish(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    warehouse.deliver("a/person", *people(0, 50))
    warehouse.run()
    whole = {warehouse.published(STATE)[0]}
    seen: list[tuple[int, ...]] = []
    over = threading.Event()

    def watch() -> None:
        with psycopg.connect(warehouse.warehouse.database.conninfo) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while not over.is_set():
                with connection.transaction():
                    seen.extend(connection.execute(STATE).fetchall())

    reader = threading.Thread(target=watch)
    reader.start()
    try:
        for delivered in (
            people(50, 300),
            people(0, 40, gone="yes", changed="2024-02-01"),
            people(20, 60, changed="2024-03-01"),
        ):
            warehouse.deliver("a/person", *delivered)
            warehouse.deliver("b/person", *delivered)
            warehouse.run()
            whole.add(warehouse.published(STATE)[0])
    finally:
        over.set()
        reader.join()
    assert set(seen) <= whole
    assert len(set(seen)) > 1
    assert all(
        people_shown == people_linked and linked == behind for _, people_shown, people_linked, linked, behind in seen
    )
