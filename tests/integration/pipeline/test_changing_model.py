"""The model changes after data was loaded; what was loaded follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from tests.support.warehouse import PEOPLE_ALONE, PERSON, SMALL_MODEL, TinyWarehouse

from rddm.app.wire import open_reading
from rddm.contracts.errors import NotFound, StoreError
from rddm.contracts.ids import derive_record_id
from rddm.pipeline.relearning import preview_learning
from rddm.pipeline.run import RunReport
from rddm.serve.identity_changes import identity_changes
from rddm.serve.identity_report import identity_report

New = Callable[..., TinyWarehouse]
Copied = Callable[[Callable[[Path, str], TinyWarehouse]], TinyWarehouse]

ANNA = {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06", "changed": "2024-01-01", "shoe": "38"}
BORIS = {"id": "2", "last": "Орлов", "first": "Борис", "born": "2002-01-01", "changed": "2024-01-01", "shoe": "узкая"}
WITH_SHOE = PERSON.replace("email: email}", "email: email, shoe: shoe}")


def loaded(root: Path, database_url: str) -> TinyWarehouse:
    warehouse = TinyWarehouse(root, database_url, {"a": PERSON}, model=PEOPLE_ALONE)
    warehouse.deliver("a/person", ANNA, BORIS)
    warehouse.run()
    return warehouse


def loaded_with_shoes(root: Path, database_url: str) -> TinyWarehouse:
    warehouse = TinyWarehouse(root, database_url, {"a": WITH_SHOE}, model=model_with_shoe("text"))
    warehouse.deliver("a/person", ANNA, BORIS)
    warehouse.run()
    return warehouse


def model_with_shoe(kind: str | None) -> str:
    shoe = f", shoe: {{type: {kind}}}" if kind else ""
    return PEOPLE_ALONE.replace(
        "person: {fields: {organisation: null}}", f"person: {{fields: {{organisation: null{shoe}}}}}"
    )


def say(warehouse: TinyWarehouse, source: str, kind: str | None) -> None:
    """Map field shoe of *kind*, or have no such field."""
    (warehouse.root / "model.yaml").write_text(model_with_shoe(kind), encoding="utf-8")
    warehouse.write_source("a", source)
    warehouse.reopen()


def shoes(warehouse: TinyWarehouse) -> list[object]:
    return warehouse.published("SELECT shoe FROM warehouse.person ORDER BY last_name")


def test_a_field_added_to_the_model_is_filled_for_what_was_there(copied: Copied) -> None:
    warehouse = copied(loaded)
    say(warehouse, WITH_SHOE, "text")
    warehouse.run()
    assert shoes(warehouse) == ["38", "узкая"]


def test_a_field_of_another_type_is_made_anew_in_every_layer(copied: Copied) -> None:
    warehouse = copied(loaded_with_shoes)
    say(warehouse, WITH_SHOE, "integer")
    assert warehouse.run().engine.balances[0].conformed == 2
    assert shoes(warehouse) == [38, None]
    say(warehouse, WITH_SHOE, "text")
    assert warehouse.run().engine.balances[0].conformed == 2
    assert shoes(warehouse) == ["38", "узкая"]


def test_a_field_of_another_type_keeps_what_fits_of_sources_that_are_not_conformed_anew(new_warehouse: New) -> None:
    warehouse = new_warehouse(model=model_with_shoe("text"), a=WITH_SHOE, b=WITH_SHOE, c=WITH_SHOE)
    warehouse.deliver("a/person", ANNA)
    warehouse.deliver("b/person", BORIS, {**ANNA, "id": "3", "last": "Зимина", "born": "1950-03-03", "shoe": "41"})
    warehouse.deliver(
        "c/person",
        {**ANNA, "id": "4", "last": "Кротова", "born": "1960-04-04", "shoe": "43"},
        {**ANNA, "id": "5", "last": "Туманова", "born": "1970-05-05", "shoe": "широкая"},
    )
    warehouse.run()
    assert shoes(warehouse) == ["38", "41", "43", "узкая", "широкая"]
    (warehouse.root / "sources" / "b.yaml").unlink()
    warehouse.write_source("c", WITH_SHOE.replace("shoe: shoe", "shoe: {sql: no_such_function(shoe)}"))
    for kind, found in (("integer", [38, 41, 43, None, None]), ("date", [None] * 5)):
        say(warehouse, WITH_SHOE, kind)
        warehouse.run()
        assert shoes(warehouse) == found


def test_a_field_taken_out_of_the_model_is_no_longer_shown_and_put_back_it_is_filled_again(copied: Copied) -> None:
    warehouse = copied(loaded_with_shoes)
    say(warehouse, PERSON, None)
    warehouse.run()
    with pytest.raises(psycopg.errors.UndefinedColumn):
        shoes(warehouse)
    assert warehouse.published("SELECT last_name FROM warehouse.person ORDER BY 1") == ["Белова", "Орлов"]
    assert warehouse.query("SELECT count(shoe) FROM lake.conformed.person") == [0]
    say(warehouse, WITH_SHOE, "text")
    warehouse.run()
    assert shoes(warehouse) == ["38", "узкая"]


def test_a_view_that_needs_the_field_is_named_as_the_trouble(copied: Copied) -> None:
    warehouse = copied(loaded_with_shoes)
    with warehouse.warehouse.database.connect() as connection:
        connection.execute("CREATE VIEW public.shoes AS SELECT shoe FROM warehouse.person")
    say(warehouse, PERSON, None)
    with pytest.raises(StoreError, match=r"warehouse\.person cannot follow the model"):
        warehouse.run()
    with warehouse.warehouse.database.connect() as connection:
        connection.execute("DROP VIEW public.shoes")
    warehouse.run()
    assert warehouse.published("SELECT last_name FROM warehouse.person ORDER BY 1") == ["Белова", "Орлов"]


def test_people_who_are_no_longer_matched_and_then_again_have_one_link_each(copied: Copied) -> None:
    warehouse = copied(loaded)

    def match(identity: str) -> None:
        model = PEOPLE_ALONE.replace("person: {", f"person: {{{identity}")
        (warehouse.root / "model.yaml").write_text(model, encoding="utf-8")
        warehouse.reopen()

    assert warehouse.query("SELECT count(*) FROM lake.identity.person__fingerprint") == [2]
    warehouse.query(f"INSERT INTO lake.identity.term {A_COMMON_PHONE}")
    match("identity: null, ")
    warehouse.deliver("a/person", ANNA | {"changed": "2024-02-01", "born": "2001-05-07"})
    warehouse.run()
    # Nothing would take them out when somebody is erased.
    for table in ("person__fingerprint", "person__key", "person__pair", "person__component", "term"):
        assert warehouse.query(f"SELECT count(*) FROM lake.identity.{table}") == [0], table
    assert nothing_is_looked_up(warehouse)
    match("")
    warehouse.deliver("a/person", ANNA | {"changed": "2024-03-01", "born": "2001-05-08"})
    warehouse.run()
    links = "lake.identity.person__link"
    assert warehouse.query(f"SELECT count(*) FROM {links}") == [2]
    assert warehouse.query(f"SELECT count(*) FROM {links} WHERE fingerprint_id IS NULL") == [0]
    warehouse.deliver("a/person", ANNA | {"changed": "2024-04-01", "born": "2001-05-09"})
    warehouse.run()
    assert warehouse.query(f"SELECT count(*), count(DISTINCT record_id) FROM {links}") == [(2, 2)]


A_COMMON_PHONE = "SELECT 'person', 1, 'phone', '+79165550001', -3.0"


def nothing_is_looked_up(warehouse: TinyWarehouse) -> bool:
    shared = "SELECT entity FROM matching.model UNION ALL SELECT entity FROM matching.term"
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'matching' AND tablename NOT IN ('model', 'term')"
    return warehouse.published(f"{tables} UNION ALL {shared}") == []


CAMPS = """
connector: {type: file}
entities:
  person:
    read: {path: unused.csv}
    key: id
    fields: {last_name: last, first_name: first, birth_date: born}
  event:
    read: {path: unused.csv}
    key: id
    fields: {name: title, kind: kind}
  participation:
    read: {path: unused.csv}
    key: id
    fields: {person: person, event: event, role: role}
