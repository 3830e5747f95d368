from __future__ import annotations

import pytest
from tests.integration.app.conftest import Project, rddm
from typer.testing import CliRunner

from rddm.app.cli import application
from rddm.contracts.ids import derive_record_id


def anna(project: Project) -> str:
    return str(project.rddm("person", "show", "camps/camper/1", "--json").json["id"])


def test_a_portrait_names_the_origin_of_every_value(project: Project) -> None:
    portrait = project.rddm("person", "show", "camps/camper/1", "--json").json
    phone = next(field for field in portrait["fields"] if field["name"] == "phone")
    assert portrait["title"] == "Щербакова Анна Игоревна"
    assert phone["value"] == "+79161234567"
    assert phone["record"] in {"camps/camper/1", "academy/student/s1"}
    assert [(fact["entity"], fact["what"]["event"]) for fact in portrait["facts"]] == [
        ("participation", "Смена «Север»")
    ]


def test_a_portrait_shows_what_was_mended_before_and_after(project: Project) -> None:
    portrait = project.rddm("person", "show", "camps/camper/4", "--json").json
    (repair,) = portrait["records"][0]["repairs"]
    assert (repair["field"], repair["rule"], repair["before"], repair["after"]) == (
        "first_name",
        "latin_lookalike",
        "Мaрия",
        "Мария",
    )
    assert "look like Cyrillic" in repair["words"]


def test_a_portrait_is_drawn_for_narrow_and_wide_screens(project: Project) -> None:
    for columns in ("100", "160"):
        arguments = ["person", "show", "camps/camper/1", "--project", str(project.folder)]
        drawn = CliRunner().invoke(application, arguments, env={"COLUMNS": columns}).stdout
        assert "Щербакова" in drawn
        assert max(map(len, drawn.splitlines())) <= int(columns)


@pytest.mark.parametrize(
    "texts",
    [
        ["Щербакова"],
        ["Sherbakova", "Anna"],
        ["Щербакова", "Аня"],
        ["8 (916) 123-45-67"],
        ["8", "916", "123-45-67"],
        ["ANNA@pismo.alt"],
        ["14.05.2009", "Анна"],
        ["Щерб"],
    ],
)
def test_a_person_is_found_by_what_is_known_of_them(project: Project, texts: list[str]) -> None:
    found = project.rddm("person", "find", *texts, "--json").json["found"]
    assert anna(project) in {each["id"] for each in found}


def test_nobody_found_ends_in_7(project: Project) -> None:
    outcome = project.rddm("person", "find", "Никодимова")
    assert outcome.code == 7
    assert "Nobody is known" in outcome.out


def test_an_id_may_be_abbreviated(project: Project) -> None:
    whole = anna(project)
    assert project.rddm("person", "show", whole[:8], "--json").json["id"] == whole


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("camps/camper/77", "There is no person record"),
        ("camps/camper/3", "waits in quarantine (invalid)"),
        ("ffffffff", "There is no person ffffffff"),
        ("Иванов", "That is no id"),
    ],
)
def test_who_is_not_there_ends_in_7_with_the_next_step(project: Project, who: str, said: str) -> None:
    outcome = project.rddm("person", "show", who)
    assert outcome.code == 7
    assert said in outcome.err
    assert outcome.out == ""


def test_why_two_records_are_one_adds_up(project: Project) -> None:
    pair = project.rddm("person", "why", "camps/camper/1", "academy/student/s1", "--json").json
    explanation = pair["explanation"]
    parts = explanation["prior"] + sum(each["weight"] for each in explanation["contributions"])
    assert parts == pytest.approx(explanation["total"])
    assert pair["first"]["address"] == "camps/camper/1"
    assert {each["field"] for each in explanation["contributions"]} >= {"last_name", "birth_date", "phone"}


