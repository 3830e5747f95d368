from __future__ import annotations

import gzip
import os
import tempfile
from pathlib import Path

import duckdb
import psycopg
import pytest
from tests.integration.app.conftest import STUDENTS, Outcome, Project, rddm

from rddm.app.cli import demo as cli_demo
from rddm.project import load
from rddm.store.database import Database

SOMEBODY = "Щербакова"


def test_a_run_accounts_for_every_record(first_run: tuple[Project, Outcome]) -> None:
    _, outcome = first_run
    summary = outcome.json
    campers = next(line for line in summary["sources"] if line["entity"] == "camper")["in_all"]
    assert outcome.code == 0
    assert campers == {
        "received": 7,
        "unreadable": 1,
        "duplicate": 1,
        "superseded": 1,
        "deleted": 0,
        "quarantined": {"technical": 0, "invalid": 1, "incomplete": 0, "missing_parent": 0},
        "conformed": 3,
        "pending": 0,
        "erased": 0,
    }
    assert summary["balances"] is True
    assert summary["status"] == "succeeded"
    assert summary["people"] == {"entity": "person", "records": 5, "golden": summary["golden"]["person"]}


def test_with_json_nothing_but_json_is_on_standard_output(first_run: tuple[Project, Outcome]) -> None:
    _, outcome = first_run
    assert outcome.json["run"] == 1
    assert "read camps camper" in outcome.err


def test_progress_and_errors_show_nobodys_data(first_run: tuple[Project, Outcome]) -> None:
    _, outcome = first_run
    for text in ("Щербаков", "Петров", "916", "pismo", "2104"):
        assert text not in outcome.err
        assert text not in outcome.out


def test_a_run_prints_its_table_and_its_balance(new_project: Project) -> None:
    outcome = new_project.rddm("run")
    assert outcome.code == 0
    assert "to the row ✓" in outcome.out
    assert "5 records → " in outcome.out
    assert "\x1b[" not in outcome.out + outcome.err


def test_a_source_that_fails_ends_in_3_and_the_others_go_on(new_project: Project) -> None:
    (new_project.folder / "data" / "students.csv").unlink()
    outcome = new_project.rddm("run", "--json")
    assert outcome.code == 3
    assert outcome.json["status"] == "source_failed"
    assert 'source "academy", entity student' in outcome.json["problems"][0]
    assert outcome.json["totals"]["conformed"] > 0


