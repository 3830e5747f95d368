"""``rddm run``: read the sources, bring every layer up to date, publish."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from rddm.app.cli.options import JsonOption, ProjectOption, find_project
from rddm.contracts.errors import ConfigurationError, ConfigurationProblem, SourceError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from rddm.app.cli.run_summary import RunSummary

HELP = """
Read every source, clean, match, make golden records and publish the changes.

Killed or interrupted, the next run goes on from where this one was. A source that fails never keeps the others from
going on; the command then ends with exit code 3 and names it.

[bold]Examples[/bold]

  rddm run
  rddm run --source camps --source academy   [dim]# read only these[/dim]
  rddm run --json | jq .totals
  rddm run --json | jq '.sources[] | {source, entity, repaired}'   [dim]# what was mended, by rule[/dim]
"""
NO_SOURCES = "This project has no sources yet. Draft one with `rddm init --from FILE_OR_URL`; it goes to sources/, one file each."


def run_command(
    project: ProjectOption = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", "-s", metavar="NAME", help="Read only this source. Repeatable.")
    ] = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    summary = run_project(find_project(project), only=source or (), as_json=as_json)
    raise typer.Exit(SourceError.exit_code if summary.problems else 0)


def run_project(
    root: Path, *, only: Collection[str] = (), read: bool = True, as_json: bool = False, is_silent: bool = False
) -> RunSummary:
    """
    Run the project in *root* with progress on standard error, print the summary (unless *is_silent*), and return it.

    Without *read* no source is read: what waits is judged again, and patches and judgements are applied.
    """
    from rddm.app import wire  # noqa: PLC0415 - see the room's docstring
    from rddm.app.cli.output import show, stderr_console  # noqa: PLC0415
    from rddm.app.cli.render.progress import RunProgress  # noqa: PLC0415
    from rddm.app.cli.render.run import draw_run  # noqa: PLC0415
    from rddm.app.cli.run_summary import summarise  # noqa: PLC0415
    from rddm.pipeline.run import run  # noqa: PLC0415

    with wire.open_warehouse(root, os.environ) as warehouse:
        _check_sources(only, warehouse.settings.sources)
        if not warehouse.settings.sources:
            typer.echo(NO_SOURCES, err=True)
        with RunProgress(stderr_console()) as progress:
            report = run(warehouse, progress, only, read=read)
        summary = summarise(report, warehouse)
    if not is_silent:
        show(summary, lambda: draw_run(summary), as_json=as_json)
    return summary


def _check_sources(only: Collection[str], known: Collection[str]) -> None:
    for name in only:
        if name not in known:
            raise ConfigurationError(
                ConfigurationProblem(
                    "--source",
                    0,
                    name,
                    "there is no such source.",
                    f"There are: {', '.join(sorted(known)) or 'none yet'}.",
                )
            )
