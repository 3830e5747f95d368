"""``rddm sources``: what the services delivered, and when."""

from __future__ import annotations

from typing import Annotated

import typer

from rddm.app.cli.opening import reading
from rddm.app.cli.options import JsonOption, LimitOption, ProjectOption

HELP = """
Show every source and entity: what it becomes, how much came, what waits, how its columns changed.

[bold]Examples[/bold]

  rddm sources
  rddm sources show camps
"""
SHOW_HELP = """
Show one source: its mapping, its last batches, what of it could not be read.

[bold]Example[/bold]

  rddm sources show camps --limit 20
"""

group = typer.Typer(help=HELP, invoke_without_command=True, rich_markup_mode="rich")


@group.callback()
def sources_command(context: typer.Context, project: ProjectOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    if context.invoked_subcommand is not None:
        return
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.sources import draw_sources  # noqa: PLC0415
    from rddm.serve.sources import list_sources  # noqa: PLC0415

    with reading(project) as warehouse:
        found = list_sources(warehouse)
    show({"sources": found}, lambda: draw_sources(found), as_json=as_json)


@group.command("show", help=SHOW_HELP)
def show_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The source, as its file is called.", show_default=False)],
    project: ProjectOption = None,
    limit: LimitOption = 5,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.sources import draw_source  # noqa: PLC0415
    from rddm.serve.sources import show_source  # noqa: PLC0415

    with reading(project) as warehouse:
        found = show_source(warehouse, name, limit)
    show(found, lambda: draw_source(found), as_json=as_json)
