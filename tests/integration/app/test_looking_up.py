"""``rddm person lookup``, on a project with its embedded server."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from tests.integration.app.conftest import Project
from typer.testing import CliRunner

from rddm.app.cli import application

ANNA = ("--last-name", "Щербакова", "--first-name", "Аня", "--birth-date", "14.05.2009", "--phone", "8 916 123-45-67")


def test_a_person_who_is_known_ends_with_0_and_is_told_by_id_and_reasons(project: Project) -> None:
    outcome = project.rddm("person", "lookup", *ANNA, "--json")
    assert outcome.code == 0, outcome.err
    answer = outcome.json
    assert answer["verdict"] == "known"
    found = project.rddm("person", "find", "Щербакова", "--json").json["found"]
    assert [each["id"] for each in answer["people"]] == [each["id"] for each in found]
    levels = {each["field"]: each["level"] for each in answer["people"][0]["explanation"]["contributions"]}
    assert levels["phone"] == "same"
    assert levels["email"] == "missing"


def test_the_answer_shows_nothing_that_is_stored(project: Project) -> None:
    for arguments in ([*ANNA], [*ANNA, "--json"]):
        outcome = project.rddm("person", "lookup", *arguments)
        assert outcome.code == 0
        for stored in ("Игоревна", "igor", "pismo", "sherbakov"):
            assert stored not in outcome.out


def test_nobody_who_is_known_ends_with_7_and_says_what_was_mended(project: Project) -> None:
    outcome = project.rddm(
        "person", "lookup", "--last-name", "Неизвестный", "--first-name", "Кузьма", "--phone=999999999"
    )
    assert outcome.code == 7
    assert "nobody whom we know is meant" in outcome.out
    assert "Would make it clearer" in outcome.out


def test_too_little_to_look_for_anybody_by_ends_with_9(project: Project) -> None:
    outcome = project.rddm("person", "lookup", "--last-name", "Щербакова")
    assert outcome.code == 9
    assert "too little" in outcome.out
    assert "Would make it clearer" in outcome.out
    assert project.rddm("person", "lookup", "--last-name", "Щербакова", "--json").json["verdict"] == "too_little"


def test_who_may_be_meant_but_is_not_sure_ends_with_8(project: Project) -> None:
    outcome = project.rddm("person", "lookup", "--first-name", "Аня", "--phone", "8 916 123-45-67", "--json")
    assert outcome.json["verdict"] in ("possible", "known")
    assert outcome.code == {"possible": 8, "known": 0}[outcome.json["verdict"]]
    assert outcome.json["people"]


def test_fields_may_come_on_standard_input(project: Project) -> None:
    typed = {
        "last_name": "Щербакова",
        "first_name": "Анна",
        "birth_date": "2009-05-14",
        "phone": None,
        "organisation": "Школа",
    }
    command = ["person", "lookup", "--stdin", "--json", "--project", str(project.folder)]
    result = CliRunner().invoke(application, command, prog_name="rddm", input=json.dumps(typed))
    answer: Any = json.loads(result.stdout)
    assert answer["understood"] == ["last_name", "first_name", "birth_date"]
    assert answer["not_compared"] == ["organisation"]
    assert answer["people"]


@pytest.mark.parametrize("value", [{"a": 1}, ["+79161234567"], 7.5, True])
def test_what_is_neither_text_nor_a_whole_number_is_refused_by_name(project: Project, value: object) -> None:
    command = ["person", "lookup", "--stdin", "--project", str(project.folder)]
    result = CliRunner().invoke(application, command, prog_name="rddm", input=json.dumps({"phone": value}))
    assert result.exit_code == 2
    assert "phone is of type" in result.stderr
    assert "7916" not in result.stderr


def test_the_program_of_the_guide_runs(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = Path(__file__).parents[3] / "docs/how-to/ask-before-you-create.md"
    (program,) = re.findall(r"^```python\n(.*?)^```$", guide.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "my-warehouse").symlink_to(project.folder, target_is_directory=True)
    (tmp_path / "ask.py").write_text(program, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("ask.py")
    found = project.rddm("person", "find", "Щербакова", "--json").json["found"]
    assert found[0]["id"] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nickname", "Аня"], "the model has no field nickname"),
        ([], "there is no field"),
        (["--last-name"], "--last-name has no value"),
        (["Щербакова"], "belongs to no option"),
        (["--last-name", "Аня\udcff"], "no text"),
    ],
)
def test_a_wrong_command_line_is_refused_without_repeating_what_was_typed(
    project: Project, arguments: list[str], words: str
) -> None:
    outcome = project.rddm("person", "lookup", *arguments)
    assert outcome.code == 2
    assert words in " ".join(outcome.err.split())
    assert "Аня" not in outcome.err
    assert "Щербакова" not in outcome.err


def test_before_the_first_run_nobody_can_be_looked_up(new_project: Project) -> None:
    outcome = new_project.rddm("person", "lookup", *ANNA)
    assert outcome.code == 7
    assert "rddm run" in outcome.err
