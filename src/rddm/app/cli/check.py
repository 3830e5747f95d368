"""``rddm check``: is everything right, without touching data."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from rddm.app.cli.options import JsonOption, ProjectOption, find_project
from rddm.contracts.errors import ConfigurationError, SourceError

HELP = """
Validate the project's files: every problem with its file, line, key and fix. Touches no data.

With --connect every source is reached too: the columns that its mapping reads, also in SQL, are compared with those it
delivers, and its SQL and its key are tried on a few of its records. The warehouse is asked with what key, source_time and
deleted its records were read; where they are others now, what the next run will do about it is told.

[bold]Examples[/bold]

  rddm check
  rddm check --connect
"""


def check_command(
    connect: Annotated[bool, typer.Option("--connect", help="Reach every source and look at its columns.")] = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.connections import check_connections  # noqa: PLC0415
    from rddm.app.cli.next_steps import next_steps  # noqa: PLC0415
    from rddm.app.cli.output import print_json, show  # noqa: PLC0415
    from rddm.app.cli.render.check import draw_check  # noqa: PLC0415
    from rddm.app.coming import changes_to_come  # noqa: PLC0415
    from rddm.app.trying import binding_fault  # noqa: PLC0415
    from rddm.project.load import load_project  # noqa: PLC0415

    root = find_project(project)
    try:
        settings = load_project(root, os.environ, binding_fault)
    except ConfigurationError as error:
        if not as_json:
            raise
        print_json({"ok": False, "problems": error.problems, "connections": [], "next_run": [], "next_steps": []})
        raise typer.Exit(error.exit_code) from None
    connections = check_connections(settings) if connect else []
    next_run = changes_to_come(root, os.environ, settings) if connect else []
    is_ok = all(each.is_ok for each in connections)
    steps = next_steps(settings, [each.source for each in connections if not each.is_reached])
    value = {"ok": is_ok, "problems": [], "connections": connections, "next_run": next_run, "next_steps": steps}
    show(value, lambda: draw_check(settings, connections, next_run, steps), as_json=as_json)
    if not is_ok:
        raise typer.Exit(SourceError.exit_code)
