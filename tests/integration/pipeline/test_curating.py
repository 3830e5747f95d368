"""Which value stands in the golden record, and where it came from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.warehouse import PERSON, TinyWarehouse

from rddm.contracts.ids import derive_record_id

New = Callable[..., TinyWarehouse]
SCHOOL = """
connector: {type: file}
entities:
  organisation:
    read: {path: unused.csv}
    key: id
    source_time: changed
    fields: {name: title, city: town}
  person:
    read: {path: unused.csv}
    key: id
    fields: {last_name: last, first_name: first, birth_date: born, organisation: school}
"""
PEOPLE_AND_CLUBS = "entities: {location: null, event: null, participation: null}\n"
SURE = {"born": "2001-05-06", "phone": "+79165550001", "email": "belova@kostyor.alt"}


@pytest.mark.parametrize(
    ("delivered", "stands"),
    [
        (("Саша", "Саша", "Александра"), "Александра"),
        (("Aleksandra", "Aleksandra", "Александра"), "Александра"),
        (("Александра", "Aleksandra", "Саша"), "Александра"),
    ],
)
def test_the_most_complete_given_name_stands(new_warehouse: New, delivered: tuple[str, ...], stands: str) -> None:
    warehouse = new_warehouse(a=PERSON)
    for number, first in enumerate(delivered):
        last = "Belova" if first.isascii() else "Белова"
        row = {"id": str(number), "last": last, "first": first, "changed": f"2024-01-0{number + 1}"}
        warehouse.deliver("a/person", {**row, **SURE})
    warehouse.run()
    assert warehouse.query("SELECT first_name, last_name, records FROM lake.golden.person") == [(stands, "Белова", 3)]


def test_the_newest_phone_stands_and_names_the_record_it_came_from(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    same = {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06", "email": "belova@kostyor.alt"}
    warehouse.deliver("a/person", {**same, "phone": "+79165550001", "changed": "2024-02-01"})
    warehouse.deliver("b/person", {**same, "phone": "+79165550002", "changed": "2024-01-01"})
    warehouse.run()
    assert warehouse.query("SELECT phone, phone__origin, sources FROM lake.golden.person") == [
        ("+79165550001", derive_record_id("a", "person", "1"), ["a", "b"])
    ]


def test_a_title_in_mixed_case_stands_before_one_in_capitals(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=SCHOOL, model=PEOPLE_AND_CLUBS)
    warehouse.deliver(
        "a/organisation",
        {"id": "1", "title": "Клуб «Искра»", "changed": "2024-01-01"},
        {"id": "2", "title": "КЛУБ «ИСКРА»", "changed": "2024-02-01"},
    )
    warehouse.run()
    assert warehouse.query("SELECT name, records FROM lake.golden.organisation") == [("Клуб «Искра»", 2)]


def test_a_person_follows_their_organisation_when_it_turns_out_to_be_another(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=SCHOOL, model=PEOPLE_AND_CLUBS)
    warehouse.deliver(
        "a/organisation",
        {"id": "1", "title": "Клуб «Искра»", "changed": "2024-01-01"},
        {"id": "2", "title": "Клуб «Исткра»", "changed": "2024-01-01"},
    )
    warehouse.deliver("a/person", {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06", "school": "2"})
    warehouse.run()
    joined = "SELECT name FROM warehouse.person JOIN warehouse.organisation USING (organisation_id)"
    assert warehouse.published(joined) == ["Клуб «Исткра»"]
    warehouse.deliver("a/organisation", {"id": "2", "title": "Клуб «Искра»", "changed": "2024-02-01"})
    warehouse.run()
    assert warehouse.published(joined) == ["Клуб «Искра»"]
    assert warehouse.published("SELECT count(*) FROM warehouse.organisation") == [1]
    assert warehouse.published("SELECT count(*) FROM warehouse.redirect WHERE entity = 'organisation'") == [1]


CLUB = SCHOOL.replace("source_time: changed", "source_time: changed\n    deleted: \"gone = 'yes'\"")
SPARK = {"title": "Клуб «Искра»", "changed": "2024-01-01"}


def test_a_person_follows_a_club_that_comes_later_into_one_that_is_known_and_goes_again(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=CLUB, b=CLUB, model=PEOPLE_AND_CLUBS)
    warehouse.deliver("a/organisation", {"id": "1", **SPARK})
    warehouse.deliver("b/person", {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06", "school": "9"})
    warehouse.run()
    joined = "SELECT name, organisation.records FROM warehouse.person LEFT JOIN warehouse.organisation USING (organisation_id)"
    assert warehouse.published(joined) == [(None, None)]
    warehouse.deliver("b/organisation", {"id": "9", **SPARK})
    warehouse.run()
    assert warehouse.published(joined) == [("Клуб «Искра»", 2)]
    warehouse.deliver("b/organisation", {"id": "9", **SPARK, "changed": "2024-02-01", "gone": "yes"})
    warehouse.run()
    assert warehouse.published(joined) == [(None, None)]
    assert warehouse.published("SELECT name, records FROM warehouse.organisation") == [("Клуб «Искра»", 1)]


MEMBERS = """
entities:
  person: null
  location: null
  event: null
  participation: null
  membership:
    fields:
      club: {type: reference, references: organisation, on_missing: keep}
      season: {type: category}
    identity: {method: fact, fields: [club, season]}
