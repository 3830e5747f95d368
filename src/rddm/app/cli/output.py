"""Where output goes: values to standard output, as text or JSON; everything about the work to standard error."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import os
import sys
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console, RenderableType

PLAIN_WIDTH = 160
"""Columns when the output is no terminal and nothing says otherwise: wide enough that no table is folded."""


def prepare_streams() -> None:
    """Let a terminal that cannot show a character show a question mark instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def stdout_console() -> Console:
    return _console(sys.stdout, is_error=False)


def stderr_console() -> Console:
    return _console(sys.stderr, is_error=True)


def _console(stream: Any, *, is_error: bool) -> Console:  # noqa: ANN401 - any text stream
    from rich.console import Console  # noqa: PLC0415 - see the room's docstring

    is_terminal = bool(getattr(stream, "isatty", lambda: False)())
    width = None if is_terminal or "COLUMNS" in os.environ else PLAIN_WIDTH
    return Console(stderr=is_error, width=width, highlight=False, soft_wrap=False)


def show(value: object, draw: Callable[[], RenderableType], *, as_json: bool) -> None:
    """Print *value* as JSON, or what *draw* makes of it."""
    if as_json:
        print_json(value)
    else:
        print_drawn(draw())


def print_drawn(drawn: RenderableType) -> None:
    """
    Print *drawn*, without what in it would steer a terminal; where no terminal shows it, without the blanks that fill up its
    lines.
    """
    from rddm.app.cli.render.tables import Plain  # noqa: PLC0415 - see the room's docstring

    console = stdout_console()
    if console.is_terminal:
        console.print(Plain(drawn))
        return
    with console.capture() as captured:
        console.print(Plain(drawn))
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def write_privately(place: Path, text: str) -> None:
    """Write *text* to *place*, which nobody else on the machine may read then."""
    place.touch(mode=0o600)
    if place.is_file():  # no device or pipe, which is not ours to close to others
        place.chmod(0o600)
    place.write_text(text, encoding="utf-8")


def print_json(value: object) -> None:
    """Print *value* as JSON: keys as in the dataclasses, times ISO 8601 in UTC, ids as text."""
    sys.stdout.write(json.dumps(jsonable(value), ensure_ascii=False, indent=2) + "\n")


def jsonable(value: object) -> object:  # noqa: PLR0911 - one line per kind of value
    """
    Return *value* in the types that JSON has.

    >>> jsonable({"at": dt.datetime(2026, 3, 1, 12, 0)})
    {'at': '2026-03-01T12:00:00Z'}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(each) for each in value]
    if isinstance(value, dt.datetime):
        in_utc = value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)
        return in_utc.isoformat(timespec="seconds") + "Z"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if value is None or isinstance(value, str | int | float) else str(value)
