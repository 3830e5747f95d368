from __future__ import annotations

import datetime as dt

import pytest
from tests.integration.app.conftest import Outcome, Project, rddm
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


IVANOVS = """id;fam;name;otch;dob;tel;mail;upd
1;Иванова;Анна;;2001-01-01;8 (916) 111-11-11;;2026-01-10 10:00:00
2;Иванова;Анна;;2001-01-01;8 (916) 111-11-11;;2026-01-10 10:00:00
3;Ivanov;Peter;;2002-02-02;8 (916) 222-22-22;;2026-01-10 10:00:00
4;Иванов;Олег;;2003-03-03;8 (916) 333-33-33;;2026-01-10 10:00:00
5;Ивановский;Юрий;;2004-04-04;8 (916) 444-44-44;;2026-01-10 10:00:00
"""


def test_who_is_called_so_to_the_letter_is_found_before_whom_other_forms_lead_to(new_project: Project) -> None:
    (new_project.folder / "data/campers.csv").write_text(IVANOVS, encoding="utf-8")
    assert new_project.rddm("run").code == 0

    def found(*texts: str) -> list[str]:
        return [each["title"] for each in new_project.rddm("person", "find", *texts, "--json").json["found"]]

    assert found("Иванов") == ["Иванов Олег", "Ivanov Peter", "Иванова Анна"]
    assert found("ИВАНОВА")[0] == "Иванова Анна"
    assert found("Олег", "Иванова") == ["Иванов Олег"]
    assert found("ivanov") == ["Ivanov Peter", "Иванов Олег", "Иванова Анна"]
    assert found("Ивановск") == ["Ивановский Юрий"]
    assert found("2003-03-03", "+79163333333") == ["Иванов Олег"]
    assert found("8", "(916)", "333-33-33", "2003-03-03") == ["Иванов Олег"]


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
        ("camp/camper/1", 'There is no source "camp". Did you mean camps?'),
        ("camps/student/1", 'Source "camps" has no entity "student". There are: booking, camper, shift.'),
        ("camps/shift/e1", "camps/shift/e1 is no person: camps/shift becomes event, not person."),
        ("camps/shift/e9", "There is no record camps/shift/e9 here; besides, camps/shift becomes event"),
    ],
)
def test_who_is_not_there_ends_in_7_with_the_next_step(project: Project, who: str, said: str) -> None:
    outcome = project.rddm("person", "show", who)
    assert outcome.code == 7
    assert said in outcome.err
    assert outcome.out == ""


def test_a_record_of_something_else_comes_with_the_statement_that_shows_it(project: Project) -> None:
    said = project.rddm("person", "show", "camps/shift/e1").err
    statement = said.split('rddm sql "')[1].split('"')[0]
    (event,) = project.rddm("sql", statement, "--json").json["rows"]
    assert "Смена «Север»" in event
    by_id = project.rddm("person", "show", str(derive_record_id("camps", "shift", "e1")))
    assert by_id.code == 7
    statement = by_id.err.split('rddm sql "')[1].split('"')[0]
    assert project.rddm("sql", statement, "--json").json["rows"] == [event]


