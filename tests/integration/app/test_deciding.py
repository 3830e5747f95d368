from __future__ import annotations

import os
from datetime import UTC

import pytest
from tests.integration.app.conftest import Project

from rddm.app.wire import open_warehouse
from rddm.serve.publish import last_published
from rddm.store import maintenance
from rddm.store.database import Database


def test_a_patch_releases_a_record_and_keeps_what_was_delivered(run_project: Project) -> None:
    fix = [
        "quarantine",
        "fix",
        "camps",
        "camper",
        "3",
        "--set",
        "dob=31.12.2004",
        "--reason",
        "asked them",
        "--by",
        "ann",
    ]
    outcome = run_project.rddm(*fix)
    assert outcome.code == 0
    assert "The next run applies it" in outcome.out
    assert "2004" not in outcome.out
    waiting = run_project.rddm("quarantine", "show", "camps", "camper", "3", "--json").json
    assert waiting["patches"][0] | {"made_at": ""} == {
        "column": "dob",
        "before": "31.12.2104",
        "after": "31.12.2004",
        "reason": "asked them",
        "made_by": "ann",
        "made_at": "",
        "state": "waits for the next run",
    }
    redriven = run_project.rddm("quarantine", "redrive", "--json").json
    assert all(line["this_run"] is None for line in redriven["sources"])
    released = run_project.rddm("quarantine", "show", "camps", "camper", "3", "--json").json
    assert released["state"] == "conformed"
    assert released["versions"][0]["delivered"]["dob"] == "31.12.2104"
    assert released["patches"][0]["state"] == "applied"


def test_a_patch_that_is_run_says_whether_the_record_is_released(run_project: Project) -> None:
    fix = ["quarantine", "fix", "camps", "camper", "3", "--reason", "asked", "--run", "--set"]
    still = run_project.rddm(*fix, "dob=31.12.2103")
    assert "It waits in quarantine: birth_date: the date of birth is in the future." in still.out
    released = run_project.rddm(*fix, "dob=31.12.2003", "--json")
    assert (released.json["state"], released.json["reasons"]) == ("conformed", [])


def test_a_record_without_a_key_cannot_be_patched_and_is_dismissed_instead(new_project: Project) -> None:
    campers = new_project.folder / "data" / "campers.csv"
    campers.write_text(campers.read_text(encoding="utf-8") + ";Орлов;Пётр;;01.02.2008;;;\n", encoding="utf-8")
    assert new_project.rddm("run", "--json").code == 0
    (waiting,) = new_project.rddm("quarantine", "list", "--kind", "technical", "--json").json["records"]
    address = f"camps/camper/{waiting['key']}"
    assert "rddm quarantine dismiss" in waiting["releases"][0]
    refused = new_project.rddm("quarantine", "fix", address, "--set", "id=77", "--reason", "x")
    assert (refused.code, "no patch can give it one" in refused.err) == (7, True)
    assert new_project.rddm("quarantine", "dismiss", "camps/camper/3", "--reason", "x").code == 7
    dismissed = new_project.rddm("quarantine", "dismiss", address, "--reason", "a test row", "--run", "--json")
    assert dismissed.json["state"] == "dismissed"
    campers.write_text(campers.read_text(encoding="utf-8") + ";Орлов;Пётр;;01.02.2008;;;\n\n", encoding="utf-8")
    again = new_project.rddm("run", "--json").json
    assert again["balances"] is True
    assert new_project.rddm("quarantine", "list", "--kind", "technical", "--json").json["records"] == []
    taken_back = new_project.rddm("quarantine", "unfix", address, "--run", "--json")
    assert taken_back.json["state"] == "quarantined"