"""
EVENTS = f"{CAMPS.partition('  person:')[0]}  event:{CAMPS.partition('  event:')[2].partition('  participation:')[0]}"
EVENTS_ALONE = f"{SMALL_MODEL.partition('  person:')[0]}  person: null\n  participation: null\n"
BY_NAME, BY_KIND_TOO = ("{method: exact, fields: [name]}", 1), ("{method: exact, fields: [name, kind]}", 2)
FACT_BY_NAME, FACT_BY_KIND_TOO = ("{method: fact, fields: [name]}", 1), ("{method: fact, fields: [name, kind]}", 2)
ALONE = ("null", 2)


@pytest.mark.parametrize(
    "identities",
    [
        (ALONE, BY_NAME, ALONE, FACT_BY_NAME, ALONE),
        (FACT_BY_KIND_TOO, FACT_BY_NAME, BY_NAME, FACT_BY_KIND_TOO, BY_NAME, BY_KIND_TOO),
    ],
)
def test_a_changed_identity_holds_for_what_was_there_and_who_refers_to_it_follows(
    new_warehouse: New, identities: tuple[tuple[str, int], ...]
) -> None:
    warehouse = new_warehouse(a=CAMPS, model=SMALL_MODEL)
    warehouse.deliver("a/person", {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06"})
    warehouse.deliver(
        "a/event", {"id": "1", "title": "Слёт", "kind": "camp"}, {"id": "2", "title": "Слёт", "kind": "day"}
    )
    took_part = {"person": "1", "role": "winner"}
    warehouse.deliver("a/participation", {"id": "1", "event": "1", **took_part}, {"id": "2", "event": "2", **took_part})
    for identity, living in identities:
        identify_events(warehouse, identity)
        assert warehouse.published("SELECT count(*), sum(records) FROM warehouse.event") == [(living, 2)]
        facts = "SELECT count(DISTINCT event_id), sum(records) FROM warehouse.participation"
        assert warehouse.published(facts) == [(living, 2)]
        links = "SELECT count(*), count(DISTINCT record_id), count(DISTINCT golden_id) FROM lake.identity.event__link"
        assert warehouse.query(links) == [(2, 2, living)]


def identify_events(warehouse: TinyWarehouse, identity: str, within: str = SMALL_MODEL) -> RunReport:
    model = within.replace("event: {", f"event: {{identity: {identity}, ")
    (warehouse.root / "model.yaml").write_text(model, encoding="utf-8")
    warehouse.reopen()
    return warehouse.run()


def test_an_id_that_lives_again_as_nothing_is_matched_any_more_leads_nowhere(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=EVENTS, model=EVENTS_ALONE)
    warehouse.deliver(
        "a/event", {"id": "1", "title": "Слёт", "kind": "camp"}, {"id": "2", "title": "Слёт", "kind": "day"}
    )
    redirects = "SELECT count(*) FROM warehouse.redirect"
    for (identity, _), leading in ((ALONE, 0), (BY_NAME, 1), (ALONE, 0)):
        identify_events(warehouse, identity, EVENTS_ALONE)
        assert warehouse.published(redirects) == [leading]


def test_an_id_from_when_nothing_was_matched_is_given_once_and_counted_once(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=EVENTS, model=EVENTS_ALONE)
    warehouse.deliver("a/event", *({"id": key, "title": "Слёт"} for key in "123"))
    identify_events(warehouse, ALONE[0], EVENTS_ALONE)
    assert identify_events(warehouse, BY_NAME[0], EVENTS_ALONE).engine.resolutions["event"].living == 1
    (kept,) = warehouse.query("SELECT DISTINCT golden_id FROM lake.identity.event__link")
    (founder,) = (key for key in "123" if derive_record_id("a", "event", key) == kept)
    warehouse.deliver("a/event", {"id": founder, "title": "Форум"}, {"id": "4", "title": "Форум"})
    warehouse.run()
    warehouse.deliver("a/event", {"id": founder, "title": "Финал"})
    warehouse.run()
    shown = "SELECT name, records FROM warehouse.event ORDER BY name"
    assert warehouse.published(shown) == [("Слёт", 2), ("Финал", 1), ("Форум", 1)]
    # The facts have other ids, those without a match the first ones again.
    for identity in (FACT_BY_NAME, ALONE):
        identify_events(warehouse, identity[0], EVENTS_ALONE)
        assert identify_events(warehouse, BY_NAME[0], EVENTS_ALONE).engine.resolutions["event"].living == 3
        with open_reading(warehouse.root, warehouse.environment) as reading:
            proof = identity_changes(reading, "event", None, 0).proof
        assert proof is not None
        assert (proof.people_after, proof.unexplained) == (3, 0)


def test_a_changed_identity_of_a_fact_holds_for_what_was_there(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=CAMPS, model=SMALL_MODEL)
    warehouse.deliver("a/person", {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06"})
    warehouse.deliver("a/event", {"id": "1", "title": "Слёт", "kind": "camp"})
    took_part = {"person": "1", "event": "1"}
    warehouse.deliver(
        "a/participation", {"id": "1", "role": "winner", **took_part}, {"id": "2", "role": "guest", **took_part}
    )
    warehouse.run()
    facts = "SELECT count(*), sum(records) FROM warehouse.participation"
    assert warehouse.published(facts) == [(2, 2)]
    model = f"{SMALL_MODEL}  participation: {{identity: {{fields: [person, event]}}}}\n"
    (warehouse.root / "model.yaml").write_text(model, encoding="utf-8")
    warehouse.reopen()
    warehouse.run()
    assert warehouse.published(facts) == [(1, 2)]


def test_people_who_come_to_be_matched_by_weights_are_learnt_from(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    match_people(warehouse, "{method: exact, fields: [last_name, first_name]}")
    same = {"last": "Белова", "first": "Анна", "born": "2001-05-06", "email": "belova@kostyor.alt"}
    warehouse.deliver("a/person", {"id": "1", **same, "changed": "2024-01-01"})
    warehouse.deliver("a/person", {"id": "2", **same, "first": "Аня", "changed": "2024-01-01"})
    warehouse.run()
    assert warehouse.published("SELECT count(*) FROM warehouse.person") == [2]
    match_people(warehouse, "{method: probabilistic}")
    with pytest.raises(NotFound, match="nothing was matched by weights yet"):
        preview_learning(warehouse.warehouse, "person", lambda _: None)
    with (
        open_reading(warehouse.root, warehouse.environment) as reading,
        pytest.raises(NotFound, match="nothing was matched by weights yet"),
    ):
        identity_report(reading, "person", datetime.now(UTC))
    warehouse.run()
    assert warehouse.published("SELECT count(*) FROM warehouse.person") == [1]
    models = "SELECT version, parameters <> '' FROM lake.identity.model WHERE entity = 'person' ORDER BY version"
    assert warehouse.query(models) == [(1, False), (2, True)]
    assert warehouse.published("SELECT version FROM matching.model WHERE entity = 'person'") == [2]
    assert preview_learning(warehouse.warehouse, "person", lambda _: None).version_before == 2


def test_people_who_are_matched_exactly_leave_nothing_of_their_weights(copied: Copied) -> None:
    warehouse = copied(loaded)
    warehouse.query(f"INSERT INTO lake.identity.term {A_COMMON_PHONE}")
    match_people(warehouse, "{method: exact, fields: [last_name, first_name]}")
    warehouse.run()
    assert warehouse.query("SELECT count(*) FROM lake.identity.term") == [0]
    assert nothing_is_looked_up(warehouse)


def match_people(warehouse: TinyWarehouse, identity: str) -> None:
    model = PEOPLE_ALONE.replace("person: {", f"person: {{identity: {identity}, ")
    (warehouse.root / "model.yaml").write_text(model, encoding="utf-8")
    warehouse.reopen()


NEW_PHONE, OLD_PHONE = "+79165550001", "+79165550002"


def deliver_two_phones(warehouse: TinyWarehouse) -> None:
    same = {"last": "Белова", "first": "Анна", "born": "2001-05-06", "email": "belova@kostyor.alt"}
    warehouse.deliver("a/person", {"id": "1", **same, "phone": NEW_PHONE, "changed": "2024-02-01"})
    warehouse.deliver("b/person", {"id": "1", **same, "phone": OLD_PHONE, "changed": "2024-01-01"})


def trusting(warehouse: TinyWarehouse, survivorship: str, trust_in_b: int) -> list[object]:
    """Return the phones that are published after a run with these settings."""
    model = PEOPLE_ALONE.replace("person: {fields: {", f"person: {{fields: {{phone: {{survivorship: {survivorship}}}, ")
    (warehouse.root / "model.yaml").write_text(model, encoding="utf-8")
    warehouse.write_source("b", f"trust: {trust_in_b}\n{PERSON}")
    warehouse.reopen()
    warehouse.run()
    return warehouse.published("SELECT phone FROM warehouse.person")


def test_a_changed_survivorship_or_trust_holds_for_what_was_there(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    deliver_two_phones(warehouse)
    assert trusting(warehouse, "most_recent", 5) == [NEW_PHONE]
    assert trusting(warehouse, "most_trusted", 5) == [NEW_PHONE]
    assert trusting(warehouse, "most_trusted", 8) == [OLD_PHONE]
    assert trusting(warehouse, "most_recent", 8) == [NEW_PHONE]


def test_golden_rows_of_before_their_settings_were_noted_are_made_anew_once(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    deliver_two_phones(warehouse)
    assert trusting(warehouse, "most_recent", 5) == [NEW_PHONE]
    warehouse.query("DROP TABLE lake.golden.progress")
    assert trusting(warehouse, "most_trusted", 8) == [OLD_PHONE]
    noted = "SELECT entity, count(*) FROM lake.golden.progress GROUP BY entity"
    assert warehouse.query(noted) == [("person", 1)]


CAMPS_WITH_DELETIONS = CAMPS.replace("birth_date: born}", "birth_date: born}\n    deleted: \"gone = 'yes'\"")
CAMPS_WITHOUT_PARTS = CAMPS_WITH_DELETIONS.partition("  participation:")[0]
ANNA_AND_BORIS = (
    {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06"},
    {"id": "2", "last": "Орлов", "first": "Борис", "born": "2002-01-01"},
)


def test_an_entity_taken_out_of_the_model_is_shown_no_more_and_keeps_nobody_else_from_going(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=CAMPS_WITH_DELETIONS, model=SMALL_MODEL)
    warehouse.deliver("a/person", *ANNA_AND_BORIS)
    warehouse.deliver("a/event", {"id": "1", "title": "Слёт", "kind": "camp"})
    warehouse.deliver("a/participation", *({"id": n, "person": n, "event": "1", "role": "guest"} for n in "12"))
    warehouse.run()
    take_out_parts(warehouse)
    warehouse.deliver("a/person", ANNA_AND_BORIS[0] | {"gone": "yes"})
    warehouse.run()
    assert warehouse.published("SELECT last_name FROM warehouse.person") == ["Орлов"]
    assert tables_shown(warehouse) == ["event", "event_record", "person", "person_record", "publication", "redirect"]

    write_model(warehouse, SMALL_MODEL, a=CAMPS_WITH_DELETIONS)
    warehouse.run()
    parts = "SELECT last_name, role FROM warehouse.participation JOIN warehouse.person USING (person_id)"
    assert warehouse.published(parts) == [("Орлов", "guest")]


def test_what_is_taken_out_of_the_model_goes_from_the_shop_window_when_no_view_needs_it(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=CAMPS_WITH_DELETIONS, model=SMALL_MODEL)
    warehouse.run()
    with warehouse.warehouse.database.connect() as connection:
        connection.execute("CREATE VIEW public.parts AS SELECT * FROM warehouse.participation")
        connection.execute("CREATE TABLE warehouse.notes (text text)")
    take_out_parts(warehouse)
    with pytest.raises(StoreError, match=r"warehouse\.participation, participation_record cannot follow the model"):
        warehouse.run()
    with warehouse.warehouse.database.connect() as connection:
        connection.execute("DROP VIEW public.parts")
    warehouse.run()
    shown = ["event", "event_record", "notes", "person", "person_record", "publication", "redirect"]
    assert tables_shown(warehouse) == shown


def take_out_parts(warehouse: TinyWarehouse) -> None:
    write_model(warehouse, f"{SMALL_MODEL}  participation: null\n", a=CAMPS_WITHOUT_PARTS)


def write_model(warehouse: TinyWarehouse, model: str, **sources: str) -> None:
    (warehouse.root / "model.yaml").write_text(model, encoding="utf-8")
    for name, text in sources.items():
        warehouse.write_source(name, text)
    warehouse.reopen()


def tables_shown(warehouse: TinyWarehouse) -> list[object]:
    return warehouse.published("SELECT tablename FROM pg_tables WHERE schemaname = 'warehouse' ORDER BY tablename")


CLUBS_AND_SCHOOLS = """
entities:
  location: null
  event: null
  participation: null
  organisation: {fields: {parent: null}}
  school:
    fields: {name: {type: text}}
    identity: {method: exact, fields: [name]}
