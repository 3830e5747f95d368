"""What a source delivers turns out to be something else of the model than it was mapped to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.warehouse import PERSON, TinyWarehouse

from rddm.pipeline.conservation import Balance
from rddm.pipeline.run import RunReport

New = Callable[..., TinyWarehouse]
Make = Callable[[Path, str], TinyWarehouse]
Copied = Callable[[Make], TinyWarehouse]

MEMBER = """
connector: {type: file}
entities:
  member:
    model: person
    read: {path: unused.csv}
    key: id
    deleted: "gone = 'yes'"
    fields: {last_name: title}
"""
CLUB = MEMBER.replace("model: person", "model: organisation").replace("last_name: title", "name: title")
PEOPLE_AND_CLUBS = "entities: {location: null, event: null, participation: null}\n"
FIELD = {"person": "last_name", "organisation": "name"}


def of_people(root: Path, database_url: str) -> TinyWarehouse:
    return with_members(root, database_url, MEMBER)


def of_clubs(root: Path, database_url: str) -> TinyWarehouse:
    return with_members(root, database_url, CLUB)


def with_members(root: Path, database_url: str, source: str) -> TinyWarehouse:
    """Two records that stand, one of them in its second version, one that waits and one that is deleted; and somebody else."""
    warehouse = TinyWarehouse(root, database_url, {"a": source, "b": PERSON}, model=PEOPLE_AND_CLUBS)
    warehouse.deliver(
        "a/member", {"id": "1", "title": "Орел"}, {"id": "2", "title": "Белов"}, {"id": "3", "title": None}
    )
    warehouse.deliver("a/member", {"id": "4", "title": "Зимин", "gone": "yes"}, {"id": "1", "title": "Орлов"})
    warehouse.deliver("b/person", {"id": "1", "last": "Белова", "first": "Анна", "changed": "2024-01-01"})
    warehouse.run()
    return warehouse


def mapped_anew(warehouse: TinyWarehouse, source: str) -> RunReport:
    warehouse.write_source("a", source)
    warehouse.reopen()
    return warehouse.run()


def of_members(report: RunReport) -> Balance:
    (found,) = (each for each in report.engine.balances if each.source == "a")
    return found


def standing(warehouse: TinyWarehouse, entity: str) -> tuple[list[object], list[object]]:
    """Of the members: what is conformed as *entity*, and which record is shown as whose."""
    conformed = f"SELECT record_id, key, {FIELD[entity]}, batch, seq FROM lake.conformed.{entity} WHERE source = 'a'"
    shown = (
        f"SELECT record_id, {entity}_id, {FIELD[entity]} FROM warehouse.{entity}_record JOIN warehouse.{entity}"
        f" USING ({entity}_id) WHERE source = 'a' ORDER BY key"
    )
    return warehouse.query(f"{conformed} ORDER BY key"), warehouse.published(shown)


@pytest.mark.parametrize(
    ("before", "after", "source", "was", "becomes"),
    [(of_people, of_clubs, CLUB, "person", "organisation"), (of_clubs, of_people, MEMBER, "organisation", "person")],
)
def test_records_become_what_they_are_mapped_to_as_if_they_had_always_been(
    copied: Copied, before: Make, after: Make, source: str, was: str, becomes: str
) -> None:
    warehouse = copied(before)
    assert len(standing(warehouse, was)[1]) == 2
    balance = of_members(mapped_anew(warehouse, source))
    assert (balance.model_entity, balance.conformed, balance.superseded, balance.deleted) == (becomes, 2, 1, 1)
    assert (balance.pending, balance.quarantined["incomplete"]) == (0, 1)
    for ledger in ("lake.quarantine.record", "lake.conformed.tombstone"):
        assert warehouse.query(f"SELECT model_entity FROM {ledger}") == [becomes]
    assert standing(warehouse, was) == ([], [])
    assert standing(warehouse, becomes) == standing(copied(after), becomes)
    assert warehouse.published("SELECT key FROM warehouse.person_record WHERE source = 'b'") == ["1"]
    assert warehouse.run().published == {}


@pytest.mark.parametrize("expression", ["no_such_function(title)", "regexp_extract(title, ''['')"])
def test_records_are_not_what_they_were_while_their_new_mapping_cannot_be_evaluated(
    copied: Copied, expression: str
) -> None:
    warehouse = copied(of_people)
    report = mapped_anew(warehouse, CLUB.replace("name: title", f"name: {{sql: '{expression}'}}"))
    assert "an SQL expression of its mapping cannot be used" in str(report.problems[0])
    assert (of_members(report).conformed, of_members(report).pending) == (0, 5)
    assert standing(warehouse, "person") == ([], [])
    assert of_members(mapped_anew(warehouse, CLUB)).conformed == 2


CLUBS_AND_TEAMS = """
entities:
  organisation: null
  location: null
  event: null
  person: null
  participation: null
  club: {fields: {name: {type: text}}, identity: {method: exact, fields: [name]}}
  team: {fields: {name: {type: text}}, identity: {method: exact, fields: [name]}}
"""


def test_an_id_that_was_merged_as_two_entities_of_the_model_leads_on_as_each(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=CLUB.replace("organisation", "club"), model=CLUBS_AND_TEAMS)
    eagles, falcons, joined = {"id": "1", "title": "Орлы"}, {"id": "2", "title": "Соколы"}, {"id": "2", "title": "Орлы"}
    warehouse.deliver("a/member", eagles, falcons)
    warehouse.run()
    warehouse.deliver("a/member", joined)
    warehouse.run()
    leading = "SELECT entity, old_id, golden_id FROM warehouse.redirect ORDER BY entity"
    [(_, merged, living)] = warehouse.published(leading)
    warehouse.deliver("a/member", falcons)
    mapped_anew(warehouse, CLUB.replace("organisation", "team"))
    warehouse.deliver("a/member", joined)
    warehouse.run()
    assert warehouse.published(leading) == [("club", merged, living), ("team", merged, living)]


def test_redirects_that_an_older_version_published_get_their_key(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.run()
    with warehouse.warehouse.database.connect() as connection:
        connection.execute("ALTER TABLE warehouse.redirect DROP CONSTRAINT redirect_pkey, ADD PRIMARY KEY (old_id)")
    warehouse.run()
    (primary,) = warehouse.published(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'warehouse.redirect'::regclass AND contype = 'p'"
    )
    assert primary == "PRIMARY KEY (old_id, entity)"
