"""``rddm lake``: snapshots to look back to, and maintenance."""

from __future__ import annotations

import datetime as dt
import os
from typing import Annotated

import typer

from rddm.app.cli.opening import reading
from rddm.app.cli.options import JsonOption, LimitOption, ProjectOption, find_project

HELP = "The lake's snapshots, and its maintenance."
SNAPSHOTS_HELP = """
Show the states of the lake that are kept; each can be looked back to with --as-of.

Those that only set up tables, and so have no message, are left out without --all.

[bold]Examples[/bold]

  rddm lake snapshots
  rddm person show 489d3d54 --as-of 12
"""
MAINTAIN_HELP = """
Forget old snapshots, write files anew of which nearly all rows are deleted, merge small ones and delete those unused. Rows are
counted before and after.

The last published snapshot and all after it stay whatever their age.

[bold]Examples[/bold]

  rddm lake maintain
  rddm lake maintain --keep-days 7
"""

group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode="rich")


@group.command("snapshots", help=SNAPSHOTS_HELP)
def snapshots_command(
    limit: LimitOption = 20,
    every: Annotated[bool, typer.Option("--all", help="Also those that only set up tables.")] = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.lake import draw_snapshots  # noqa: PLC0415

    with reading(project) as warehouse:
        kept = [each for each in warehouse.lake.snapshots() if every or each.message]
    newest = kept[::-1][:limit]
    show({"snapshots": newest, "total": len(kept)}, lambda: draw_snapshots(newest, len(kept)), as_json=as_json)


@group.command("maintain", help=MAINTAIN_HELP)
def maintain_command(
    keep_days: Annotated[
        int, typer.Option("--keep-days", min=0, max=36_500, metavar="N", help="Keep snapshots younger than this.")
    ] = 30,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app import wire  # noqa: PLC0415
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.lake import draw_maintained  # noqa: PLC0415
    from rddm.pipeline.maintaining import maintain_warehouse  # noqa: PLC0415

    expire_before = dt.datetime.now(dt.UTC) - dt.timedelta(days=keep_days)
    with wire.open_warehouse(find_project(project), os.environ) as warehouse:
        done = maintain_warehouse(warehouse, expire_before=expire_before)
    show(done, lambda: draw_maintained(done), as_json=as_json)