"""
MEMBERS = """
connector: {type: file}
entities:
  organisation: {read: {path: unused.csv}, key: id, fields: {name: title}}
  school: {read: {path: unused.csv}, key: id, fields: {name: title}}
  person:
    read: {path: unused.csv}
    key: id
    deleted: "gone = 'yes'"
    fields: {last_name: last, first_name: first, birth_date: born, organisation: {column: club, entity: organisation}}
"""


def test_a_reference_to_another_entity_of_the_model_leads_there_and_only_there(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=MEMBERS, b=MEMBERS, model=CLUBS_AND_SCHOOLS)
    for source, person in zip("ab", ANNA_AND_BORIS, strict=True):
        warehouse.deliver(f"{source}/organisation", {"id": "1", "title": f"Клуб {source}"})
        warehouse.deliver(f"{source}/school", {"id": "2", "title": "Школа"})
        warehouse.deliver(f"{source}/person", person | {"club": "1", "school": "2"})
    warehouse.deliver("a/person", {"id": "3", "last": "Зимин", "first": "Глеб", "born": "2003-01-01"})
    warehouse.run()
    belonging = (
        "SELECT last_name, {0}.name FROM warehouse.person LEFT JOIN warehouse.{0} ON person.organisation_id = {0}.{0}_id"
        " ORDER BY last_name"
    )
    assert warehouse.published(belonging.format("organisation")) == [
        ("Белова", "Клуб a"),
        ("Зимин", None),
        ("Орлов", "Клуб b"),
    ]

    (warehouse.root / "sources" / "b.yaml").unlink()
    write_model(
        warehouse,
        f"{CLUBS_AND_SCHOOLS}  person: {{fields: {{organisation: {{references: school}}}}}}\n",
        a=MEMBERS.replace("{column: club, entity: organisation}", "{column: school, entity: school}"),
    )
    warehouse.deliver("a/person", {"id": "3", "gone": "yes"})
    warehouse.run()
    # Whom no source of the project delivers any more belongs to a club, and a club is no school.
    assert warehouse.published(belonging.format("school")) == [("Белова", "Школа"), ("Орлов", None)]
    (leads_to,) = warehouse.published(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'warehouse.person'::regclass AND contype = 'f'"
    )
    assert leads_to.startswith("FOREIGN KEY (organisation_id) REFERENCES warehouse.school(school_id)")


WITHOUT_PEOPLE = MEMBERS.partition("  person:")[0]
SCHOOL = "SELECT school_id, name, records, row_hash FROM lake.golden.school ORDER BY name"


def test_an_entity_that_the_model_has_again_is_as_if_it_had_always_had_it(new_warehouse: New) -> None:
    model = f"{CLUBS_AND_SCHOOLS}  person: null\n"
    warehouse = new_warehouse(a=WITHOUT_PEOPLE, model=model)
    titles = {"1": "Лицей", "2": "Гимназия", "3": "Школа"}
    warehouse.deliver("a/school", *({"id": key, "title": title} for key, title in titles.items()))
    warehouse.run()
    warehouse.deliver("a/school", {"id": "2", "title": "Лицей"})
    warehouse.run()
    redirected = "SELECT old_id FROM warehouse.redirect WHERE entity = 'school'"
    before, leading = warehouse.query(SCHOOL), warehouse.published(redirected)
    assert [records for _, _, records, _ in before] == [2, 1]
    assert len(leading) == 1

    without = WITHOUT_PEOPLE.partition("  school:")[0]
    write_model(warehouse, f"{CLUBS_AND_SCHOOLS.partition('  school:')[0]}  person: null\n", a=without)
    for _ in range(2):
        warehouse.run()
        assert warehouse.query(SCHOOL) == []
        assert warehouse.query("SELECT count(*) FROM lake.identity.school__fingerprint") == [0]
    write_model(warehouse, model, a=WITHOUT_PEOPLE)
    warehouse.run()
    assert warehouse.query(SCHOOL) == before
    assert warehouse.published("SELECT school_id, name, records FROM warehouse.school ORDER BY name") == [
        row[:3] for row in before
    ]
    assert warehouse.published(redirected) == leading
    warehouse.deliver("a/school", {"id": "3", "title": "Лицей"})
    warehouse.run()
    assert warehouse.query("SELECT records FROM lake.golden.school") == [3]