def test_a_file_that_breaks_off_ends_in_3_and_what_came_before_stays(new_project: Project) -> None:
    lines = "".join(f"s{number},Лисицына,Вера,2007-07-07,,\n" for number in range(3, 2000))
    whole = gzip.compress((STUDENTS + lines).encode())
    (new_project.folder / "data" / "students.csv.gz").write_bytes(whole[: len(whole) // 2])
    source = new_project.folder / "sources" / "academy.yaml"
    source.write_text(source.read_text(encoding="utf-8").replace("students.csv", "students.csv.gz"), encoding="utf-8")
    outcome = new_project.rddm("run", "--json")
    (problem,) = outcome.json["problems"]
    (student,) = (each for each in outcome.json["sources"] if each["entity"] == "student")
    assert outcome.code == 3
    assert problem.startswith('source "academy", entity student: data/students.csv.gz, after ')
    assert "truncated" in problem
    assert student["in_all"]["conformed"] > 100
    assert student["in_all"]["unreadable"] == 1
    (new_project.folder / "data" / "students.csv.gz").write_bytes(whole)
    again = new_project.rddm("run", "--json")
    (student,) = (each for each in again.json["sources"] if each["entity"] == "student")
    assert (again.code, student["in_all"]["conformed"]) == (0, 1999)


def test_only_the_named_source_is_read(new_project: Project) -> None:
    outcome = new_project.rddm("run", "--source", "academy", "--json")
    read = {line["source"] for line in outcome.json["sources"] if line["this_run"] is not None}
    assert read == {"academy"}


def test_a_source_that_does_not_exist_is_a_usage_error(new_project: Project) -> None:
    outcome = new_project.rddm("run", "--source", "camp")
    assert outcome.code == 2
    assert "There are: academy, camps." in outcome.err


def test_two_runs_at_once_are_refused(new_project: Project) -> None:
    with Database(os.environ["RDDM_DATABASE_URL"]).writer_lock():
        outcome = new_project.rddm("run")
        assert new_project.rddm("status", "--json").code in (0, 7)
    assert outcome.code == 5
    assert "Another run" in outcome.err


@pytest.mark.parametrize("command", [["run"], ["status"], ["check"], ["person", "show", "abcd"]])
def test_without_a_project_every_command_says_what_to_do(short_folder: object, command: list[str]) -> None:
    outcome = rddm(*command, "--project", f"{short_folder}/nowhere")
    assert outcome.code == 2
    assert "rddm init" in outcome.err


def test_an_unexpected_error_ends_in_1_with_a_log_and_no_data(
    new_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(SOMEBODY)

    monkeypatch.setattr(load, "load_project", fail)
    monkeypatch.setattr("sys.argv", ["rddm", "check", "--project", str(new_project.folder)])
    outcome = new_project.rddm("check")
    assert (new_project.folder / ".rddm" / "last-error.log").stat().st_mode & 0o777 == 0o600
    log = (new_project.folder / ".rddm" / "last-error.log").read_text(encoding="utf-8")
    assert outcome.code == 1
    assert "ValueError" in outcome.err
    assert "Traceback" not in outcome.err
    assert SOMEBODY not in outcome.err + log
    assert "builtins.ValueError" in log


def test_an_interrupt_ends_in_130(new_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(load, "load_project", interrupt)
    assert new_project.rddm("check").code == 130


def test_an_interrupt_that_the_engine_noticed_ends_in_130_too(
    new_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise RuntimeError from KeyboardInterrupt()

    monkeypatch.setattr(load, "load_project", interrupt)
    assert new_project.rddm("check").code == 130


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError(SOMEBODY),
        duckdb.IOException(SOMEBODY),
        duckdb.Error(f"Failed to get data file list from DuckLake: {SOMEBODY}"),
        OSError(28, SOMEBODY),
    ],
)
def test_a_store_that_fails_in_the_middle_ends_in_4(
    new_project: Project, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(load, "load_project", fail)
    outcome = new_project.rddm("check")
    assert outcome.code == 4
    assert SOMEBODY not in outcome.err


def test_a_database_that_is_not_there_ends_in_4(new_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDDM_DATABASE_URL", "postgresql://nobody:hidden@127.0.0.1:9/none")
    outcome = new_project.rddm("run")
    assert outcome.code == 4
    assert "RDDM_DATABASE_URL" in outcome.err
    assert "hidden" not in outcome.err


@pytest.mark.parametrize("has_folder", [True, False])
def test_outside_a_project_the_log_is_in_the_demo_or_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_folder: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError(SOMEBODY)

    demo, temporary = tmp_path / "demo", tmp_path / "tmp"
    (demo if has_folder else temporary).mkdir()
    temporary.mkdir(exist_ok=True)
    arguments = ["demo", "--folder", str(demo)]
    monkeypatch.setattr(cli_demo, "_clear", fail)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr("sys.argv", ["rddm", *arguments])
    monkeypatch.chdir(tmp_path)
    outcome = rddm(*arguments)
    logs = [*demo.rglob("*.log"), *temporary.rglob("*.log")]
    assert outcome.code == 1
    assert [str(log) in outcome.err for log in logs] == [True]
    assert "builtins.ValueError" in logs[0].read_text(encoding="utf-8")


def test_without_sources_a_run_says_how_to_draft_one(new_project: Project) -> None:
    for each in (new_project.folder / "sources").iterdir():
        each.unlink()
    outcome = new_project.rddm("run")
    assert outcome.code == 0
    assert "no sources yet" in outcome.err
    assert "rddm init --from FILE_OR_URL" in outcome.err