"""
MEMBER = """
connector: {type: file}
entities:
  organisation:
    read: {path: unused.csv}
    key: id
    source_time: changed
    fields: {name: title}
  membership:
    read: {path: unused.csv}
    key: id
    fields: {club: {column: club, entity: organisation}, season: season}
"""


def test_a_fact_follows_a_club_that_comes_later_into_one_that_is_known(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=MEMBER, b=MEMBER, model=MEMBERS)
    warehouse.deliver("a/organisation", {"id": "1", **SPARK})
    warehouse.deliver("a/membership", {"id": "1", "club": "1", "season": "2024"})
    warehouse.deliver("b/membership", {"id": "1", "club": "9", "season": "2024"})
    warehouse.run()
    facts = "SELECT name, membership.records FROM warehouse.membership LEFT JOIN warehouse.organisation"
    facts += " ON organisation_id = club_id ORDER BY name"
    assert warehouse.published(facts) == [("Клуб «Искра»", 1), (None, 1)]
    warehouse.deliver("b/organisation", {"id": "9", **SPARK})
    warehouse.run()
    assert warehouse.published(facts) == [("Клуб «Искра»", 2)]


def test_facts_of_clubs_that_are_not_there_are_one_for_each(new_warehouse: New) -> None:
    gone = "source_time: changed\n    deleted: \"gone = 'yes'\""
    warehouse = new_warehouse(a=MEMBER.replace("source_time: changed", gone), model=MEMBERS)
    for key, club in enumerate(["1", "2", "8", "8", "9"]):
        warehouse.deliver("a/membership", {"id": str(key), "club": club, "season": "2024"})
    facts = "SELECT name, membership.records FROM warehouse.membership LEFT JOIN warehouse.organisation"
    facts += " ON organisation_id = club_id ORDER BY name, membership.records"
    warehouse.run()
    assert warehouse.published(facts) == [(None, 1), (None, 1), (None, 1), (None, 2)]
    # The id of both is that of the first.
    warehouse.deliver("a/organisation", {"id": "1", **SPARK}, {"id": "2", **SPARK, "changed": "2024-01-02"})
    warehouse.run()
    assert warehouse.published(facts) == [("Клуб «Искра»", 2), (None, 1), (None, 2)]
    warehouse.deliver("a/organisation", {"id": "1", **SPARK, "changed": "2024-02-01", "gone": "yes"})
    warehouse.run()
    assert warehouse.published(facts) == [("Клуб «Искра»", 1), (None, 1), (None, 1), (None, 2)]


def test_facts_that_were_linked_when_all_clubs_that_are_not_there_were_one_are_linked_anew(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=MEMBER, model=MEMBERS)
    warehouse.deliver(
        "a/membership", {"id": "1", "club": "8", "season": "2024"}, {"id": "2", "club": "9", "season": "2024"}
    )
    warehouse.run()
    links = "lake.identity.membership__link"
    warehouse.query(f"UPDATE {links} SET golden_id = (SELECT min(golden_id) FROM {links})")
    warehouse.query(
        """UPDATE lake.identity.model SET applied = '{"fact": ["club", "season"]}' WHERE entity = 'membership'"""
    )
    for _ in range(2):
        warehouse.run()
        assert warehouse.published("SELECT records FROM warehouse.membership") == [1, 1]


AWARDS = """
entities:
  organisation: null
  location: null
  event: {fields: {organisation: null}}
  person: {fields: {organisation: null}}
  award:
    fields:
      participation: {type: reference, references: participation, required: true}
      title: {type: text}
    identity: {method: exact, fields: [title]}
"""
CONTEST = """
connector: {type: file}
entities:
  person:
    read: {path: unused.csv}
    key: id
    fields: {last_name: last, first_name: first, birth_date: born}
  event:
    read: {path: unused.csv}
    key: id
    source_time: changed
    fields: {name: title, starts_on: first_day}
  participation:
    read: {path: unused.csv}
    key: id
    fields: {person: person, event: event}
  award:
    read: {path: unused.csv}
    key: id
    fields: {participation: participation, title: title}
"""


def test_what_refers_to_a_fact_follows_it_when_it_turns_out_to_be_another(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=CONTEST, model=AWARDS)
    day = {"first_day": "2024-05-01", "changed": "2024-01-01"}
    warehouse.deliver("a/event", {"id": "1", "title": "Слёт", **day}, {"id": "2", "title": "Слет юных", **day})
    warehouse.deliver("a/person", {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06"})
    warehouse.deliver("a/participation", {"id": "1", "person": "1", "event": "2"})
    warehouse.deliver("a/award", {"id": "1", "participation": "1", "title": "Первое место"})
    warehouse.run()
    joined = "SELECT event.name FROM warehouse.award JOIN warehouse.participation USING (participation_id)"
    joined += " JOIN warehouse.event USING (event_id)"
    assert warehouse.published(joined) == ["Слет юных"]
    warehouse.deliver("a/event", {"id": "2", "title": "Слёт", **day, "changed": "2024-02-01"})
    warehouse.run()
    assert warehouse.published(joined) == ["Слёт"]
    assert warehouse.published("SELECT count(*) FROM warehouse.participation") == [1]
