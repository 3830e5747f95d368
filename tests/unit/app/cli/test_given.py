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


@pytest.mark.parametrize(
    "given",
    [
        b"", b"[]", b'"text"', b'{"last_name":"\xc7\xe2"}', b"[" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"phone":' + b"7" * 5_000 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(given: bytes) -> None:
    outcome = rddm("person", "lookup", "--stdin", given=given)
    assert outcome.exit_code == 2
    assert "standard input holds no JSON object" in outcome.stderr


def test_half_a_character_is_refused_without_what_stands_beside_it() -> None:
    outcome = rddm("person", "lookup", "--stdin", given=b'{"last_name":"Zimina\\ud800"}')
    assert outcome.exit_code == 2
    assert "no text" in outcome.stderr
    assert "Zimina" not in outcome.stderr


@pytest.mark.parametrize(
    "command",
    [
        SAME, ["person", "different", *SAME[2:]], ["person", "split", *SAME[2:]], ["person", "erase", "a/u/0"],
        ["person", "allow-again", "1"], ["quarantine", "dismiss", "a/u/0"], ["quarantine", "fix", "a/u/0", "--set", "a=1"],
    ],
)  # fmt: skip
def test_a_reason_without_a_word_is_refused(command: list[str]) -> None:
    outcome = rddm(*command, "--reason", " ")
    assert outcome.exit_code == 2
    assert "say why" in outcome.stderr