def test_why_two_records_that_no_key_brings_together_says_so(project: Project) -> None:
    apart, together = (["person", "why", "camps/camper/1", other] for other in ("camps/camper/4", "academy/student/s1"))
    assert project.rddm(*apart, "--json").json["is_candidate"] is False
    drawn = project.rddm(*apart).out
    assert "never compared" in drawn
    assert "No match key brings these two records together" in drawn
    assert project.rddm(*together, "--json").json["is_candidate"] is True
    assert "never compared" not in project.rddm(*together).out


def test_why_one_person_explains_every_record(project: Project) -> None:
    group = project.rddm("person", "why", "camps/camper/1", "--json").json
    assert {each["record"] for each in group["records"]} == {"camps/camper/1", "academy/student/s1"}


def test_the_history_of_an_id_starts_with_its_founding(project: Project) -> None:
    happened = project.rddm("person", "history", anna(project), "--json").json["history"]
    assert [each["words"] for each in happened] == ["founded"]


def test_the_quarantine_says_why_in_words(project: Project) -> None:
    listed = project.rddm("quarantine", "list", "--json").json
    reasons = {f"{each['source']}/{each['entity']}/{each['key']}": each["reasons"] for each in listed["records"]}
    assert reasons == {
        "camps/camper/3": ["birth_date: the date of birth is in the future"],
        "camps/booking/b2": ["its person has not come yet"],
    }
    assert project.rddm("quarantine", "list", "--kind", "invalid", "--json").json["counts"][0]["records"] == 1


def test_a_list_of_the_quarantine_shows_nobodys_data(project: Project) -> None:
    drawn = project.rddm("quarantine", "list").out
    assert "camps" in drawn
    assert "Сидоров" not in drawn
    assert "2104" not in drawn


def test_a_waiting_record_shows_what_was_delivered_and_what_releases_it(project: Project) -> None:
    record = project.rddm("quarantine", "show", "camps", "booking", "b2", "--json").json
    assert record["state"] == "quarantined"
    assert record["record_id"] == str(derive_record_id("camps", "booking", "b2"))
    assert record["versions"][0]["delivered"] == {"id": "b2", "camper": "99", "shift": "e1", "role": "участник"}
    assert record["waiting"]["waits_for"] == ["camps/camper/99"]
    assert record["waiting"]["releases"] == ["camps/camper/99 arrives; then it is released in the same run"]
    assert "31.12.2104" in project.rddm("quarantine", "show", "camps/camper/3").out


def test_a_wrong_kind_is_a_usage_error(project: Project) -> None:
    outcome = project.rddm("quarantine", "list", "--kind", "broken")
    assert outcome.code == 2
    assert "missing_parent" in outcome.err


def test_the_status_counts_everything(project: Project) -> None:
    status = project.rddm("status", "--json").json
    assert status["in_all"]["received"] == sum(
        count for place, count in status["in_all"].items() if place != "received"
    )
    assert status["is_active"] is False
    assert status["runs"][-1]["status"] == "succeeded"
    assert status["published_snapshot"] == status["snapshot"]


def test_sources_are_listed_and_shown(project: Project) -> None:
    listed = project.rddm("sources", "--json").json["sources"]
    assert {(each["source"], each["entity"], each["received"]) for each in listed} == {
        ("academy", "student", 2),
        ("camps", "camper", 7),
        ("camps", "shift", 1),
        ("camps", "booking", 2),
    }
    shown = rddm("sources", "show", "camps", "--json", "--project", str(project.folder)).json
    assert shown["mapping"]["camper"][0] == {"field": "last_name", "type": "family_name", "comes_from": "column fam"}
    assert shown["unreadable"][0]["entity"] == "camper"
    assert "Зайцев" not in shown["unreadable"][0]["reason"]


def test_a_source_that_is_not_there_is_suggested(project: Project) -> None:
    outcome = project.rddm("sources", "show", "camp")
    assert outcome.code == 7
    assert "Did you mean camps?" in outcome.err