def test_what_cleaning_left_out_is_shown_for_every_record(new_project: Project) -> None:
    campers = new_project.folder / "data" / "campers.csv"
    text = campers.read_text(encoding="utf-8") + "11;Тест;нет;;01.01.1900;+70000000000;anna@pismo.alt;\n"
    campers.write_text(text, encoding="utf-8")
    shifts = new_project.folder / "data" / "shifts.csv"
    shifts.write_text(shifts.read_text(encoding="utf-8") + "e2;Смена «Юг»;не дата\n", encoding="utf-8")
    assert new_project.rddm("run", "--json").code == 0
    waiting = new_project.rddm("quarantine", "show", "camps/camper/11", "--json").json
    (reason,) = waiting["waiting"]["reasons"]
    left_out = " is there (delivered, and left out: last_name, first_name: a placeholder stood in for a missing value)"
    assert reason.startswith("none of last_name, first_name")
    assert reason.endswith(left_out)
    assert {each["field"]: each["before"] for each in waiting["repairs"]}["birth_date"] == "01.01.1900"
    conformed = new_project.rddm("quarantine", "show", "camps/shift/e2", "--json").json
    assert [(each["field"], each["before"], each["words"]) for each in conformed["repairs"]] == [
        ("starts_on", "не дата", "this is not a date; left empty")
    ]
    assert "this is not a date; left empty" in new_project.rddm("quarantine", "show", "camps/shift/e2").out


def test_a_patch_of_a_column_that_is_not_there_is_refused(run_project: Project) -> None:
    fix = ["quarantine", "fix", "camps", "camper", "3", "--reason", "x", "--set"]
    outcome = run_project.rddm(*fix, "do=2004")
    assert outcome.code == 7
    assert "Did you mean dob?" in outcome.err
    assert run_project.rddm(*fix, "2004").code == 2
    assert run_project.rddm("quarantine", "fix", "camps", "camper", "66", "--reason", "x", "--set", "dob=1").code == 7


def test_a_humans_word_joins_and_parts_people(run_project: Project) -> None:
    one, two = "camps/camper/2", "academy/student/s2"
    first, second = run_project.people(one, two)
    assert first != second
    joined = run_project.rddm("person", "same", one, two, "--reason", "they told us", "--run", "--json")
    assert joined.code == 0, joined.err
    assert joined.json["applied"] is True
    first, second = run_project.people(one, two)
    assert first == second
    kinds = {each["kind"] for each in run_project.rddm("person", "history", one, "--json").json["history"]}
    assert "merged" in kinds
    assert run_project.rddm("person", "different", one, two, "--reason", "a mistake", "--run", "--json").code == 0
    first, second = run_project.people(one, two)
    assert first != second


def test_a_word_is_kept_in_a_warehouse_of_an_older_version(run_project: Project) -> None:
    with Database(os.environ["RDDM_DATABASE_URL"]).connect() as connection:
        connection.execute("ALTER TABLE control.judgement DROP COLUMN withdrawn_by, DROP COLUMN withdrawn_reason")
        connection.execute("UPDATE control.migration SET version_num = '0002'")
    reason = ["--reason", "asked them", "--by", "ann"]
    assert run_project.rddm("person", "same", "camps/camper/1", "camps/camper/2", *reason).code == 0
    assert run_project.rddm("person", "unjudge", "camps/camper/1", "camps/camper/2", *reason).code == 0
    (word,) = run_project.rddm("person", "judgements", "--json").json["judgements"]
    assert (word["withdrawal"]["by"], word["withdrawal"]["reason"]) == ("ann", "asked them")


def test_an_id_that_was_merged_leads_to_the_living_one(run_project: Project) -> None:
    ids = set(run_project.people("camps/camper/2", "academy/student/s2"))
    same = ["person", "same", "camps/camper/2", "academy/student/s2", "--reason", "x", "--run", "--json"]
    assert run_project.rddm(*same).code == 0
    (living,) = run_project.people("camps/camper/2")
    (merged,) = ids - {living}
    outcome = run_project.rddm("person", "show", merged)
    assert outcome.code == 0
    assert f"{merged} was merged into {living}" in outcome.out
    for source, file in (("camps", "campers"), ("academy", "students")):
        data, mapping = run_project.folder / "data" / f"{file}.csv", run_project.folder / "sources" / f"{source}.yaml"
        data.write_text("".join(data.read_text(encoding="utf-8").splitlines(keepends=True)[:2]), encoding="utf-8")
        snapshot = mapping.read_text(encoding="utf-8").replace("key: id", "key: id\n    mode: snapshot")
        mapping.write_text(snapshot, encoding="utf-8")
    assert run_project.rddm("run").code == 0
    gone = run_project.rddm("person", "show", merged)
    assert (gone.code, f"merged into {living}, of which no record is left" in " ".join(gone.err.split())) == (7, True)


