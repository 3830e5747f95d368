from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from rddm.demo import World, invent_world, load_postgres


@pytest.fixture(scope="module")
def world() -> World:
    return invent_world(300, 7)


def athletes(url: str) -> dict[str, bool]:
    """Return the ids and whether they are marked as deleted."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT id, deleted_at IS NOT NULL FROM office.athletes").fetchall()
    return {str(key): gone for key, gone in found}


def test_the_first_day_holds_its_athletes(world: World, new_database: Callable[[], str]) -> None:
    url = new_database()
    load_postgres(world, url, 1)
    assert athletes(url) == {row.key: False for row in world.rows_of("federation", 1)}


def test_the_second_day_changes_some_and_adds_some(world: World, new_database: Callable[[], str]) -> None:
    url = new_database()
    load_postgres(world, url, 1)
    load_postgres(world, url, 2)
    gone = {row.key for row in world.rows_of("federation", 2) if row.op == "delete"}
    assert athletes(url) == {row.key: row.key in gone for row in world.rows["federation"]}


def test_loading_again_starts_afresh(world: World, new_database: Callable[[], str]) -> None:
    url = new_database()
    load_postgres(world, url, 1)
    load_postgres(world, url, 2)
    load_postgres(world, url, 1)
    assert set(athletes(url)) == {row.key for row in world.rows_of("federation", 1)}


def test_what_changed_on_the_second_day_is_found_by_its_time(world: World, new_database: Callable[[], str]) -> None:
    url = new_database()
    load_postgres(world, url, 1)
    with psycopg.connect(url) as connection:
        (before,) = connection.execute("SELECT max(changed_at) FROM office.athletes").fetchone() or (None,)
    load_postgres(world, url, 2)
    with psycopg.connect(url) as connection:
        later = connection.execute("SELECT id FROM office.athletes WHERE changed_at > %s", (before,)).fetchall()
    assert {str(key) for (key,) in later} == {row.key for row in world.rows_of("federation", 2)}
