"""The tutorial does what it says: its blocks are run in their order in one shell session, outputs compared."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs/tutorial/first-warehouse.md"
LEFT_OUT = "…"
_BLOCK = re.compile(r"^```(bash|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FOLDER_MARK = "--folder-is--"
_SIGNED = re.compile(r"[+-]\d+\.\d+")


@dataclass(frozen=True)
class Command:
    """A command and the lines it should print; None where the text says nothing of what it prints."""

    text: str
    expected: tuple[str, ...] | None


def commands_of(markdown: str) -> Iterator[Command]:
    """Blocks marked ``bash`` are run whole; in ``console`` a line with ``$ `` is a command, those below it its output."""
    for kind, block in _BLOCK.findall(markdown):
        if kind == "bash":
            yield Command(block, None)
            continue
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield Command(command, tuple(output.splitlines()))


def matches(expected: tuple[str, ...], printed: str) -> bool:
    """
    Tell whether *printed* is what is *expected*.

    Spaces, lengths of rules, sides of frames and empty lines do not count. ``…`` alone stands for any lines, in a line for
    any text. Of a weight only the sign is compared: weights are better known with every version.
    """
    pattern = "".join(
        "(?:.*\n)*?" if line.strip() == LEFT_OUT else _line_pattern(line) for line in expected if _squeezed(line)
    )
    lines = "".join(f"{squeezed}\n" for line in printed.splitlines() if (squeezed := _squeezed(line)))
    return re.fullmatch(pattern, lines) is not None


def _line_pattern(line: str) -> str:
    def of_text(text: str) -> str:
        pieces, place = [], 0
        for found in _SIGNED.finditer(text):
            pieces += [re.escape(text[place : found.start()]), re.escape(found.group()[0]), r"\d+\.\d+"]
            place = found.end()
        return "".join([*pieces, re.escape(text[place:])])

    return ".*".join(map(of_text, _squeezed(line).split(LEFT_OUT))) + "\n"


def _squeezed(line: str) -> str:
    text = re.sub("─+", "─", " ".join(line.split()))
    return text.strip("│").strip() if text.startswith("│") else text


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    """A folder with a short path, as the embedded server's socket needs."""
    folder = Path(tempfile.mkdtemp(prefix="rddm-t-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(900)
def test_the_tutorial_does_what_it_says(empty_folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RDDM_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment |= {"PATH": path, "COLUMNS": "120", "NO_COLOR": "1", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    folder = empty_folder
    commands = list(commands_of(TUTORIAL.read_text(encoding="utf-8")))
    assert len(commands) > 10
    for command in commands:
        done = subprocess.run(  # noqa: S603 - the tutorial is ours
            ["bash", "-c", f"set -e\n{command.text}\necho; echo {_FOLDER_MARK}$PWD"],  # noqa: S607 - the reader's own shell
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{command.text}\n{done.stdout}{done.stderr}"
        printed, _, place = done.stdout.rpartition(_FOLDER_MARK)
        folder = Path(place.strip())
        if command.expected is not None:
            assert matches(command.expected, printed), f"$ {command.text}\n{printed}"


@pytest.mark.parametrize(
    ("expected", "printed", "is_same"),
    [
        ("one\ntwo", "one\n\n  two  \n", True),
        ("one\ntwo", "one\nthree\n", False),
        ("one", "one\ntwo\n", False),
        ("one\n…", "one\ntwo\nthree\n", True),
        ("…\nthree", "one\ntwo\nthree\n", True),
        ("took … s", "took 3.7 s\n", True),
        ("weight +14.1", "weight +12.9\n", True),
        ("weight +14.1", "weight -12.9\n", False),
        ("│ a   b", "│  a b      │\n", True),
    ],
)
def test_outputs_are_compared_where_it_matters(expected: str, printed: str, is_same: bool) -> None:  # noqa: FBT001
    assert matches(tuple(expected.splitlines()), printed) is is_same
