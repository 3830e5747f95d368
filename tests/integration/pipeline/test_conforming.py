"""Every version of a record finds its one place, and finds it again when something changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest
from tests.support.warehouse import PEOPLE_ALONE, PERSON, SMALL_MODEL, Quiet, TinyWarehouse

from rddm.app.cli.run_summary import summarise
from rddm.contracts.errors import ConservationError
from rddm.contracts.ids import derive_record_id
from rddm.pipeline import conforming_versions
from rddm.pipeline.conservation import balances
from rddm.pipeline.engine import FEWEST_READ_ANEW
from rddm.pipeline.landing import Place
from rddm.pipeline.patching import Author, patch_record
from rddm.pipeline.removing import remove_source
from rddm.pipeline.run import Task, run, run_locked
from rddm.store.control import Patch

New = Callable[..., TinyWarehouse]

MOVEMENT = """
connector: {type: file}
entities:
  person:
    read: {path: unused.csv}
    key: id
    fields: {last_name: last, first_name: first, birth_date: born}
  event:
    read: {path: unused.csv}
    key: id
    deleted: "gone = 'yes'"
    fields: {name: title, starts_on: day}
  participation:
    read: {path: unused.csv}
    key: [who, what]
    fields: {person: who, event: what, role: as}
"""
ORGANISATIONS = """
connector: {type: file}
entities:
  organisation:
    read: {path: unused.csv}
    key: id
    fields: {name: title, parent: above}
"""
ORGANISATIONS_ALONE = """
entities:
  person: null
  location: null
  event: null
  participation: null
