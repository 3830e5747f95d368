"""What helps where a source failed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rddm.app.cli import application
from rddm.app.cli.next_steps import DEMO_NOTE, DEMO_VARIABLE, next_steps
from rddm.demo import REST_TOKEN, REST_TOKEN_VARIABLE
from rddm.project.load import load_project
from rddm.project.settings import ProjectSettings

CAMPS = """
connector: {type: file}
entities:
  camper: {model: person, read: {path: data/campers.csv}, key: id, fields: {last_name: fam}}
"""
APP = """
connector: {type: rest, url: "http://127.0.0.1:9", bearer_token: "${RDDM_DEMO_TOKEN}"}
entities:
  user: {model: person, read: {path: /users}, key: id, fields: {last_name: fam}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sources").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "rddm.yaml").write_text("name: tiny\n", encoding="utf-8")
    (tmp_path / "sources/camps.yaml").write_text(CAMPS, encoding="utf-8")
    (tmp_path / "sources/app.yaml").write_text(APP, encoding="utf-8")
    return tmp_path


def settings(folder: Path) -> ProjectSettings:
    return load_project(folder, {DEMO_VARIABLE: "x"})


def test_where_there_is_no_demo_the_errors_say_enough(folder: Path) -> None:
    assert next_steps(settings(folder), ["camps", "app", "gone"]) == []


def test_in_a_demo_a_service_that_does_not_answer_leads_to_demo_serve(folder: Path) -> None:
    (folder / DEMO_NOTE).write_text("{}", encoding="utf-8")
    (step,) = next_steps(settings(folder), ["app", "app"])
    assert f"`rddm demo --serve --folder {folder}`" in step
    assert f"export {REST_TOKEN_VARIABLE}={REST_TOKEN}" in step
    assert "demo" not in "".join(next_steps(settings(folder), ["camps"]))


@pytest.mark.parametrize("is_demo", [True, False])
def test_only_in_a_demo_the_variable_that_is_not_set_leads_to_demo_serve(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, is_demo: bool
) -> None:
    if is_demo:
        (folder / DEMO_NOTE).write_text("{}", encoding="utf-8")
    arguments = ["check", "--project", str(folder)]
    monkeypatch.setattr("sys.argv", ["rddm", *arguments])
    monkeypatch.delenv(DEMO_VARIABLE, raising=False)
    outcome = CliRunner().invoke(application, arguments)
    assert outcome.exit_code == 2
    assert f"the environment has no {DEMO_VARIABLE}" in outcome.stderr
    assert ("rddm demo --serve" in outcome.stderr) == is_demo