@pytest.mark.parametrize(
    "command",
    [
        ["person", "show", "nonsense"],
        ["person", "why", "nonsense"],
        ["person", "why", "camps/camper/1", "nonsense"],
        ["person", "history", "nonsense"],
        ["person", "same", "nonsense", "camps/camper/1", "--reason", "x"],
        ["person", "different", "camps/camper/1", "nonsense", "--reason", "x"],
        ["person", "split", "nonsense", "camps/camper/1", "--reason", "x"],
        ["person", "unjudge", "nonsense", "camps/camper/1", "--reason", "x"],
        ["person", "erase", "nonsense", "--reason", "x", "--yes"],
        ["quarantine", "show", "nonsense"],
        ["quarantine", "fix", "nonsense", "--set", "dob=", "--reason", "x"],
        ["quarantine", "dismiss", "nonsense", "--reason", "x"],
        ["quarantine", "unfix", "nonsense"],
    ],
)
def test_what_is_no_id_and_no_record_is_a_usage_error_that_names_the_form(project: Project, command: list[str]) -> None:
    outcome = project.rddm(*command)
    assert outcome.code == 2
    assert "SOURCE/ENTITY/KEY" in outcome.err
    assert outcome.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["person", "find", "x", "--limit", "9" * 20],
        ["person", "find", "x", "--limit", "some"],
        ["person", "find", "!!!"],
        ["person", "possible", "--page", "9" * 20],
        ["person", "possible", "--min-probability", "nan"],
        ["status", "--limit", "9" * 20],
        ["sql", "SELECT 1", "--limit", "9" * 20],
        ["identity", "changes", "--run", "last"],
        ["lake", "maintain", "--keep-days", "9" * 20],
    ],
)
def test_numbers_beyond_all_measure_are_usage_errors(project: Project, arguments: list[str]) -> None:
    assert project.rddm(*arguments).code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["quarantine", "list", "--source", "camp"], "Did you mean camps?"),
        (["quarantine", "list", "--source", "nope"], 'There is no source "nope". There are: academy, camps.'),
        (
            ["quarantine", "list", "--entity", "nope"],
            'No source has an entity "nope". There are: booking, camper, shift',
        ),
        (["quarantine", "list", "-s", "camps", "-e", "student"], "There are: booking, camper, shift."),
        (["quarantine", "show", "nope", "camper", "1"], "There are: academy, camps."),
        (["quarantine", "fix", "camps", "student", "1", "--set", "a=", "--reason", "x"], "There are: booking, camper,"),
        (["quarantine", "dismiss", "nope/camper/1", "--reason", "x"], "There are: academy, camps."),
        (["person", "possible", "--source", "nope"], "There are: academy, camps."),
        (["identity", "changes", "--entity", "nope"], "Those that are: person."),
    ],
)
def test_a_source_or_an_entity_that_is_not_there_is_never_an_empty_answer(
    project: Project, arguments: list[str], said: str
) -> None:
    outcome = project.rddm(*arguments)
    assert (outcome.code, outcome.out) == (7, "")
    assert said in outcome.err


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
    assert "no candidate pair" in drawn
    assert "No match key brings these two records together" in drawn
    assert project.rddm(*together, "--json").json["is_candidate"] is True
    assert "no candidate pair" not in project.rddm(*together).out


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


def test_what_was_cleaned_is_counted_by_source_field_and_rule(first_run: tuple[Project, Outcome]) -> None:
    project, ran = first_run
    shown = project.rddm("sources", "show", "camps", "--json").json["repairs"]
    counts = {f"{each['field']}:{each['rule']}": each["records"] for each in shown["camper"]}
    assert counts["first_name:latin_lookalike"] == 1
    assert shown["shift"] == []
    lines = {(line["source"], line["entity"]): line["repaired"] for line in ran.json["sources"]}
    assert lines["camps", "camper"] == counts
    assert lines["camps", "shift"] == {}
    assert "mended and left out" in project.rddm("sources", "show", "camps").out


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


@pytest.mark.parametrize(
    ("command", "question"),
    [
        (["sources", "remove", "camps"], "Take every record of camps out of the warehouse?"),
        (["person", "erase", "camps/camper/1", "--reason", "x"], "Erase all of it, for good?"),
    ],
)
def test_without_a_terminal_what_cannot_be_undone_says_that_it_needs_yes(
    project: Project, command: list[str], question: str
) -> None:
    outcome = project.rddm(*command, "--json")
    assert (outcome.code, outcome.out) == (2, "")
    said = " ".join(outcome.err.replace("│", " ").split())
    assert f'nobody can be asked here: "{question}"' in said
    assert "add --yes" in said
    assert project.rddm("person", "show", "camps/camper/1").code == 0


def test_a_source_shows_what_makes_a_record_of_it(project: Project) -> None:
    shown = project.rddm("sources", "show", "camps", "--json").json
    assert shown["settings"]["camper"] == {
        "mode": "changes", "key": ["id"], "source_time": "upd", "source_time_format": None, "deleted": None,
        "one_record_per_person": False,
    }  # fmt: skip
    assert shown["mapping"]["booking"][0]["comes_from"] == "column camper, key of camper"
    drawn = project.rddm("sources", "show", "camps").out
    assert "camper: records" in drawn
    assert "source_time   upd" in drawn