"""
ANNA = {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06", "changed": "2024-01-01"}
CAMP = {"id": "e1", "title": "Лагерь", "day": "2024-07-01"}
PART = {"who": "1", "what": "e1", "as": "участник"}


def waiting(warehouse: TinyWarehouse) -> list[object]:
    return warehouse.query("SELECT key, kind, rules FROM lake.quarantine.record ORDER BY key")


def test_the_newest_version_by_source_time_stands_whatever_the_order(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", {**ANNA, "first": "Анна-Мария", "changed": "2024-03-01"}, ANNA)
    warehouse.run()
    assert warehouse.query("SELECT first_name FROM lake.conformed.person") == ["Анна-Мария"]
    warehouse.deliver("a/person", {**ANNA, "first": "Инна", "changed": "2024-02-01"})
    balance = warehouse.run().engine.balances[0]
    assert warehouse.query("SELECT first_name FROM lake.conformed.person") == ["Анна-Мария"]
    assert (balance.received, balance.superseded, balance.conformed) == (3, 2, 1)


def test_an_invalid_version_waits_while_the_valid_one_before_it_stands(new_warehouse: New) -> None:
    model = PEOPLE_ALONE.replace("person: {fields: {", "person: {fields: {birth_date: {on_invalid: quarantine}, ")
    warehouse = new_warehouse(a=PERSON, model=model)
    warehouse.deliver("a/person", ANNA, {**ANNA, "born": "2999-01-01", "changed": "2024-02-01"})
    balance = warehouse.run().engine.balances[0]
    assert (balance.conformed, balance.quarantined["invalid"], balance.superseded) == (1, 1, 0)
    assert warehouse.query("SELECT birth_date::VARCHAR FROM lake.conformed.person") == ["2001-05-06"]
    warehouse.deliver("a/person", {**ANNA, "born": "2001-05-07", "changed": "2024-03-01"})
    balance = warehouse.run().engine.balances[0]
    assert (balance.conformed, balance.quarantined["invalid"], balance.superseded) == (1, 0, 2)
    assert warehouse.query("SELECT birth_date::VARCHAR FROM lake.conformed.person") == ["2001-05-07"]


def test_of_a_birth_date_that_cannot_be_is_kept_what_was_told_until_a_better_one_comes(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    conformed = "SELECT birth_date::VARCHAR, birth_date__told, repairs FROM lake.conformed.person"
    impossible = ["birth_date:dropped_impossible_date"]
    warehouse.deliver("a/person", {**ANNA, "born": "2001-02-30"})
    warehouse.run()
    assert warehouse.query(conformed) == [(None, "2001-02-30", impossible)]
    warehouse.deliver("a/person", {**ANNA, "born": "31.02.2001", "changed": "2024-02-01"})
    warehouse.run()
    assert warehouse.query(conformed) == [(None, "2001-02-31", impossible)]
    warehouse.deliver("a/person", {**ANNA, "born": "2001-02-03", "changed": "2024-03-01"})
    warehouse.run()
    assert warehouse.query(conformed) == [("2001-02-03", None, None)]


def test_a_deletion_takes_the_record_away_and_a_later_version_brings_it_back(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA, {**ANNA, "gone": "yes", "changed": "2024-02-01"})
    balance = warehouse.run().engine.balances[0]
    assert (balance.conformed, balance.deleted, balance.superseded) == (0, 1, 1)
    assert warehouse.published("SELECT count(*) FROM warehouse.person") == [0]
    warehouse.deliver("a/person", {**ANNA, "changed": "2024-03-01"})
    balance = warehouse.run().engine.balances[0]
    assert (balance.conformed, balance.deleted, balance.superseded) == (1, 0, 2)
    assert warehouse.published("SELECT first_name FROM warehouse.person") == ["Анна"]


def test_an_incomplete_record_says_which_fields_would_release_it(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", {"id": "1", "first": "Анна"}, {"id": "2", "phone": "+79160000001"})
    warehouse.run()
    assert waiting(warehouse) == [
        ("1", "incomplete", ["incomplete:last_name|birth_date|phone|email|snils|document_number:missing"]),
        ("2", "incomplete", ["incomplete:last_name|first_name|snils|document_number:missing"]),
    ]


def test_a_participation_waits_until_its_person_and_its_event_arrive(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=MOVEMENT, model=SMALL_MODEL)
    warehouse.deliver("a/participation", PART)
    warehouse.run()
    assert waiting(warehouse) == [
        ("1|e1", "missing_parent", ["missing_parent:person:not_here", "missing_parent:event:not_here"])
    ]
    assert warehouse.query("SELECT waits_for_keys FROM lake.quarantine.record") == [["a/person/1", "a/event/e1"]]
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    assert waiting(warehouse) == [("1|e1", "missing_parent", ["missing_parent:event:not_here"])]
    warehouse.deliver("a/event", CAMP)
    warehouse.run()
    assert waiting(warehouse) == []
    assert warehouse.published(
        "SELECT first_name, name, role FROM warehouse.participation JOIN warehouse.person USING (person_id)"
        " JOIN warehouse.event USING (event_id)"
    ) == [("Анна", "Лагерь", "участник")]


def test_a_participation_waits_again_when_its_event_is_deleted(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=MOVEMENT, model=SMALL_MODEL)
    warehouse.deliver("a/participation", PART)
    warehouse.deliver("a/person", ANNA)
    warehouse.deliver("a/event", CAMP)
    warehouse.run()
    warehouse.deliver("a/event", {**CAMP, "gone": "yes"})
    warehouse.run()
    assert waiting(warehouse) == [("1|e1", "missing_parent", ["missing_parent:event:not_here"])]
    assert warehouse.published("SELECT count(*) FROM warehouse.participation") == [0]


def test_the_parent_of_an_older_version_brings_it_to_stand_while_the_newest_goes_on_waiting(new_warehouse: New) -> None:
    warehouse = new_warehouse(
        a=MOVEMENT.replace("key: [who, what]", "key: id\n    source_time: changed"), model=SMALL_MODEL
    )
    older = {**PART, "id": "p", "changed": "2024-01-01"}
    warehouse.deliver("a/participation", older, {**older, "what": "e2", "changed": "2024-02-01"})
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    assert waiting(warehouse) == [("p", "missing_parent", ["missing_parent:event:not_here"])]
    warehouse.deliver("a/event", CAMP)
    warehouse.run()
    assert waiting(warehouse) == [("p", "missing_parent", ["missing_parent:event:not_here"])]
    assert warehouse.query("SELECT waits_for_keys FROM lake.quarantine.record") == [["a/event/e2"]]
    assert warehouse.published("SELECT name FROM warehouse.participation JOIN warehouse.event USING (event_id)") == [
        "Лагерь"
    ]


def test_a_tree_of_organisations_stands_from_its_root_in_one_run(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=ORGANISATIONS, model=ORGANISATIONS_ALONE)
    warehouse.deliver(
        "a/organisation",
        {"id": "club", "title": "Клуб", "above": "city"},
        {"id": "city", "title": "Городская федерация", "above": "all"},
        {"id": "lost", "title": "Потерянный клуб", "above": "nowhere"},
    )
    warehouse.run()
    assert [row[0] for row in waiting(warehouse)] == ["city", "club", "lost"]  # type: ignore[index]
    warehouse.deliver("a/organisation", {"id": "all", "title": "Федерация", "above": ""})
    warehouse.run()
    assert [row[0] for row in waiting(warehouse)] == ["lost"]  # type: ignore[index]


def test_below_sources_whose_mapping_fails_trees_stand_as_they_stood(new_warehouse: New) -> None:
    failing = {"a": "no_such_function(title)", "b": "regexp_extract(title, ''['')"}
    sources = dict.fromkeys(failing, ORGANISATIONS) | {
        f"below_{source}": ORGANISATIONS.replace(
            "parent: above", f"parent: {{column: above, source: {source}, entity: organisation}}"
        )
        for source in failing
    }
    warehouse = new_warehouse(model=ORGANISATIONS_ALONE, **sources)
    for source in failing:
        warehouse.deliver(f"{source}/organisation", {"id": "all", "title": f"Федерация {source}", "above": ""})
        warehouse.deliver(f"below_{source}/organisation", {"id": "club", "title": f"Клуб {source}", "above": "all"})
    warehouse.run()
    for source, expression in failing.items():
        warehouse.write_source(source, ORGANISATIONS.replace("name: title", f"name: {{sql: '{expression}'}}"))
        warehouse.deliver(f"below_{source}/organisation", {"id": "team", "title": f"Отряд {source}", "above": "all"})
    warehouse.reopen()
    report = warehouse.run()
    assert sorted(each.source for each in report.problems) == ["a", "b"]
    assert waiting(warehouse) == []
    standing = "SELECT source, key, parent IS NOT NULL FROM lake.conformed.organisation ORDER BY source, key"
    assert warehouse.query(standing) == [
        ("a", "all", False), ("b", "all", False),
        ("below_a", "club", True), ("below_a", "team", True), ("below_b", "club", True), ("below_b", "team", True),
    ]  # fmt: skip
    assert warehouse.published("SELECT count(*) FROM warehouse.organisation WHERE parent_id IS NOT NULL") == [4]


def test_a_new_mapping_redoes_its_own_records_and_no_others(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    for place in ("a/person", "b/person"):
        warehouse.deliver(place, {**ANNA, "mobile": "+79160000001"})
    warehouse.run()
    warehouse.write_source("a", PERSON.replace("phone: phone", "phone: mobile"))
    warehouse.reopen()
    warehouse.run()
    assert warehouse.query("SELECT source, phone FROM lake.conformed.person ORDER BY source") == [
        ("a", "+79160000001"),
        ("b", None),
    ]


def test_a_patch_releases_a_record_and_gives_way_when_the_source_delivers_something_else(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", {**ANNA, "born": "2999-01-01"})
    warehouse.run()
    warehouse.warehouse.control.add_patches([patch_of_anna("born", "2999-01-01", "1999-01-01")])
    warehouse.run()
    assert warehouse.query("SELECT birth_date::VARCHAR FROM lake.conformed.person") == ["1999-01-01"]
    assert warehouse.query("SELECT born FROM lake.raw.a__person") == ["2999-01-01"]
    warehouse.deliver("a/person", {**ANNA, "born": "1998-02-02", "changed": "2024-05-01"})
    warehouse.run()
    assert warehouse.query("SELECT birth_date::VARCHAR FROM lake.conformed.person") == ["1998-02-02"]


def patch_of_anna(column: str, before: str, after: str) -> Patch:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    record_id = str(derive_record_id("a", "person", "1"))
    return Patch(record_id, "a", "person", "1", column, before, after, "slip of the pen", "steward", at)


class InTheMiddle(Quiet):
    """A reporter that does *what* once, when a run has read what people said."""

    def __init__(self, what: Callable[[], object]) -> None:
        self._what: list[Callable[[], object]] = [what]

    def working(self, what: str) -> None:
        del what
        while self._what:
            self._what.pop()()


def test_what_a_steward_says_while_a_run_works_is_taken_by_the_next_one(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    control = warehouse.warehouse.control
    patch = patch_of_anna("last", "Белова", "Орлова")
    run(warehouse.warehouse, InTheMiddle(lambda: control.add_patches([patch])), read=False)
    assert [each.applied_run for each in control.patches_made()] == [None]
    run(
        warehouse.warehouse,
        InTheMiddle(lambda: control.withdraw_patches(patch.record_id, "last", patch.made_at)),
        read=False,
    )
    assert warehouse.query("SELECT last_name FROM lake.conformed.person") == ["Орлова"]
    assert [each.applied_run for each in control.patches_made()] == [None]
    run(warehouse.warehouse, Quiet(), read=False)
    assert warehouse.query("SELECT last_name FROM lake.conformed.person") == ["Белова"]
    assert [each.applied_run for each in control.patches_made()] == [4]


def test_of_several_patches_all_are_kept_or_none(new_warehouse: New) -> None:
    control = new_warehouse(a=PERSON).warehouse.control
    patches = [patch_of_anna("last", "Белова", "Орлова"), patch_of_anna("first", "Анна", "Ин\0на")]
    with pytest.raises(psycopg.DataError):
        control.add_patches(patches)
    assert control.patches_made() == []
    control.add_patches(patches[:1])
    assert [each.patch for each in control.patches_made()] == patches[:1]


def test_mappings_that_cannot_be_evaluated_stop_their_sources_alone(new_warehouse: New) -> None:
    failing = {
        "a": "list_sum(last)",
        "b": "no_such_function(last)",
        "c": "by::INTEGER",
        "d": "regexp_extract(last, ''['')",
        "e": "strptime(last, ''%Q'')",
    }
    sources = {
        source: PERSON.replace("last_name: last", f"last_name: {{sql: '{expression}'}}")
        for source, expression in failing.items()
    }
    warehouse = new_warehouse(**sources, f=PERSON)
    for source in (*failing, "f"):
        warehouse.deliver(f"{source}/person", ANNA)
    report = warehouse.run()
    assert report.status == "source_failed"
    for source, problem in zip(failing, sorted(map(str, report.problems)), strict=True):
        assert problem.startswith(f'source "{source}", entity person: an SQL expression of its mapping cannot be used')
    assert [(each.source, each.conformed, each.pending) for each in report.engine.balances] == [
        *((source, 0, 1) for source in failing),
        ("f", 1, 0),
    ]


def test_what_the_sql_of_a_mapping_fails_on_is_noted_and_told(new_warehouse: New) -> None:
    sql = PERSON.replace(
        "phone: phone", "phone: {sql: 'CASE WHEN called = 1 THEN phone::DATE::VARCHAR ELSE phone END'}"
    )
    warehouse = new_warehouse(a=sql)
    warehouse.deliver("a/person", {**ANNA, "phone": "x", "called": "1"}, {**ANNA, "id": "2", "called": "1"})
    warnings = warehouse.run().engine.warnings
    assert warehouse.query("SELECT key, phone, repairs FROM lake.conformed.person ORDER BY key") == [
        ("1", None, ["phone:dropped_sql_failed"]),
        ("2", None, None),
    ]
    (warning,) = (each for each in warnings if "SQL" in each)
    assert warning == (
        'source "a", entity person: the SQL of phone fails on 1 of the records conformed now; it was left empty.'
        " Mend it in sources/a.yaml."
    )


MONTH_FIRST = PERSON.replace("birth_date: born", 'birth_date: {column: born, format: "%m/%d/%Y"}')


def deliver_month_first(warehouse: TinyWarehouse, count: int) -> None:
    """Of so many people source a says the birth date with its month first, and b with its day first."""
    days = [f"{1 + place % 12:02}/{1 + place % 28:02}/20{place % 10:02}" for place in range(count)]
    for source, born in (("a", lambda day: day), ("b", lambda day: f"{day[3:5]}.{day[:2]}.{day[6:]}")):
        warehouse.deliver(
            f"{source}/person",
            *(
                {**ANNA, "id": str(place), "born": born(day), "phone": None, "email": None}
                for place, day in enumerate(days)
            ),
        )


def test_dates_with_the_month_first_are_told_until_their_format_is_and_then_learning_is_hinted_at(
    new_warehouse: New,
) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    deliver_month_first(warehouse, 250)
    report = warehouse.run()
    (warning,) = (each for each in report.engine.warnings if "month" in each)
    assert warning.startswith(
        'source "a", entity person: birth_date has the month first in 142 of the 142 dates that tell'
    )
    assert report.engine.repaired["a", "person"]["birth_date:day_month_swapped"] == 142
    assert ("b", "person") not in report.engine.repaired
    again = warehouse.run()
    assert not any("month" in each or "learn" in each for each in again.engine.warnings)
    assert again.engine.repaired == {}
    warehouse.write_source("a", MONTH_FIRST)
    warehouse.reopen()
    (hint,) = (each for each in warehouse.run().engine.warnings if "month" in each or "learn" in each)
    assert "of 500 records of entity person say something else now" in hint
    assert "rddm identity learn" in hint
    dates = "SELECT birth_date FROM lake.conformed.person WHERE source = '{}' ORDER BY key"
    assert warehouse.query(dates.format("a")) == warehouse.query(dates.format("b"))
    assert not any("learn" in each for each in warehouse.run().engine.warnings)


@pytest.mark.parametrize(("count", "relearn", "is_learnt"), [(56, (), False), (250, ("person",), True)])
def test_learning_is_not_hinted_at_where_the_weights_are_the_shipped_ones_or_are_being_learnt_anew(
    new_warehouse: New, count: int, relearn: tuple[str, ...], *, is_learnt: bool
) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    deliver_month_first(warehouse, count)
    warehouse.run()
    warehouse.write_source("a", MONTH_FIRST)
    warehouse.reopen()
    with warehouse.warehouse.database.writer_lock():
        engine = run_locked(warehouse.warehouse, Quiet(), Task(relearn=relearn)).engine
    assert engine.read_anew["person"] >= FEWEST_READ_ANEW
    assert engine.resolutions["person"].model_learnt is is_learnt
    assert not any("learn" in each for each in engine.warnings)


def test_a_column_that_sql_reads_and_nobody_delivers_is_told(new_warehouse: New) -> None:
    sql = PERSON.replace("phone: phone", "phone: {sql: 'coalesce(phone, phonne)'}").replace(
        "gone = 'yes'", "gon = 'yes'"
    )
    warehouse = new_warehouse(a=sql)
    warehouse.deliver("a/person", {**ANNA, "phone": "+79160000001", "gone": None, "email": None})
    warnings = warehouse.run().engine.warnings
    assert [each.partition("(")[0] for each in warnings] == [
        'source "a", entity person: column "phonne" was never delivered ',
        'source "a", entity person: column "gon" was never delivered ',
    ]


def test_every_repair_is_noted_with_its_rule(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", {**ANNA, "last": "Бeлова", "phone": "anna@pochta.demo", "email": "8 916 000-00-01"})
    warehouse.run()
    row = warehouse.query("SELECT last_name, phone, email, repairs FROM lake.conformed.person")[0]
    assert row[0] == "Белова"
    assert set(row[3]) >= {"last_name:latin_lookalike", "phone:phone_email_swapped", "email:phone_email_swapped"}


def test_texts_are_cleaned_piece_by_piece_when_there_are_too_many_to_hold(
    new_warehouse: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conforming_versions, "TEXTS_AT_ONCE", 2)
    warehouse = new_warehouse(a=PERSON)
    names = ["БЕЛОВА", "ОРЛОВА", "СОКОЛОВА", "ЗИМИНА", "ЛАПИНА"]
    warehouse.deliver("a/person", *({**ANNA, "id": str(number), "last": name} for number, name in enumerate(names)))
    warehouse.run()
    assert warehouse.query("SELECT last_name FROM lake.conformed.person ORDER BY key") == [
        name.capitalize() for name in names
    ]


def test_a_record_of_several_versions_stands_beside_those_of_one(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    other = {**ANNA, "id": "2", "first": "Инна"}
    warehouse.deliver("a/person", ANNA, {**ANNA, "first": "Яна", "changed": "2024-02-01"}, other, {"id": "3"})
    balance = warehouse.run().engine.balances[0]
    assert warehouse.query("SELECT key, first_name FROM lake.conformed.person ORDER BY key") == [
        ("1", "Яна"),
        ("2", "Инна"),
    ]
    assert (balance.conformed, balance.superseded, balance.quarantined["incomplete"]) == (2, 1, 1)


def test_a_run_whose_counts_do_not_balance_fails(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    lake = warehouse.warehouse.lake
    lake.connection.execute("DELETE FROM lake.conformed.person")
    with pytest.raises(ConservationError, match='source "a", entity person: the counts do not balance'):
        balances(lake, {"person": [("a", "person")]})


def test_what_a_removed_source_delivered_stays_and_the_run_says_so(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    for place in ("a/person", "b/person"):
        warehouse.deliver(place, ANNA)
    assert not [warning for warning in warehouse.run().engine.warnings if "any more" in warning]
    (warehouse.root / "sources" / "b.yaml").unlink()
    warehouse.reopen()
    report = warehouse.run()
    forgotten = [warning for warning in report.engine.warnings if "any more" in warning]
    assert [warning.split(":")[0] for warning in forgotten] == ['source "b", entity person']
    assert warehouse.query("SELECT source FROM lake.conformed.person ORDER BY source") == ["a", "b"]
    assert warehouse.published("SELECT sources FROM warehouse.person") == [["a", "b"]]
    kept = [(each.source, each.conformed, each.is_forgotten) for each in report.engine.balances]
    assert kept == [("a", 1, False), ("b", 1, True)]


def test_a_source_that_is_removed_is_gone_and_is_no_longer_spoken_of(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    for place in ("a/person", "b/person"):
        warehouse.deliver(place, ANNA)
    warehouse.run()
    assert remove_source(warehouse.warehouse, "b") == 1
    report = run(warehouse.warehouse, Quiet(), read=False)
    assert [(each.source, each.conformed, each.deleted) for each in report.engine.balances] == [
        ("a", 1, 0),
        ("b", 0, 1),
    ]
    assert warehouse.published("SELECT sources FROM warehouse.person") == [["a"]]
    (warehouse.root / "sources" / "b.yaml").unlink()
    warehouse.reopen()
    assert not [warning for warning in warehouse.run().engine.warnings if "any more" in warning]


def test_sources_that_were_taken_out_stand_again_when_they_are_read_again(new_warehouse: New) -> None:
    warehouse = new_warehouse(by_time=PERSON, by_arrival=PERSON.replace("    source_time: changed\n", ""))
    sources = ("by_time", "by_arrival")
    older = {**ANNA, "last": "Старая", "changed": "2023-01-01"}
    gone = {**ANNA, "id": "2", "changed": "2024-01-01", "gone": "yes"}
    for source in sources:
        warehouse.deliver(f"{source}/person", older, {**ANNA, "changed": "2024-01-01"}, gone)
    warehouse.run()
    standing = "SELECT source, record_id, last_name FROM lake.conformed.person ORDER BY source"
    stood = warehouse.query(standing)
    assert [(source, last_name) for source, _, last_name in stood] == [("by_arrival", "Белова"), ("by_time", "Белова")]
    for _ in range(2):
        for source in sources:
            assert remove_source(warehouse.warehouse, source) == 1
            assert remove_source(warehouse.warehouse, source) == 0
        run(warehouse.warehouse, Quiet(), read=False)
        assert warehouse.published("SELECT 1 FROM warehouse.person") == []
        report = warehouse.run()
        assert warehouse.query(standing) == stood
        assert all(each.balances for each in report.engine.balances)
        assert warehouse.run().published == {}


def test_what_stands_although_an_older_deletion_arrived_later_is_taken_out_with_its_source(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA, {**ANNA, "id": "2", "gone": "yes"})
    warehouse.run()
    earlier = {**ANNA, "changed": "2023-01-01"}
    warehouse.deliver("a/person", {**earlier, "gone": "yes"}, {**earlier, "id": "2"})
    warehouse.run()
    assert warehouse.query("SELECT key FROM lake.conformed.person") == ["1"]
    assert remove_source(warehouse.warehouse, "a") == 1
    assert remove_source(warehouse.warehouse, "a") == 0
    run(warehouse.warehouse, Quiet(), read=False)
    assert warehouse.published("SELECT 1 FROM warehouse.person") == []
    warehouse.run()
    assert warehouse.query("SELECT key FROM lake.conformed.person") == ["1"]


def test_a_source_can_be_taken_out_after_a_removal_that_found_nothing_yet(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    assert remove_source(warehouse.warehouse, "a") == 0
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    assert remove_source(warehouse.warehouse, "a") == 1


def test_what_was_read_again_after_a_removal_is_a_duplicate_from_then_on(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    remove_source(warehouse.warehouse, "a")
    assert [each.landed for each in warehouse.run().ingested] == [1]
    warehouse.deliver("a/person", ANNA)
    assert [(each.landed, each.duplicate) for each in warehouse.run().ingested] == [(0, 1)]


def test_a_patch_of_a_snapshots_record_lays_over_the_version_that_arrived_last(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON.replace("    key: id\n", "    key: id\n    mode: snapshot\n"))
    warehouse.deliver("a/person", {**ANNA, "born": "2999-01-01", "changed": "2024-02-01"})
    warehouse.run()
    warehouse.deliveries["a", "person"] = [{**ANNA, "born": "2998-01-01", "changed": "2024-01-01"}]
    warehouse.run()
    lake, control = warehouse.warehouse.lake, warehouse.warehouse.control
    place = Place("a", "person", warehouse.warehouse.settings.sources["a"].entities["person"])
    author = Author("steward", "slip of the pen", datetime(2026, 1, 1, tzinfo=UTC))
    patch_record(lake, control, place, "1", {"born": "1998-01-01"}, author)
    warehouse.run()
    assert warehouse.query("SELECT birth_date::VARCHAR FROM lake.conformed.person") == ["1998-01-01"]


def test_an_empty_snapshot_deletes_nothing_and_is_told(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON.replace("    key: id\n", "    key: id\n    mode: snapshot\n"))
    assert warehouse.run().ingested[0].warning is None
    warehouse.deliver("a/person", ANNA)
    assert warehouse.run().ingested[0].warning is None
    warehouse.deliveries["a", "person"] = []
    report = warehouse.run()
    assert warehouse.query("SELECT first_name FROM lake.conformed.person") == ["Анна"]
    assert 'source "a", entity person' in (report.ingested[0].warning or "")
    assert report.ingested[0].warning in summarise(report, warehouse.warehouse).warnings
