"""What is given on the command line or on standard input, and is none of what it must be."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner, Result

from rddm.app.cli import application

SAME = ["person", "same", "a/u/0", "b/u/1"]


def rddm(*arguments: str, given: bytes = b"") -> Result:
    return CliRunner().invoke(application, list(arguments), prog_name="rddm", input=given)


@pytest.mark.parametrize(
    "arguments",
    [
        [*SAME, "--reason", "Аня\udcff"],
        [*SAME, "--reason", "x", "--by", "Аня\udcff"],
        ["person", "show", "a/u/Аня\udcff"],
        ["person", "find", "Аня\udcff"],
        ["quarantine", "fix", "a", "u", "1", "--reason", "x", "--set", "name=Аня\udcff"],
        ["sql", "SELECT 'Аня\udcff'"],
    ],
)
def test_bytes_that_are_no_text_are_refused_in_every_command_without_being_repeated(arguments: list[str]) -> None:
    outcome = rddm(*arguments)
    assert outcome.exit_code == 2
    assert "is no text: give it in UTF-8" in outcome.stderr
    assert "Аня" not in outcome.stderr