def test_every_setting_of_a_source_is_shown(new_project: Project) -> None:
    mapping = (
        "connector: {type: file}\nentities:\n  pupil:\n    model: person\n    read: {path: data/pupils.csv}\n"
        "    key: [school, number]\n    mode: snapshot\n    source_time: seen\n    source_time_format: '%d.%m.%Y'\n"
        "    deleted: \"state = 'gone'\"\n    one_record_per_person: true\n    fields:\n"
        "      last_name: {column: fio, part: family}\n      birth_date: {column: born, format: '%d/%m/%Y'}\n"
    )
    (new_project.folder / "sources/school.yaml").write_text(mapping, encoding="utf-8")
    (new_project.folder / "data/pupils.csv").write_text("school,number,seen,state,fio,born\n", encoding="utf-8")
    assert new_project.rddm("run").code == 0
    drawn = new_project.rddm("sources", "show", "school").out
    for said in ("school, number", "snapshot", "%d.%m.%Y", "state = 'gone'", "one_record_per_person   true"):
        assert said in drawn
    assert "column fio, part family" in drawn
    assert "column born, format %d/%m/%Y" in drawn


def test_a_source_without_a_file_is_shown_as_long_as_records_of_it_stand(run_project: Project) -> None:
    place = run_project.folder / "sources/academy.yaml"
    text = place.read_text(encoding="utf-8")
    place.unlink()
    listed = rddm("sources", "--json", "--project", str(run_project.folder)).json["sources"]
    (student,) = [each for each in listed if each["source"] == "academy"]
    assert (student["is_forgotten"], student["model"], student["conformed"]) == (True, "person", 2)
    assert not any(each["is_forgotten"] for each in listed if each["source"] == "camps")
    assert "put sources/academy.yaml back" in rddm("sources", "--project", str(run_project.folder)).out.replace(
        "\n", " "
    )
    shown = run_project.rddm("sources", "show", "academy", "--json").json
    assert (shown["settings"], shown["trust"], len(shown["batches"]["student"])) == ({}, None, 1)
    assert run_project.rddm("quarantine", "list", "--source", "academy").code == 0
    refused = run_project.rddm("sources", "remove", "academy", "--yes")
    assert (refused.code, "Put sources/academy.yaml back" in refused.err) == (7, True)
    place.write_text(text, encoding="utf-8")
    assert run_project.rddm("sources", "remove", "academy", "--yes").code == 0
    place.unlink()
    listed = rddm("sources", "--json", "--project", str(run_project.folder)).json["sources"]
    assert {each["source"] for each in listed} == {"camps"}


def test_a_source_that_is_not_there_is_suggested(project: Project) -> None:
    outcome = project.rddm("sources", "show", "camp")
    assert outcome.code == 7
    assert "Did you mean camps?" in outcome.err


def test_time_travel_reads_the_state_before_the_engine(project: Project) -> None:
    snapshots = project.rddm("lake", "snapshots", "--json", "--limit", "1000").json["snapshots"]
    first, last = snapshots[-1]["number"], snapshots[0]["number"]
    assert project.rddm("person", "find", "Щербакова", "--as-of", str(last)).code == 0
    assert project.rddm("person", "find", "Щербакова", "--as-of", str(first)).code == 7
    assert project.rddm("person", "find", "Щербакова", "--as-of", dt.datetime.now(dt.UTC).date().isoformat()).code == 0
    gone = project.rddm("person", "find", "Щербакова", "--as-of", "9999")
    assert gone.code == 7
    assert f"There is no snapshot 9999. Kept: 0 to {last}, committed" in gone.err
    assert "Nothing is kept from 2001-01-01" in project.rddm("quarantine", "list", "--as-of", "2001-01-01").err
    assert project.rddm("quarantine", "list", "--as-of", "2001-01-01").code == 7


@pytest.mark.parametrize(
    "when", ["yesterday", "2026-13-01", "-1", "1.5", "", "2026-03-01T12:00+99:00", "0001-01-01T00+14:00"]
)
def test_what_is_no_state_of_the_lake_is_a_usage_error(project: Project, when: str) -> None:
    outcome = project.rddm("quarantine", "list", "--as-of", when)
    assert outcome.code == 2
    assert "neither a snapshot's number (12) nor a day (2026-03-01: its end, UTC)" in outcome.err


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