def test_time_travel_reads_the_state_before_the_engine(project: Project) -> None:
    snapshots = project.rddm("lake", "snapshots", "--json", "--limit", "1000").json["snapshots"]
    first, last = snapshots[-1]["number"], snapshots[0]["number"]
    assert project.rddm("person", "find", "Щербакова", "--as-of", str(last)).code == 0
    assert project.rddm("person", "find", "Щербакова", "--as-of", str(first)).code == 7
    assert "There is no snapshot 9999" in project.rddm("person", "find", "Щербакова", "--as-of", "9999").err
    assert "Nothing is kept from 2001-01-01" in project.rddm("quarantine", "list", "--as-of", "2001-01-01").err
    assert "neither a snapshot" in project.rddm("quarantine", "list", "--as-of", "yesterday").err


@pytest.mark.parametrize(
    "command",
    [
        ["person", "show", "camps/camper/1"],
        ["person", "find", "Щербакова"],
        ["person", "why", "camps/camper/1"],
        ["person", "why", "camps/camper/1", "academy/student/s1"],
        ["person", "history", "camps/camper/1"],
        ["quarantine", "list"],
        ["quarantine", "show", "camps", "camper", "3"],
        ["sources"],
        ["sources", "show", "camps"],
        ["status"],
        ["lake", "snapshots"],
    ],
)
def test_every_reading_command_draws_something_without_escape_codes(project: Project, command: list[str]) -> None:
    outcome = project.rddm(*command) if command != ["sources"] else rddm("sources", "--project", str(project.folder))
    assert outcome.code == 0, outcome.err
    assert outcome.out.strip()
    assert "\x1b[" not in outcome.out


def test_a_statement_is_answered_as_a_table_and_as_json(project: Project) -> None:
    statement = "SELECT last_name, birth_date FROM person WHERE 'academy' = ANY (sources) ORDER BY birth_date"
    answer = project.rddm("sql", statement, "--limit", "1", "--json").json
    assert answer == {"columns": ["last_name", "birth_date"], "rows": [["Лисицына", "2007-07-07"]], "more": True}
    drawn = project.rddm("sql", statement).out
    assert "2 rows" in drawn


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELECT * FROM peron", 'relation "peron" does not exist'),
        ("DELETE FROM person", "no statement that reads"),
        ("WITH gone AS (DELETE FROM person RETURNING 1) SELECT * FROM gone", "read only"),
        ("SELECT 1; DROP TABLE person", "several statements"),
        ("SELECT last_name::int FROM person", "invalid text representation"),
    ],
)
def test_a_statement_that_is_wrong_or_writes_is_refused_without_data(
    project: Project, statement: str, told: str
) -> None:
    outcome = project.rddm("sql", statement)
    assert outcome.code == 2
    assert told in outcome.err
    assert "Щербаков" not in outcome.err
    assert project.rddm("sql", "SELECT count(*) FROM person", "--json").json["rows"][0][0] > 0


def test_status_says_in_words_what_waits(project: Project) -> None:
    out = " ".join(project.rddm("status").out.split())
    assert "waiting (no parent)" in out
    assert "missing_parent" not in out


def test_status_tells_how_to_reach_postgresql_without_a_password(project: Project) -> None:
    command = project.rddm("status", "--json").json["psql"]
    assert command.startswith("psql 'host=")
    assert "dbname=rddm" in command
    assert "password" not in command


def test_snapshots_without_a_message_are_shown_only_with_all(project: Project) -> None:
    shown = project.rddm("lake", "snapshots", "--limit", "100", "--json").json
    every = project.rddm("lake", "snapshots", "--limit", "100", "--all", "--json").json
    assert all(each["message"] for each in shown["snapshots"])
    assert 0 < shown["total"] < every["total"]


def test_the_published_state_is_explained_column_by_column(project: Project) -> None:
    columns = (
        "SELECT attname FROM pg_attribute WHERE attrelid = 'publication'::regclass AND attnum > 0"
        " AND col_description(attrelid, attnum) IS NULL"
    )
    assert project.rddm("sql", columns, "--json").json["rows"] == []
