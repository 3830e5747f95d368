from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

import pytest

from rddm.demo import World, invent_world
from rddm.demo.accounts import Row
from rddm.demo.nine import SERVICES
from rddm.demo.participations import EVENT_ENTITIES
from rddm.demo.population import EMAIL_HOSTS, FIRST_DAY, PHONE_CODES
from rddm.demo.rates import DIRT, RECORDS, SECOND_DAY

WRITTEN_WITHOUT_A_ROW = {"late_event", "orphan", "broken_line", "no_key"}


def rows(world: World) -> list[Row]:
    return [row for of_service in world.rows.values() for row in of_service]


def test_the_same_seed_gives_the_same_truth() -> None:
    assert invent_world(300, 5).truth().equals(invent_world(300, 5).truth())


def test_another_seed_gives_another_world() -> None:
    assert not invent_world(300, 5).truth().equals(invent_world(300, 6).truth())


def test_there_are_as_many_people_as_asked_for_with_about_four_records_each(world: World) -> None:
    truth = world.truth()
    assert len(world.people) == 3000
    assert 3.6 < truth.num_rows / 3000 < 4.3
    assert set(truth["person_no"].to_pylist()) == set(range(3000))
    assert set(truth["source"].to_pylist()) == {service.name for service in SERVICES}


def test_the_truth_has_every_key_of_a_person_once(world: World) -> None:
    truth = world.truth()
    known = list(zip(truth["source"].to_pylist(), truth["key"].to_pylist(), strict=True))
    assert len(known) == len(set(known))
    assert set(known) == {(row.service, row.key) for row in rows(world)}


@pytest.mark.parametrize("kind", [*DIRT, *sorted(set(RECORDS) - WRITTEN_WITHOUT_A_ROW), *SECOND_DAY])
def test_every_kind_of_dirt_occurs(world: World, kind: str) -> None:
    assert any(kind in row.dirt for row in rows(world))


def test_dirt_is_about_as_frequent_as_the_table_says(world: World) -> None:
    fresh = [row for row in rows(world) if row.day == 1 and "older_version" not in row.dirt]
    counts = Counter(kind for row in fresh for kind in row.dirt)
    for kind in ("typo_name", "stray_spaces"):
        assert 0.6 < counts[kind] / len(fresh) / DIRT[kind].share < 1.4


def test_a_third_of_the_academys_students_have_no_birth_date(world: World) -> None:
    students = world.rows_of("academy", 1)
    assert 0.28 < sum(row.values["birth_date"] is None for row in students) / len(students) < 0.4


def test_the_ticket_office_knows_a_latin_name_and_an_address_only(world: World) -> None:
    for row in world.rows_of("tickets", 1):
        assert set(row.values) == {"last_name", "first_name", "email"}
        assert not any("а" <= letter <= "я" for letter in str(row.values["first_name"]).lower())


def test_the_app_knows_short_first_names_and_a_phone(world: World) -> None:
    users = world.rows_of("app", 1)
    assert sum("diminutive" in row.dirt for row in users) / len(users) > 0.75
    assert sum(row.values["last_name"] is not None for row in users) / len(users) < 0.08
    assert sum(row.values["phone"] is not None for row in users) / len(users) > 0.98


def test_brothers_and_sisters_are_registered_under_one_phone(world: World) -> None:
    people_by_phone = defaultdict(set)
    for row in world.rows_of("camps", 1):
        people_by_phone[row.values["phone"]].add(row.person_no)
    shared = [people for phone, people in people_by_phone.items() if phone and str(phone)[:3] in PHONE_CODES]
    assert sum(len(people) > 1 for people in shared) > 20


def test_twins_differ_in_their_first_name(world: World) -> None:
    twins = defaultdict(list)
    for person in world.people:
        twins[person.family, person.born].append(person.first_name)
    pairs = [names for names in twins.values() if len(names) > 1]
    assert pairs
    assert all(len(set(names)) == len(names) for names in pairs)


def test_namesakes_of_different_families_share_a_birth_date(world: World) -> None:
    families = defaultdict(set)
    for person in world.people:
        families[person.last_name.first, person.first_name, person.born].add(person.family)
    assert sum(len(several) > 1 for several in families.values()) >= 3


def test_no_contact_can_belong_to_anybody(world: World) -> None:
    for person in world.people:
        for phone in [value for _, value in person.phone.steps if value] + [person.family_phone]:
            assert phone[:3] in PHONE_CODES
        for email in [value for _, value in person.email.steps if value] + [person.family_email, person.second_email]:
            assert email.partition("@")[2] in EMAIL_HOSTS
        assert person.snils.startswith("9")


def test_nobody_registers_before_being_born_nor_after_the_first_day(world: World) -> None:
    for row in rows(world):
        assert row.registered_at.date() > world.people[row.person_no].born
        if row.day == 1:
            assert row.updated_at.date() <= FIRST_DAY


def test_what_comes_on_the_second_day_has_changed_on_the_second_day(world: World) -> None:
    late = [row for row in rows(world) if row.day == 2]
    assert late
    assert all(row.updated_at.date() == date(2026, 6, 2) for row in late)


def test_a_participation_is_early_when_its_person_or_event_is_not_fit_on_the_first_day(world: World) -> None:
    early = world.early()
    assert early.num_rows > 50
    assert set(early["released_on_day"].to_pylist()) == {2, None}
    waited_for = set(early["waits_for_entity"].to_pylist())
    assert waited_for >= {"camper", "student", "member", "user"}
    assert waited_for & set(EVENT_ENTITIES.values())


def test_a_linking_record_brings_what_only_the_app_or_the_ticket_office_knew(world: World) -> None:
    linking = [row for row in rows(world) if "linking" in row.dirt]
    assert linking
    for row in linking:
        others = [one for one in rows(world) if one.person_no == row.person_no and one.day == 1]
        by_phone = {one.service for one in others if one.values.get("phone") == row.values["phone"] is not None}
        by_email = {one.service for one in others if one.values.get("email") == row.values["email"] is not None}
        assert by_phone == {"app"} or by_email == {"tickets"}


def test_deleted_people_took_part_in_nothing(world: World) -> None:
    gone = {(row.service, row.key) for row in rows(world) if row.op == "delete"}
    assert gone
    assert not gone & {(one.person.source, one.person.key) for one in world.participations}
