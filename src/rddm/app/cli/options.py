"""The options that commands share, and the project they work on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rddm.contracts.errors import ConfigurationError, ConfigurationProblem

ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project",
        "-p",
        metavar="DIR",
        help="The warehouse project. Default: the nearest folder with an rddm.yaml, from here upwards.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead, and nothing else, on standard output.")]
MOST = 2**31 - 1
"""No list is longer; larger numbers are slips, which PostgreSQL and the engine would stumble over."""
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=MOST, metavar="N", help="Show this many.")]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="WHEN",
        help="The state at a snapshot (`rddm lake snapshots`), at the end of a day (2026-03-01, UTC) or at a time"
        " (2026-03-01T12:00, in UTC unless it says otherwise: 2026-03-01T12:00+03:00).",
        show_default=False,
    ),
]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who decides. Default: who is logged in.", show_default=False)
]


def given_reason(reason: str) -> str:
    """
    Return *reason*, which somebody will read when they ask why.

    Raises:
        BadParameter: it holds no word.
    """
    if not reason.strip():
        raise typer.BadParameter("it is empty: say why in a few words.")
    return reason


YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. Needed where there is no terminal.")]

PROJECT_FILE = "rddm.yaml"


def find_project(given: Path | None) -> Path:
    """
    Return the project's folder: *given*, or the nearest one with an rddm.yaml from the working directory upwards.

    Raises:
        ConfigurationError: there is none.
    """
    here = given if given is not None else Path.cwd()
    if given is not None and (given / PROJECT_FILE).is_file():
        return given.resolve()
    if given is None:
        for folder in (here, *here.parents):
            if (folder / PROJECT_FILE).is_file():
                return folder
    where = f"in {given}" if given is not None else "here or in any folder above"
    raise ConfigurationError(
        ConfigurationProblem(
            PROJECT_FILE,
            0,
            "",
            f"there is no such file {where}.",
            "Go to a warehouse project, name it with --project DIR, or write a new one with `rddm init NAME`.",
        )
    )


def can_be_written(given: str) -> bool:
    r"""
    Tell whether what somebody gave can be written down: not half a character, nor bytes that are no UTF-8.

    >>> can_be_written("Щербакова"), can_be_written("\ud800")
    (True, False)
    """
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True
