"""What becomes of failures: a sentence on standard error and an exit code, never a stack trace."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from rddm.contracts.errors import RddmError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTED = 130
STORE_FAILURES = frozenset(
    {("psycopg", "OperationalError"), ("psycopg", "InterfaceError")}
    | {("_duckdb", name) for name in ("IOException", "HTTPException", "OutOfMemoryException", "FatalException")}
)
LOG = Path(".rddm") / "last-error.log"


class GuardedGroup(TyperGroup):
    """A group of commands whose failures end in a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the overridden one takes a context that Typer does not export
        try:
            return super().invoke(ctx)
        except (Exception, KeyboardInterrupt) as error:
            if _is_typers(error):
                raise
            raise typer.Exit(_tell(error)) from None


def _is_typers(error: BaseException) -> bool:
    """Usage errors, exits and aborts are for Typer, which knows how to show them."""
    return any(each.__module__.startswith(("click", "typer")) for each in type(error).__mro__)


def _tell(error: BaseException) -> int:
    """Say what happened, and return the exit code."""
    if any(
        isinstance(each, KeyboardInterrupt) or type(each).__name__ == "InterruptException" for each in _chain(error)
    ):
        # The engine makes an error of its own of an interrupt that it notices itself.
        _say("Interrupted. What was committed stays; the next run goes on from there.")
        return INTERRUPTED
    if isinstance(error, RddmError):
        _say(str(error))
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        _close_stdout()
        return 0
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        _say("The disk is full. Free some space and run the command again: nothing half-done was kept.")
        return StoreError.exit_code
    place = _write_log(error)
    where = f" The traceback is in {place}." if place else ""
    if _is_of_the_store(error):
        what = f"PostgreSQL or the lake failed ({type(error).__name__})."
        _say(f"{what} Check that PostgreSQL is up, disk space and memory, then run the command again.{where}")
        return StoreError.exit_code
    _say(f"Something unexpected happened ({type(error).__name__}); this is a bug of ours.{where} Please report it.")
    return 1


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _is_of_the_store(error: BaseException) -> bool:
    """By name, so that neither library is imported for it."""
    kinds = {(each.__module__.partition(".")[0], each.__name__) for each in type(error).__mro__}
    return not STORE_FAILURES.isdisjoint(kinds)


def _write_log(error: BaseException) -> Path | None:
    """
    Write where *error* came from, and return the file.

    Frames only: neither local variables nor the exception's message, either of which may hold people's data.
    """
    from rddm.app.cli.options import find_project  # noqa: PLC0415

    try:
        place = find_project(_project_argument()) / LOG
        place.parent.mkdir(exist_ok=True)
        chain = [
            "".join(traceback.format_list(traceback.extract_tb(each.__traceback__)))
            + f"{type(each).__module__}.{type(each).__qualname__}\n"
            for each in _chain(error)
        ]
        place.write_text("\nwhich came from\n\n".join(chain), encoding="utf-8")
    except (OSError, RddmError):
        return None
    return place


def _project_argument() -> Path | None:
    arguments = sys.argv[1:]
    for option, value in itertools.pairwise(arguments):
        if option in ("--project", "-p"):
            return Path(value)
    return next((Path(each.partition("=")[2]) for each in arguments if each.startswith("--project=")), None)


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _close_stdout() -> None:
    """The reader has gone; keep the interpreter from noticing it once more at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
