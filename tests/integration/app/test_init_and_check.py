from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.integration.app.conftest import STUDENTS, Project, rddm

from rddm.demo.services.spreadsheet import Sheet, write_workbook
from rddm.project.load import load_project


@pytest.fixture
def empty_project(tmp_path: Path) -> Project:
    assert rddm("init", str(tmp_path / "w")).code == 0
    return Project(tmp_path / "w")


def test_a_new_project_is_valid_as_it_stands(empty_project: Project) -> None:
    assert load_project(empty_project.folder, {}).sources == {}
    assert empty_project.rddm("check").code == 0


def test_a_project_is_never_overwritten(empty_project: Project) -> None:
    outcome = rddm("init", str(empty_project.folder))
    assert outcome.code == 2
    assert "nothing is overwritten" in outcome.err


def test_a_drafted_file_maps_what_it_recognises_and_is_valid(empty_project: Project, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(STUDENTS, encoding="utf-8")
    outcome = empty_project.rddm("init", "--from", str(tmp_path / "users.csv"), "--name", "academy", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["left_to_do"] == []
    entity = load_project(empty_project.folder, {}).sources["academy"].entities["person"]
    assert entity.key == ("id",)
    assert {name: mapping.column for name, mapping in entity.fields.items()} == {
        "last_name": "surname",
        "first_name": "given",
        "birth_date": "born",
        "phone": "phone",
        "email": "email",
    }
    assert "Лисицына" not in (empty_project.folder / "sources" / "academy.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["users.csv", "users.xlsx"])
def test_a_title_above_the_header_is_passed_over(empty_project: Project, tmp_path: Path, name: str) -> None:
    rows = [["Участники смены"], *(line.split(",") for line in STUDENTS.splitlines())]
    if name.endswith(".csv"):
        (tmp_path / name).write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    else:
        write_workbook(tmp_path / name, [Sheet("People", [[rows[0][0], None, None, None, None, None]], rows[1:])])
    outcome = empty_project.rddm("init", "--from", str(tmp_path / name), "--json")
    assert outcome.code == 0, outcome.err
    entity = load_project(empty_project.folder, {}).sources["users"].entities["person"]
    assert (entity.key, getattr(entity.connector, "skip_rows", 0)) == (("id",), 1)
    assert entity.fields["last_name"].column == "surname"


def test_a_source_that_cannot_be_reached_is_called_by_its_name(empty_project: Project) -> None:
    outcome = empty_project.rddm("init", "--from", "postgresql://nobody@127.0.0.1:9/db", "--name", "pgx")
    assert outcome.code == 3
    assert outcome.err.startswith('source "pgx"')


def test_of_a_folder_with_many_files_one_must_be_named(empty_project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "users.csv").write_text(STUDENTS, encoding="utf-8")
    assert empty_project.rddm("init", "--from", str(folder), "--json").code == 0
    (folder / "shifts.csv").write_text("id;title\n1;a\n", encoding="utf-8")
    outcome = empty_project.rddm("init", "--from", str(folder), "--name", "other")
    assert outcome.code == 2
    assert "There are: shifts.csv, users.csv." in outcome.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (STUDENTS.splitlines()[0].encode(), "it holds no record: it is empty, or has a header alone"),
        (bytes(range(256)) * 20, "holds NUL bytes, so it is no text"),
        (b"<!DOCTYPE html><html><body>502</body></html>", "an HTML page instead of CSV"),
    ],
    ids=["empty", "a header alone", "bytes", "a page"],
)
def test_a_file_without_records_is_told_as_such(
    empty_project: Project, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "users.csv").write_bytes(content)
    outcome = empty_project.rddm("init", "--from", str(tmp_path / "users.csv"))
    assert outcome.code == 2
    assert said in outcome.err
    assert "--model" not in outcome.err


def test_a_key_with_a_slip_is_still_the_key_and_the_draft_says_so(empty_project: Project, tmp_path: Path) -> None:
    slips = ",Орлов,Пётр,2008-02-01,,\n" + STUDENTS.splitlines()[2] + "\n"
    (tmp_path / "users.csv").write_text(STUDENTS + slips, encoding="utf-8")
    assert empty_project.rddm("init", "--from", str(tmp_path / "users.csv"), "--json").code == 0
    text = (empty_project.folder / "sources" / "users.yaml").read_text(encoding="utf-8")
    assert "    key: id  # of 3 records looked at, 1 without it\n" in text


def test_a_clean_key_goes_before_one_with_slips_and_the_draft_says_what_was_seen(
    empty_project: Project, tmp_path: Path
) -> None:
    rows = [
        ("1", "a1"),
        ("", "a2"),
        ("3", "a3"),
        ("3", "a4"),
        *((str(number), f"a{number}") for number in range(5, 60)),
    ]
    lines = ["id,member_uid,surname,phone", *(f"{each},{uid},Орлов,+7916123{uid[1:]:>04}" for each, uid in rows)]
    (tmp_path / "users.csv").write_text("\n".join(lines), encoding="utf-8")
    outcome = empty_project.rddm("init", "--from", str(tmp_path / "users.csv"), "--json")
    assert (outcome.code, outcome.json["left_to_do"]) == (0, [])
    text = (empty_project.folder / "sources" / "users.yaml").read_text(encoding="utf-8")
    assert "    key: member_uid  # clean; of id: of 59 records looked at, 1 without it and 1 with another's\n" in text


def test_a_key_with_slips_is_warned_of_where_there_is_no_clean_one(empty_project: Project, tmp_path: Path) -> None:
    lines = ["id,surname,phone", *(f"{number % 8},Орлов,+7916123{number:04}" for number in range(16))]
    (tmp_path / "users.csv").write_text("\n".join(lines).replace("\n0,", "\n,"), encoding="utf-8")
    drafted = empty_project.rddm("init", "--from", str(tmp_path / "users.csv"), "--model", "person", "--json")
    text = (empty_project.folder / "sources" / "users.yaml").read_text(encoding="utf-8")
    assert "key:  # which column" in text, "half of the records with another's key is no slip"
    (tmp_path / "users.csv").write_text("\n".join([*lines[:9], "1,Орлова,+79161230099"]), encoding="utf-8")
    drafted = empty_project.rddm("init", "--from", str(tmp_path / "users.csv"), "--name", "other", "--json")
    assert drafted.json["left_to_do"][0].startswith(
        "The key id is not clean: of 9 records looked at, 1 with another's. A record without"
    )


@pytest.mark.parametrize("name", ["users.csv", "users.xlsx", "one.csv"])
def test_a_file_without_a_header_is_read_as_such_and_no_data_is_written(
    empty_project: Project, tmp_path: Path, name: str
) -> None:
    rows: list[list[str | None]] = [[*line.split(",")] for line in STUDENTS.splitlines()[1:]]
    rows = rows[:1] if name == "one.csv" else rows
    if name.endswith(".csv"):
        text = "\n".join(",".join(each or "" for each in row) for row in rows)
        (tmp_path / name).write_text(text, encoding="utf-8")
    else:
        write_workbook(tmp_path / name, [Sheet("People", [rows[0]], rows[1:])])
    command = ["init", "--from", str(tmp_path / name), "--name", "bare"]
    outcome = empty_project.rddm(*command, "--json")
    text = (empty_project.folder / "sources" / "bare.yaml").read_text(encoding="utf-8")
    assert outcome.json["columns"] == ["c1", "c2", "c3", "c4", "c5", "c6"]
    assert "header_rows: 0}" in text
    assert "# The first row looks like data" in text
    assert outcome.json["left_to_do"][0].startswith("The first row looks like data")
    assert "      birth_date: c4" in text
    (empty_project.folder / "sources" / "bare.yaml").unlink()
    shown = empty_project.rddm(*command)
    for value in (value for row in rows for value in row if value and len(value) > 2):
        assert value not in text + outcome.out + outcome.err + shown.out + shown.err


def test_columns_that_have_data_for_names_are_left_out_of_a_draft(empty_project: Project, tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text(
        '[{"id": 1, "surname": "Лисин", "phone": "+79161234567", "seen": {"l@pismo.alt": 1}},'
        ' {"id": 2, "surname": "Белова", "phone": null, "seen": {"b@pismo.alt": 2}}]',
        encoding="utf-8",
    )
    outcome = empty_project.rddm("init", "--from", str(tmp_path / "users.json"), "--json")
    assert outcome.json["columns"] == ["id", "surname", "phone"]
    text = (empty_project.folder / "sources" / "users.yaml").read_text(encoding="utf-8")
    assert "pismo" not in text
    assert "# 2 columns are left out" in text


def test_lists_are_drafted_and_lists_of_objects_told(empty_project: Project, tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text(
        '[{"id": 1, "surname": "Лисин", "phones": ["call after 6", "+7 912 345-67-89"], "emails": ["l@pismo.alt"],'
        ' "contacts": [{"kind": "chat", "value": "@l"}, {"kind": "phone", "value": "8 916 123-45-67"}]},'
        ' {"id": 2, "surname": "Белова", "phones": [], "emails": ["b@pismo.alt", "c@pismo.alt"], "contacts": []}]',
        encoding="utf-8",
    )
    assert empty_project.rddm("init", "--from", str(tmp_path / "users.json")).code == 0
    target = empty_project.folder / "sources" / "users.yaml"
    text = target.read_text(encoding="utf-8")
    entity = load_project(empty_project.folder, {}).sources["users"].entities["person"]
    assert (entity.fields["phone"].column, entity.fields["email"].column) == ("phones", "emails")
    assert "# ?: contacts  # holds lists of objects: take a value out with sql" in text


@pytest.mark.parametrize(
    ("dates", "written"),
    [
        (("02/07/2014", "12/31/2013", "5/30/2012"), 'birth_date: {column: born, format: "%m/%d/%Y"}'),
        (("02.07.14", "12.31.13", "05.30.12"), 'birth_date: {column: born, format: "%m.%d.%y"}'),
        (("02/07/2014", "31/12/2013", "12/31/2012"), "birth_date: born"),
        (("02/07/2014", "03/08/2013", "04/09/2012"), "birth_date: born"),
    ],
)
def test_a_draft_has_the_format_of_dates_whose_month_comes_first(
    empty_project: Project, tmp_path: Path, dates: tuple[str, ...], written: str
) -> None:
    people = zip(("Орлов", "Белов", "Сомов"), ("Пётр", "Иван", "Олег"), dates, strict=True)
    lines = ["id,surname,given,born", *(f"u{place},{','.join(each)}" for place, each in enumerate(people))]
    (tmp_path / "users.csv").write_text("\n".join(lines), encoding="utf-8")
    assert empty_project.rddm("init", "--from", str(tmp_path / "users.csv"), "--json").code == 0
    text = (empty_project.folder / "sources" / "users.yaml").read_text(encoding="utf-8")
    assert f"      {written}" in text
    assert empty_project.rddm("check").code == 0


def test_a_draft_never_overwrites_a_source(empty_project: Project, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(STUDENTS, encoding="utf-8")
    init = ["init", "--from", str(tmp_path / "users.csv")]
    assert empty_project.rddm(*init).code == 0
    outcome = empty_project.rddm(*init)
    assert outcome.code == 2
    assert "sources/users.yaml" in outcome.err


def test_a_json_document_is_entered_to_where_its_records_are(empty_project: Project, tmp_path: Path) -> None:
    records = '{"id": 1, "surname": "Петрова", "phone": "+79161234567"}, {"id": 2, "surname": "Лисин", "phone": null}'
    document = f'{{"data": [{records}]}}'
    (tmp_path / "users.json").write_text(document, encoding="utf-8")
    outcome = empty_project.rddm("init", "--from", str(tmp_path / "users.json"), "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["columns"] == ["id", "surname", "phone"]


def test_of_a_database_with_many_tables_one_must_be_named(empty_project: Project, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "crm.sqlite") as connection:
        connection.execute("CREATE TABLE users (id INTEGER, surname TEXT, email TEXT)")
        connection.execute("INSERT INTO users VALUES (1, 'Петрова', 'p@pismo.alt'), (2, 'Лисин', 'l@pismo.alt')")
        connection.execute("CREATE TABLE logs (id INTEGER)")
    connection.close()
    asked = empty_project.rddm("init", "--from", str(tmp_path / "crm.sqlite"))
    assert asked.code == 2
    assert "logs, users" in asked.err
    drafted = empty_project.rddm("init", "--from", f"sqlite:///{tmp_path / 'crm.sqlite'}", "--table", "users", "--json")
    assert drafted.code == 0, drafted.err
    assert empty_project.rddm("check", "--connect").code == 0


def test_a_source_that_cannot_be_reached_ends_in_3(empty_project: Project) -> None:
    outcome = empty_project.rddm("init", "--from", "http://127.0.0.1:9/users")
    assert outcome.code == 3
    assert outcome.err.startswith("source ")


@pytest.mark.parametrize("place", ["ftp://host/users.csv", "missing.csv"])
def test_what_is_no_source_is_a_usage_error(empty_project: Project, place: str) -> None:
    assert empty_project.rddm("init", "--from", place).code == 2


def test_check_names_every_problem_with_its_line(new_project: Project) -> None:
    source = new_project.folder / "sources" / "academy.yaml"
    source.write_text(source.read_text(encoding="utf-8").replace("last_name", "lastname"), encoding="utf-8")
    outcome = new_project.rddm("check", "--json")
    (problem,) = outcome.json["problems"]
    assert outcome.code == 2
    assert (problem["file"], problem["line"]) == ("sources/academy.yaml", 8)
    assert new_project.rddm("check").err.startswith("sources/academy.yaml, line 8")


def test_check_connect_says_which_column_is_not_delivered(new_project: Project) -> None:
    (new_project.folder / "data" / "students.csv").write_text(STUDENTS.replace("surname", "sur_name"), encoding="utf-8")
    outcome = new_project.rddm("check", "--connect", "--json")
    by_entity = {each["entity"]: each for each in outcome.json["connections"]}
    assert outcome.code == 3
    assert by_entity["student"]["missing"] == ['last_name: column "surname" is not delivered. Did you mean sur_name?']
    assert by_entity["camper"]["missing"] == []


def test_check_connect_reads_what_sql_reads(new_project: Project) -> None:
    source = new_project.folder / "sources" / "academy.yaml"
    text = source.read_text(encoding="utf-8")
    wrong = text.replace("first_name: given", "first_name: {sql: givn}").replace(
        "key: id", "key: id\n    deleted: surnam = ''"
    )
    source.write_text(wrong, encoding="utf-8")
    outcome = new_project.rddm("check", "--connect", "--json")
    student = next(each for each in outcome.json["connections"] if each["entity"] == "student")
    assert outcome.code == 3
    assert student["missing"] == [
        'first_name (its SQL): column "givn" is not delivered. Did you mean given?',
        'deleted: column "surnam" is not delivered. Did you mean surname?',
    ]


def test_check_connect_tries_the_sql_on_records_and_knows_what_it_reads(new_project: Project) -> None:
    source = new_project.folder / "sources" / "academy.yaml"
    text = source.read_text(encoding="utf-8").replace("key: id", "key: id\n    source_time: surname")
    source.write_text(text.replace("phone: phone", 'phone: {sql: "phone::DATE::VARCHAR"}'), encoding="utf-8")
    outcome = new_project.rddm("check", "--connect", "--json")
    student = next(each for each in outcome.json["connections"] if each["entity"] == "student")
    assert outcome.code == 3
    assert (student["missing"], student["unmapped"]) == ([], [])
    assert student["failing"] == [
        "phone: the SQL expression fails on all of the 2 records looked at.",
        "source_time: no moment in time can be read from any of the 2 records looked at.",
    ]


def test_a_key_that_is_empty_in_every_record_is_told_by_the_check_and_by_the_run(new_project: Project) -> None:
    (new_project.folder / "data" / "students.csv").write_text(
        "id,surname,given,born,phone,email\n,Орлов,Пётр,2008-02-01,,\n ,Лисицына,Вера,2007-07-07,,\n", encoding="utf-8"
    )
    checked = new_project.rddm("check", "--connect", "--json")
    assert checked.code == 3
    student = next(each for each in checked.json["connections"] if each["entity"] == "student")
    assert student["failing"] == ["key, id: it is empty in all of the 2 records looked at."]
    ran = new_project.rddm("run", "--json")
    warnings = [each for each in ran.json["warnings"] if "has a key" in each]
    assert [each.partition(". ")[0] for each in warnings] == [
        'source "academy", entity student: none of its 2 records has a key, so all of them wait: id is empty in each, or too long'
    ]


def test_check_connect_says_what_the_next_run_will_do_about_changed_settings(new_project: Project) -> None:
    assert new_project.rddm("check", "--connect", "--json").json["next_run"] == []
    assert new_project.rddm("run").code == 0
    assert new_project.rddm("check", "--connect", "--json").json["next_run"] == []
    source = new_project.folder / "sources" / "camps.yaml"
    text = source.read_text(encoding="utf-8").replace("source_time: upd", "source_time: dob")
    shift, _, booking = text.partition("shifts.csv}\n    key: id")
    source.write_text(f"{shift}shifts.csv}}\n    key: title{booking}", encoding="utf-8")
    outcome = new_project.rddm("check", "--connect", "--json")
    time, key = outcome.json["next_run"]
    assert outcome.code == 0
    assert time.startswith('source "camps", entity camper: source_time was changed since its records were read.')
    assert key.startswith('The next run that reads it refuses it: source "camps", entity shift: its key was id')
    assert "next run  The next run that reads it refuses it" in new_project.rddm("check", "--connect").out
    assert "The next run" not in new_project.rddm("check").out


def test_check_asks_the_engine_about_every_expression(new_project: Project) -> None:
    source = new_project.folder / "sources" / "academy.yaml"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("phone: phone", "phone: {sql: no_such_function(phone)}"), encoding="utf-8")
    outcome = new_project.rddm("check", "--json")
    (problem,) = outcome.json["problems"]
    assert (outcome.code, problem["line"], problem["key"]) == (2, 8, "entities.student.fields.phone.sql")
    assert "no_such_function does not exist" in problem["message"]


def test_reading_needs_no_secret_of_a_source(project: Project) -> None:
    extra = project.folder / "sources" / "extra.yaml"
    extra.write_text(
        'connector: {type: rest, url: "http://127.0.0.1:9", bearer_token: "${NOT_SET_ANYWHERE}"}\n'
        "entities: {person: {key: id, fields: {last_name: a, phone: b}}}\n",
        encoding="utf-8",
    )
    try:
        assert project.rddm("status", "--json").code == 0
    finally:
        extra.unlink()


def test_a_secret_that_is_not_set_is_trouble_for_its_source_alone_and_only_when_it_is_read(
    run_project: Project,
) -> None:
    (run_project.folder / "sources" / "extra.yaml").write_text(
        'connector: {type: rest, url: "http://127.0.0.1:9", bearer_token: "${NOT_SET_ANYWHERE}"}\n'
        "entities: {person: {key: id, fields: {last_name: a, phone: b}}}\n",
        encoding="utf-8",
    )
    assert run_project.rddm("quarantine", "redrive").code == 0
    assert run_project.rddm("run", "--source", "academy").code == 0
    outcome = run_project.rddm("run", "--json")
    assert outcome.code == 3
    (problem,) = outcome.json["problems"]
    assert 'source "extra"' in problem
    assert "the environment has no NOT_SET_ANYWHERE" in problem
    assert {line["source"] for line in outcome.json["sources"] if line["problem"] is None} == {"camps", "academy"}
    assert run_project.rddm("check").code == 2


def test_a_variable_that_decides_what_records_say_must_be_set_for_every_run(project: Project) -> None:
    extra = project.folder / "sources" / "extra.yaml"
    extra.write_text(
        "connector: {type: file, path: data/extra.csv}\n"
        "entities: {person: {key: id, fields: {last_name: a, phone: {sql: \"'${NOT_SET_ANYWHERE}' || b\"}}}}\n",
        encoding="utf-8",
    )
    try:
        outcome = project.rddm("quarantine", "redrive")
        assert outcome.code == 2
        assert "the environment has no NOT_SET_ANYWHERE" in outcome.err
    finally:
        extra.unlink()


def test_a_project_that_never_ran_says_so(empty_project: Project) -> None:
    outcome = empty_project.rddm("status")
    assert outcome.code == 7
    assert "nothing has been run" in outcome.err
    assert not (empty_project.folder / ".rddm").exists()


def test_help_teaches_with_examples_and_exit_codes() -> None:
    outcome = rddm("--help")
    assert outcome.code == 0
    assert "rddm person find" in outcome.out
    assert "another run is writing" in outcome.out
    for command in (["run"], ["person", "find"], ["quarantine", "fix"], ["lake", "maintain"], ["init"], ["check"]):
        assert "rddm " in rddm(*command, "--help").out


def test_the_version_is_printed() -> None:
    assert rddm("version").out.strip() == rddm("--version").out.strip() == "0.1.0"
    assert rddm("version", "--json").json == {"version": "0.1.0"}


def test_a_password_is_drafted_from_a_variable_and_asked_for_when_it_is_not_set(tmp_path: Path) -> None:
    assert rddm("init", str(tmp_path / "new")).code == 0
    url = "postgresql://reader:${CRM_PASSWORD_NOT_SET}@db.invalid/crm"
    outcome = rddm("init", "--from", url, "--table", "users", "--project", str(tmp_path / "new"))
    assert outcome.code == 2
    assert "${CRM_PASSWORD_NOT_SET}: the environment has no such variable" in outcome.err
