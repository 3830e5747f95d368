"""What becomes of failures: a sentence on standard error and an exit code, never a stack trace."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from rddm.app.cli.options import can_be_written
from rddm.app.cli.output import write_privately
from rddm.contracts.errors import RddmError, causes, is_interrupt

INTERRUPTED = 130
LOG = Path(".rddm") / "last-error.log"


class GuardedGroup(TyperGroup):
    """A group of commands whose failures end in a message and an exit code."""

    def make_context(self, info_name: str | None, args: list[str], *others: Any, **more: Any) -> Any:  # noqa: ANN401 - as below
        """Refuse what cannot be written down, before anything is made of it; it is not repeated."""
        if not all(map(can_be_written, args)):
            raise typer.BadParameter("one of the arguments is no text: give it in UTF-8.")
        return super().make_context(info_name, args, *others, **more)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the overridden one takes a context that Typer does not export
        logging.getLogger("psycopg").setLevel(
            logging.ERROR
        )  # it warns of connections that were lost, as we do in words
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
    if is_interrupt(error):
        _say("Interrupted. What was committed stays; the next run goes on from there.")
        return INTERRUPTED
    if isinstance(error, RddmError):
        _say(str(error))
        _help_a_demo(error)
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        _close_stdout()
        return 0
    from rddm.store.trouble import store_trouble  # noqa: PLC0415 - it brings the engine, which a good end did not need

    place = _write_log(error)
    where = f" The traceback is in {place}." if place else ""
    trouble = store_trouble(error)
    if trouble is not None:
        _say(f"{trouble}{where}")
        return trouble.exit_code
    _say(f"Something unexpected happened ({type(error).__name__}); this is a bug of ours.{where} Please report it.")
    return 1


def _help_a_demo(error: RddmError) -> None:
    """Say how a demo's variable is set, where that is what was missing."""
    from rddm.app.cli.next_steps import DEMO_VARIABLE, demo_step, is_demo  # noqa: PLC0415 - a good end does not need it

    with contextlib.suppress(RddmError):
        if DEMO_VARIABLE in str(error) and is_demo(_folder()):
            _say(demo_step(_folder()))


def _write_log(error: BaseException) -> Path | None:
    """
    Write where *error* came from, and return the file.

    Frames only: neither local variables nor the exception's message, either of which may hold people's data.
    """
    chain = [
        "".join(traceback.format_list(traceback.extract_tb(each.__traceback__)))
        + f"{type(each).__module__}.{type(each).__qualname__}\n"
        for each in causes(error)
    ]
    text = "\nwhich came from\n\n".join(chain)
    with contextlib.suppress(OSError, RddmError):
        place = _folder() / LOG
        place.parent.mkdir(mode=0o700, exist_ok=True)
        write_privately(place, text)
        return place
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(prefix="rddm-error-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return Path(name)
    return None


def _folder() -> Path:
    """
    Return the folder that the command works in: the project's, or the demo's.

    Raises:
        ConfigurationError: there is neither.
    """
    from rddm.app.cli.options import find_project  # noqa: PLC0415

    demo = _argument("--folder")
    if demo is not None and demo.is_dir():
        return demo
    return find_project(_argument("--project", "-p"))


def _argument(*options: str) -> Path | None:
    """Return what one of *options* was given; the command's own parser is out of reach when it failed."""
    for place, each in enumerate(sys.argv[1:], start=1):
        name, is_given, value = each.partition("=")
        if name in options and (is_given or place + 1 < len(sys.argv)):
            return Path(value if is_given else sys.argv[place + 1])
    return None


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _close_stdout() -> None:
    """The reader has gone; keep the interpreter from noticing it once more at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
