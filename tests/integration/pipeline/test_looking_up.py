"""Do we know this person? - on real warehouses: the answers, what is published for them, and how it follows the runs."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from tests.support.warehouse import PEOPLE_ALONE, PERSON, TinyWarehouse, drop_database

from rddm.conform.typed import clean_typed, typed_entity
from rddm.contracts.errors import Malformed, NotFound, StoreError
from rddm.resolve.explain import Contribution, Explanation
from rddm.resolve.known import KnownPerson
from rddm.serve import matching
from rddm.serve.known import Answer, KnownPeople, open_known_people
from rddm.serve.matching import DESCRIPTION_SEPARATOR
from rddm.store.embedded import ensure_database

New = Callable[..., TinyWarehouse]
Copied = Callable[[Callable[[Path, str], TinyWarehouse]], TinyWarehouse]
TODAY = date(2026, 6, 1)
COLUMNS = ("last", "first", "born", "phone", "email")
FIELDS = ("last_name", "first_name", "birth_date", "phone", "email")
ANNA = ("Белова", "Анна", "2001-05-06", "+79161234567", "anna@pismo.alt")
BORIS = ("Орлов", "Борис", "1999-02-03", "+79167654321", "boris@pismo.alt")
FEW_PER_KEY = PEOPLE_ALONE.replace(
    "organisation: null}}", "organisation: null}, identity: {method: probabilistic, key_limit: 3}}"
)
TABLES = {
    "person_print": "SELECT number, golden_id::text, print FROM matching.person_print ORDER BY ALL",
    "person_drawer": "SELECT drawer, entries FROM matching.person_drawer ORDER BY drawer",
    "person_common": "SELECT key FROM matching.person_common ORDER BY key",
}


def row(key: str, values: tuple[str | None, ...], changed: str = "2024-01-01", **more: str) -> dict[str, str | None]:
    return {"id": key, "changed": changed, **dict(zip(COLUMNS, values, strict=True)), **more}


@contextmanager
def known_people(warehouse: TinyWarehouse) -> Iterator[KnownPeople]:
    entity = warehouse.warehouse.settings.model.entities["person"]
    with open_known_people(warehouse.warehouse.database, "person", entity) as people:
        yield people


def look_up(warehouse: TinyWarehouse, texts: Mapping[str, str] | None = None, *, limit: int = 5, **more: str) -> Answer:
    with known_people(warehouse) as people:
        return people.look_up({**(texts or {}), **more}, TODAY, limit)


def typed(values: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(FIELDS, values, strict=True))


def golden_id(warehouse: TinyWarehouse, key: str) -> Any:
    (found,) = warehouse.published(f"SELECT person_id FROM warehouse.person_record WHERE key = '{key}'")
    return found


def published(warehouse: TinyWarehouse) -> Mapping[str, list[Any]]:
    found = {}
    for name, query in TABLES.items():
        found[name] = warehouse.published(query.replace("ORDER BY ALL", "ORDER BY 1, 2, 3"))
    # The descriptions of a person stand in no order, like the entries of a drawer.
    found["person_print"] = [
        (number, person, sorted(texts.split(DESCRIPTION_SEPARATOR))) for number, person, texts in found["person_print"]
    ]
    return found


def published_anew(warehouse: TinyWarehouse) -> Mapping[str, list[Any]]:
    """What a publication of everything writes, in many parts."""
    with warehouse.warehouse.database.connect() as connection:
        for name in TABLES:
            connection.execute(f"DROP TABLE matching.{name}".encode())
    warehouse.deliver("a/person", row("z", ("Зимин", "Захар", "1980-01-01", None, None)))
    with patch.object(matching, "_KEYS_AT_ONCE", 9), patch.object(matching, "_DESCRIPTIONS_AT_ONCE", 4):
        warehouse.run()
    return published(warehouse)


@pytest.fixture(scope="module")
def anna_and_boris(tmp_path_factory: pytest.TempPathFactory, postgresql_server: str) -> Iterator[TinyWarehouse]:
    """A warehouse that knows the two; tests only read it."""
    database = ensure_database(postgresql_server, "anna_and_boris")
    made = TinyWarehouse(tmp_path_factory.mktemp("known") / "w", database, {"a": PERSON}, model=PEOPLE_ALONE)
    made.deliver("a/person", row("1", ANNA), row("2", BORIS))
    made.run()
    yield made
    made.close()
    drop_database(postgresql_server, "anna_and_boris")


def knows_anna(root: Path, database_url: str) -> TinyWarehouse:
    made = TinyWarehouse(root, database_url, {"a": PERSON}, model=PEOPLE_ALONE)
    made.deliver("a/person", row("1", ANNA))
    made.run()
    return made


def test_a_person_is_known_in_another_spelling_and_with_a_slip(anna_and_boris: TinyWarehouse) -> None:
    answer = look_up(
        anna_and_boris,
        last_name="belova",
        first_name="Аня",
        birth_date="6 мая 2001",
        phone="8 (916) 123-45-76",
        email=ANNA[4],
    )
    assert answer.verdict == "known"
    assert [each.id for each in answer.people] == [golden_id(anna_and_boris, "1")]
    levels = {each.field: each.level for each in answer.people[0].explanation.contributions}
    assert levels["phone"] == "one digit off"
    assert levels["last_name"] == levels["first_name"] == "same"
    assert answer.understood == FIELDS


def test_who_is_not_there_is_unknown(anna_and_boris: TinyWarehouse) -> None:
    answer = look_up(
        anna_and_boris, last_name="Сомова", first_name="Вера", birth_date="1970-01-09", phone="+79031112233"
    )
    assert (answer.verdict, list(answer.people), answer.compared) == ("unknown", [], 0)


def test_a_phone_and_an_address_alone_lead_to_who_has_them(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver(
        "a/person", row("1", ANNA), row("2", BORIS), row("3", ("Белов", "Пётр", "1975-01-02", ANNA[3], None))
    )
    warehouse.run()
    both = look_up(warehouse, phone=ANNA[3], email=ANNA[4])
    assert both.people[0].id == golden_id(warehouse, "1")
    assert both.verdict != "unknown"
    family = look_up(warehouse, phone=ANNA[3])
    assert family.verdict == "possible"
    assert {each.id for each in family.people} == {golden_id(warehouse, "1"), golden_id(warehouse, "3")}


def test_a_twin_is_never_known(anna_and_boris: TinyWarehouse) -> None:
    answer = look_up(anna_and_boris, typed(ANNA), first_name="Мария")
    assert answer.verdict != "known"
    assert answer.compared == 1


def test_what_would_tell_two_apart_is_said_without_saying_what_is_stored(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", row("1", ANNA), row("2", (*ANNA[:2], "1955-11-30", "+79035550000", None)))
    warehouse.run()
    answer = look_up(warehouse, last_name=ANNA[0], first_name=ANNA[1])
    assert answer.verdict != "known"
    assert answer.compared == 2
    assert "birth_date" in answer.would_help
    assert "1955" not in json.dumps(answer, default=str)


def test_after_a_merge_the_answer_is_the_id_that_lives(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver(
        "a/person",
        row("1", ("Белова", "Анна", "2001-05-06", None, None)),
        row("2", (None, "Анна", None, ANNA[3], ANNA[4])),
    )
    warehouse.run()
    assert golden_id(warehouse, "1") != golden_id(warehouse, "2")
    warehouse.deliver("a/person", row("3", ANNA))
    warehouse.run()
    living = golden_id(warehouse, "3")
    assert golden_id(warehouse, "1") == golden_id(warehouse, "2") == living
    answer = look_up(warehouse, first_name="Анна", phone=ANNA[3], email=ANNA[4])
    assert [each.id for each in answer.people] == [living]


def test_after_each_run_the_answer_follows(copied: Copied) -> None:
    warehouse = copied(knows_anna)
    assert look_up(warehouse, typed(BORIS)).verdict == "unknown"
    warehouse.deliver("a/person", row("2", BORIS))
    warehouse.run()
    assert look_up(warehouse, typed(BORIS)).verdict == "known"
    warehouse.deliver("a/person", row("2", (*BORIS[:3], "+79160000911", "b@post.alt"), "2024-02-01"))
    warehouse.run()
    with_old = look_up(warehouse, first_name="Борис", phone=BORIS[3])
    assert with_old.verdict == "unknown"
    assert (
        look_up(warehouse, first_name="Борис", last_name="Орлов", phone="+79160000911", email="b@post.alt").verdict
        == "known"
    )
    warehouse.deliver("a/person", row("2", BORIS, "2024-03-01", gone="yes"))
    warehouse.run()
    assert look_up(warehouse, typed(BORIS)).verdict == "unknown"
    assert look_up(warehouse, typed(ANNA)).verdict == "known"


def test_what_many_small_publications_leave_is_what_one_of_everything_writes(new_warehouse: New) -> None:
    """With values that become too common and cease to be, people that merge, change and go."""
    warehouse = new_warehouse(a=PERSON, model=FEW_PER_KEY)
    chance = random.Random(5)  # noqa: S311 - invented people
    phones = [f"+7916000012{place}" for place in range(4)]
    for _ in range(5):
        for _ in range(9):
            key = str(chance.randrange(24))
            born = f"200{chance.randrange(3)}-05-0{chance.randrange(1, 4)}"
            values = (
                chance.choice(("Белова", "Орлова", "Сомов")), chance.choice(("Анна", "Аня", "Иван")), born,
                chance.choice((*phones, None)), chance.choice((f"{key}@post.alt", None)),
            )  # fmt: skip
            gone = {"gone": "yes"} if chance.random() < 0.15 else {}
            changed = f"2024-01-01T00:00:{warehouse.clock.second:02}"
            warehouse.deliver("a/person", row(key, values, changed, **gone))
        warehouse.run()
    assert any(published(warehouse).values())
    warehouse.deliver("a/person", row("y", ("Яшин", "Яков", "1980-01-01", None, None)))
    warehouse.run()
    followed = published(warehouse)
    assert followed["person_common"]
    anew = published_anew(warehouse)
    newcomer = [each for each in anew["person_print"] if each not in followed["person_print"]]
    assert [each[2][0].startswith("zimin") for each in newcomer] == [True]
    assert [each for each in anew["person_print"] if each not in newcomer] == followed["person_print"]
    assert anew["person_common"] == followed["person_common"]
    assert _entries(anew, newcomer[0][0]) == _entries(followed, None)


def _entries(tables: Mapping[str, list[Any]], without: int | None) -> list[tuple[int, int]]:
    """Return the entries by drawer, without those of person number *without*."""
    return sorted(
        (drawer, entry)
        for drawer, entries in tables["person_drawer"]
        for entry in entries
        if without is None or entry % 2**32 - 2**31 != without
    )


def test_a_phone_that_too_many_share_finds_and_proves_nothing(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    many = [
        row(
            str(place),
            (
                f"Ос{chr(0x430 + place % 30)}{chr(0x430 + place // 30)}нин",
                "Анна",
                f"19{10 + place}-01-09",
                ANNA[3],
                None,
            ),
        )
        for place in range(70)
    ]
    warehouse.deliver("a/person", *many)
    warehouse.run()
    answer = look_up(warehouse, limit=100, first_name="Анна", last_name="Белова", phone=ANNA[3])
    assert answer.verdict == "unknown"
    assert answer.compared == 0
    assert look_up(warehouse, phone=ANNA[3]).verdict == "too_little"
    assert look_up(warehouse, first_name="Анна", phone=ANNA[3]).verdict == "too_little"
    assert look_up(warehouse, phone="+79035550000").verdict == "unknown"
    assert warehouse.published("SELECT count(*) FROM matching.person_common") == [1]
    found = look_up(
        warehouse, limit=100, last_name=str(many[0]["last"]), first_name="Анна", birth_date="1910-01-09", phone=ANNA[3]
    )
    levels = {each.field: each.level for each in found.people[0].explanation.contributions}
    assert levels["phone"] == "missing"


def test_a_family_name_alone_is_too_little_to_tell(anna_and_boris: TinyWarehouse) -> None:
    answer = look_up(anna_and_boris, last_name=ANNA[0])
    assert (answer.verdict, answer.compared, list(answer.people)) == ("too_little", 0, [])
    assert answer.would_help
    assert {*answer.would_help} <= {"first_name", "birth_date", "phone", "email"}  # what anybody there has


def test_a_name_finds_again_when_few_enough_share_it(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, model=FEW_PER_KEY)
    named = [row(str(place), (*ANNA[:2], f"19{50 + place}-01-09", None, None)) for place in range(5)]
    warehouse.deliver("a/person", *named)
    warehouse.run()
    asked = {"last_name": ANNA[0], "first_name": ANNA[1]}
    assert look_up(warehouse, asked).verdict == "too_little"
    gone = [{**each, "changed": "2024-02-01", "gone": "yes"} for each in named[:3]]
    warehouse.deliver("a/person", *gone)
    warehouse.run()
    assert look_up(warehouse, asked).compared == 2
    warehouse.deliver("a/person", *({**each, "changed": "2024-03-01", "gone": None} for each in gone))
    warehouse.run()
    assert look_up(warehouse, asked).verdict == "too_little"


@pytest.mark.parametrize(
    "texts",
    [
        {},
        dict.fromkeys(FIELDS, ""),
        {"last_name": "нет", "phone": "9999999999", "birth_date": "01.01.1900", "email": "test"},
        {"birth_date": "31.02.2001", "phone": "12", "email": "@"},
        dict.fromkeys(FIELDS, "1" * 10_000),
        dict.fromkeys(FIELDS, "Щ" * 10_000),
        {"email": "1" * 400 + "x", "phone": "(" * 400},
        {"last_name": "\x00\x1f'\"; DROP SCHEMA matching; --", "first_name": "%s {0} $1"},
    ],
)
def test_what_says_nothing_is_answered_and_told(anna_and_boris: TinyWarehouse, texts: dict[str, str]) -> None:
    answer = look_up(anna_and_boris, texts)
    assert answer.verdict in (("too_little", "unknown") if answer.understood else ("too_little",))
    assert not answer.people
    assert answer.would_help
    assert (
        len(answer.repairs) + len(answer.problems) + len(answer.understood)
        >= sum(bool(text) for text in texts.values()) / 2
    )


def test_a_field_that_the_model_does_not_have_is_refused(anna_and_boris: TinyWarehouse) -> None:
    with pytest.raises(NotFound, match="no field nickname"):
        look_up(anna_and_boris, nickname="Аня")


def test_a_date_a_number_and_nothing_are_taken_as_if_typed(anna_and_boris: TinyWarehouse) -> None:
    with known_people(anna_and_boris) as people:
        answer = people.look_up(
            {**typed(ANNA), "birth_date": date(2001, 5, 6), "phone": 89161234567, "email": None}, TODAY
        )
        at_midnight = people.look_up({**typed(ANNA), "birth_date": datetime(2001, 5, 6)}, TODAY)  # noqa: DTZ001 - a birth date
    assert answer.verdict == at_midnight.verdict == "known"
    assert answer.understood == FIELDS[:4]
    levels = {each.field: each.level for each in at_midnight.people[0].explanation.contributions}
    assert levels["birth_date"] == "same"


def test_a_value_of_another_type_is_refused_without_being_repeated(anna_and_boris: TinyWarehouse) -> None:
    wrong: Any = {"phone": ["+79161234567"]}
    with known_people(anna_and_boris) as people, pytest.raises(Malformed, match="phone is of type list") as refused:
        people.look_up(wrong, TODAY)
    assert "7916" not in str(refused.value)


@pytest.mark.parametrize("limit", [0, -1])
def test_an_answer_shows_one_person_at_least(anna_and_boris: TinyWarehouse, limit: int) -> None:
    with pytest.raises(Malformed, match="at least 1"):
        look_up(anna_and_boris, typed(ANNA), limit=limit)


def test_a_name_of_a_field_that_is_no_text_is_refused_as_unknown(anna_and_boris: TinyWarehouse) -> None:
    wrong: Any = {5: "x", "nickname": "Аня"}
    with known_people(anna_and_boris) as people, pytest.raises(NotFound, match="no field of such a name, nickname"):
        people.look_up(wrong, TODAY)


def test_the_guide_names_every_field_of_an_answer() -> None:
    guide = (Path(__file__).parents[3] / "docs/how-to/ask-before-you-create.md").read_text(encoding="utf-8")
    for kind in (Answer, KnownPerson, Explanation, Contribution):
        assert [each.name for each in fields(kind) if f"`{each.name}`" not in guide] == []


def test_before_anything_was_published_nobody_can_be_looked_up(new_warehouse: New) -> None:
    with pytest.raises(NotFound, match="rddm run"):
        look_up(new_warehouse(a=PERSON), last_name="Белова")


def test_whoever_may_read_the_shop_window_may_not_read_what_is_matched(anna_and_boris: TinyWarehouse) -> None:
    with anna_and_boris.warehouse.database.connect() as connection:
        role = "reader_of_the_window"
        connection.execute(f"CREATE ROLE {role}")
        connection.execute(f"GRANT USAGE ON SCHEMA warehouse TO {role}")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA warehouse TO {role}")
        connection.execute(f"SET LOCAL ROLE {role}")
        assert connection.execute("SELECT count(*) FROM warehouse.person").fetchone() == (2,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM matching.person_print")
        connection.rollback()


def test_one_question_is_asked_and_each_table_is_read_by_an_index(copied: Copied) -> None:
    warehouse = copied(knows_anna)
    database = warehouse.warehouse.database
    with database.connect(autocommit=True) as connection:
        # A table of one row is read from end to end, if the planner may.
        connection.execute(
            "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END$$"
        )
    scans = (
        "SELECT pg_stat_clear_snapshot(), sum(seq_scan)::int, sum(idx_scan)::int FROM pg_stat_user_tables"
        " WHERE schemaname = 'matching' AND relname <> 'model'"
    )
    with known_people(warehouse) as people, database.connect(autocommit=True) as connection:
        _flush(people)
        ((_, before, by_index),) = connection.execute(scans).fetchall()
        assert people.look_up(typed(ANNA), TODAY).verdict == "known"
        _flush(people)
        ((_, after, by_index_after),) = connection.execute(scans).fetchall()
    assert after == before
    assert by_index_after > by_index


def _flush(people: KnownPeople) -> None:
    people._connection.execute("SELECT pg_stat_force_next_flush()")


DIRT = {
    "last": ("Белова", "БЕЛОВА ", "Белова Анна Ивановна", "Анна", "Beлова", "<tkjdf", "нет", "Иванов-Петров", "Ёлкина", None),
    "first": ("Анна", "аня", "Белова", "Иван Иванович", "Ann", "Fyyf", "-", None),
    "born": ("06.05.2001", "2001-05-06", "31.02.2001", "01.01.1900", "5 мая 01", "вчера", "05/31/2001", None),
    "phone": ("8 916 123-45-67", "anna@pismo.alt", "9999999999", "+7 (916) 123 45 67 доб. 2", "12", None),
    "email": ("Anna@Pismo.ALT", "8 916 123-45-67", "anna@gmial.com", "нет", "anna", None),
}  # fmt: skip


def as_typed(delivered: Mapping[str, str]) -> dict[str, str]:
    names = dict(zip(COLUMNS, FIELDS, strict=True))
    return {names[column]: text for column, text in delivered.items()}


def test_what_is_typed_is_cleaned_as_what_is_delivered(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    chance = random.Random(3)  # noqa: S311 - invented people
    typed_rows = {
        str(place): {name: text for name, texts in DIRT.items() if (text := chance.choice(texts)) is not None}
        for place in range(300)
    }
    warehouse.deliver("a/person", *({"id": key, "changed": "2024-01-01", **texts} for key, texts in typed_rows.items()))
    warehouse.run()
    columns = ", ".join(f"{name}::VARCHAR" for name in FIELDS)
    rows = warehouse.query(f"SELECT key, coalesce(repairs, []), {columns}, middle_name FROM lake.conformed.person")
    waiting = dict(warehouse.query("SELECT key, rules FROM lake.quarantine.record"))
    mapped = typed_entity(warehouse.warehouse.settings.model.entities["person"])
    assert len(rows) + len(waiting) == len(typed_rows)
    assert len(rows) > 50
    for key, repairs, *values in rows:
        record = clean_typed(mapped, as_typed(typed_rows[key]), TODAY)
        assert [record.values.get(name) for name in (*FIELDS, "middle_name")] == values
        assert sorted(record.repairs) == sorted(repairs)
        assert record.problems == ()
    for key, rules in waiting.items():
        record = clean_typed(mapped, as_typed(typed_rows[key]), TODAY)
        assert set(record.problems) == {rule for rule in rules if rule.startswith("invalid")}


def test_an_answer_does_not_depend_on_the_order_in_which_postgresql_was_filled(new_warehouse: New) -> None:
    """One person in two descriptions that contradict what is asked in two ways."""
    warehouse = new_warehouse(a=PERSON, model=PEOPLE_ALONE)
    born = (ANNA[2], "1985-11-30")
    warehouse.deliver("a/person", *(row(str(n), ("Белова", "Вера", day, *ANNA[3:])) for n, day in enumerate(born)))
    warehouse.run()
    one, other = warehouse.query("SELECT record_id FROM lake.conformed.person ORDER BY record_id")
    warehouse.warehouse.control.add_judgements("person", [(one, other)], "same", "one", "ann", warehouse.clock)
    warehouse.run()
    answers = []
    for _ in range(2):
        answers.append(look_up(warehouse, typed(ANNA)))
        with warehouse.warehouse.database.connect() as connection:
            [(prints,)] = connection.execute("SELECT print FROM matching.person_print")
            turned = DESCRIPTION_SEPARATOR.join(reversed(prints.split(DESCRIPTION_SEPARATOR)))
            assert turned != prints
            connection.execute("UPDATE matching.person_print SET print = %s", (turned,))
    assert answers[0] == answers[1]
    assert [each.contradiction for each in answers[0].people] == ["birth_date_and_given_name"]


def test_what_postgresql_cannot_answer_is_told_in_words(copied: Copied) -> None:
    warehouse = copied(knows_anna)
    failed = r"failed in PostgreSQL \(UndefinedColumn\)"
    with known_people(warehouse) as people:
        with warehouse.warehouse.database.connect() as connection:
            connection.execute("ALTER TABLE matching.model RENAME COLUMN version TO versions")
        with pytest.raises(StoreError, match=failed):
            people.look_up(typed(ANNA), TODAY)
    with pytest.raises(StoreError, match=failed), known_people(warehouse):
        pass


def test_what_another_version_published_is_refused_and_made_anew_by_the_next_run(copied: Copied) -> None:
    warehouse = copied(knows_anna)
    with warehouse.warehouse.database.connect() as connection:
        connection.execute("UPDATE matching.model SET forms = forms[2:]")
        connection.execute("ALTER TABLE matching.person_drawer DROP COLUMN entries")
    with pytest.raises(StoreError, match="another version"):
        look_up(warehouse, typed(ANNA))
    before = warehouse.warehouse.lake.current_snapshot()
    warehouse.run()
    assert warehouse.warehouse.lake.current_snapshot() == before
    assert look_up(warehouse, typed(ANNA)).verdict == "known"
    warehouse.deliver("a/person", row("2", BORIS))
    warehouse.run()
    assert look_up(warehouse, typed(ANNA)).verdict == look_up(warehouse, typed(BORIS)).verdict == "known"


@pytest.mark.parametrize(
    "lost",
    ["SCHEMA matching CASCADE", "TABLE matching.term", "TABLE matching.person_drawer", "TABLE warehouse.redirect"],
)
def test_what_somebody_dropped_is_published_again_though_nothing_is_new(copied: Copied, lost: str) -> None:
    warehouse = copied(knows_anna)
    terms = warehouse.published("SELECT * FROM matching.term ORDER BY entity, field, value")
    shown = warehouse.published("SELECT lake_snapshot FROM warehouse.publication")
    with warehouse.warehouse.database.connect() as connection:
        connection.execute(f"DROP {lost}".encode())
    warehouse.run()
    assert look_up(warehouse, typed(ANNA)).verdict == "known"
    assert warehouse.published("SELECT * FROM matching.term ORDER BY entity, field, value") == terms
    assert warehouse.published("SELECT count(*) FROM warehouse.redirect") == [0]
    assert warehouse.published("SELECT lake_snapshot FROM warehouse.publication") == shown
