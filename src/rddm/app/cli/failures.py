"""What becomes of failures: a sentence on standard error and an exit code, never a stack trace."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from rddm.contracts.errors import RddmError

INTERRUPTED = 130
LOG = Path(".rddm") / "last-error.log"


class GuardedGroup(TyperGroup):
    """A group of commands whose failures end in a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the overridden one takes a context that Typer does not export
        try:
            return super().invoke(ctx)
        except RddmError as error:
            _say(str(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            _say("Interrupted. What was committed stays; the next run goes on from there.")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _close_stdout()
            raise typer.Exit(0) from None
        except OSError as error:
            if error.errno == errno.ENOSPC:
                _say("The disk is full. Free some space and run the command again: nothing half-done was kept.")
                raise typer.Exit(4) from None
            _unexpected(error)
        except Exception as error:  # the last line of defence
            if _is_ours_or_clicks(error):
                raise
            if type(error).__name__ == "InterruptException":
                _say("Interrupted. What was committed stays; the next run goes on from there.")
                raise typer.Exit(INTERRUPTED) from None
            _unexpected(error)


def _is_ours_or_clicks(error: Exception) -> bool:
    """Usage errors, exits and aborts are for Typer, which knows how to show them."""
    return any(each.__module__.startswith(("click", "typer")) for each in type(error).__mro__)


def _unexpected(error: Exception) -> None:
    place = _write_log(error)
    where = f" The traceback is in {place}." if place else ""
    _say(f"Something unexpected happened ({type(error).__name__}); this is a bug of ours.{where} Please report it.")
    raise typer.Exit(1) from None


def _write_log(error: Exception) -> Path | None:
    """
    Write where *error* came from, and return the file.

    Frames only: neither local variables nor the exception's message, either of which may hold people's data.
    """
    from rddm.app.cli.options import find_project  # noqa: PLC0415

    try:
        place = find_project(_project_argument()) / LOG
        place.parent.mkdir(exist_ok=True)
        chain = []
        current: BaseException | None = error
        while current is not None:
            frames = "".join(traceback.format_list(traceback.extract_tb(current.__traceback__)))
            chain.append(f"{frames}{type(current).__module__}.{type(current).__qualname__}\n")
            current = current.__cause__ or current.__context__
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
