"""Asking before what cannot be undone, and refusing it where nobody can be asked."""

from __future__ import annotations

import sys

import typer


def be_sure(question: str, *, yes: bool) -> None:
    """
    Go on if *yes* is said already, or is the answer to *question*; end the command otherwise.

    Raises:
        typer.BadParameter: no terminal is there to ask at (exit code 2).
        typer.Abort: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            f'nobody can be asked here: "{question}" Be sure that it is meant, then add --yes.', param_hint="--yes"
        )
    typer.confirm(question, abort=True, err=True)