def test_who_has_ended_is_told_from_who_never_was(new_project: Project) -> None:
    source = new_project.folder / "sources" / "academy.yaml"
    source.write_text(
        source.read_text(encoding="utf-8").replace("key: id", "key: id\n    mode: snapshot"), encoding="utf-8"
    )
    assert new_project.rddm("run", "--json").code == 0
    (vera,) = new_project.people("academy/student/s2")
    students = new_project.folder / "data" / "students.csv"
    students.write_text("\n".join(students.read_text(encoding="utf-8").splitlines()[:2]) + "\n", encoding="utf-8")
    (new_run,) = [new_project.rddm("run", "--json").json]
    assert new_run["resolved"]["person"]["ended"] == 1
    ended = new_project.rddm("person", "show", vera[:8])
    assert (ended.code, f"ended in run {new_run['run']}" in ended.err) == (7, True)
    record = new_project.rddm("person", "show", "academy/student/s2")
    assert (record.code, "was deleted" in record.err) == (7, True)
    for who, said in ((vera[:8], ended.err), ("academy/student/s2", record.err)):
        before = said.split("`--as-of ")[1].split("`")[0]
        assert new_project.rddm("person", "show", who, "--as-of", before, "--json").json["id"] == vera
    assert new_project.rddm("person", "history", vera[:8], "--json").code == 0
    assert "no person" in new_project.rddm("person", "show", "00000000").err
    assert new_project.rddm("lake", "maintain", "--keep-days", "0").code == 0
    for who in (vera[:8], "academy/student/s2"):
        gone = new_project.rddm("person", "show", who)
        assert (gone.code, "--as-of" in gone.err) == (7, False)


def test_one_person_cannot_be_told_apart_from_themselves(run_project: Project) -> None:
    (anna,) = run_project.people("camps/camper/1")
    outcome = run_project.rddm("person", "different", anna, anna, "--reason", "x")
    assert outcome.code == 7
    assert "Name the two records" in outcome.err


def test_maintenance_forgets_snapshots_and_loses_no_row(run_project: Project) -> None:
    before = run_project.rddm("status", "--json").json
    done = run_project.rddm("lake", "maintain", "--keep-days", "0", "--json")
    assert done.code == 0, done.err
    assert done.json["snapshots_after"] < done.json["snapshots_before"]
    after = run_project.rddm("status", "--json").json
    assert (after["in_all"], after["golden"]) == (before["in_all"], before["golden"])
    (run_project.folder / "data" / "bookings.csv").write_text("id;camper;shift;role\nb1;1;e1;гость\n", encoding="utf-8")
    again = run_project.rddm("run", "--json")
    assert again.code == 0
    assert again.json["balances"] is True


def test_the_state_that_maintenance_leaves_counts_as_published(run_project: Project) -> None:
    with open_warehouse(run_project.folder, os.environ) as warehouse:
        warehouse.lake.connection.execute("CREATE TABLE lake.raw.number AS SELECT range AS number FROM range(100_000)")
        warehouse.lake.connection.execute("DELETE FROM lake.raw.number WHERE number % 50 > 0")
        warehouse.note_published(warehouse.now().replace(tzinfo=UTC))
        before = warehouse.lake.current_snapshot()
    assert run_project.rddm("lake", "maintain").code == 0
    with open_warehouse(run_project.folder, os.environ) as warehouse:
        assert last_published(warehouse.database) == warehouse.lake.current_snapshot() > before


def test_maintenance_that_would_change_rows_fails_loudly(run_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([{("golden", "person"): 4}, {("golden", "person"): 3}])
    monkeypatch.setattr(maintenance, "count_rows", lambda _: next(counts))
    outcome = run_project.rddm("lake", "maintain")
    assert outcome.code == 4
    assert "golden.person: 4 before, 3 after" in outcome.err


def test_reading_goes_on_while_someone_writes(run_project: Project) -> None:
    with Database(os.environ["RDDM_DATABASE_URL"]).writer_lock():
        assert run_project.rddm("status", "--json").json["is_active"] is True
        assert run_project.rddm("person", "show", "camps/camper/1").code == 0
        assert run_project.rddm("quarantine", "list").code == 0
        assert run_project.rddm("lake", "maintain").code == 5
        fix = ["quarantine", "fix", "camps", "camper", "3", "--set", "dob=31.12.2004", "--reason", "x"]
        assert run_project.rddm(*fix).code == 0
