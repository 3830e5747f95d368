"""``rddm sources``: what the services delivered, and when."""

from __future__ import annotations

from typing import Annotated

import typer

from rddm.app.cli.confirming import be_sure
from rddm.app.cli.opening import reading
from rddm.app.cli.options import JsonOption, LimitOption, ProjectOption, YesOption, find_project
from rddm.contracts.errors import SourceError

HELP = """
Show every source and entity: what it becomes, how much came, what waits, how its columns changed. A source that no file of the
project names any more is listed as such as long as records of it stand or wait.

[bold]Examples[/bold]

  rddm sources
  rddm sources show camps
"""
SHOW_HELP = """
Show one source: what makes a record of it (key, time, deletion), its mapping, of how many records cleaning mended or left out
what, its last batches, what could not be read.

[bold]Example[/bold]

  rddm sources show camps --limit 20
"""
REMOVE_HELP = """
Take a source out: all its records leave every layer that is shown, as if the source had deleted them. Its file must still be
there; take it away afterwards. What was delivered stays in the raw layer. With the file put back, the next run reads the source
anew, and its records stand again.

[bold]Example[/bold]

  rddm sources remove camps
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


@group.command("remove", help=REMOVE_HELP)
def remove_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The source, as its file is called.", show_default=False)],
    project: ProjectOption = None,
    yes: YesOption = False,  # noqa: FBT002
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    import os  # noqa: PLC0415

    from rddm.app import wire  # noqa: PLC0415
    from rddm.app.cli.output import print_json  # noqa: PLC0415
    from rddm.app.cli.run import run_project  # noqa: PLC0415
    from rddm.contracts.errors import NotFound  # noqa: PLC0415
    from rddm.pipeline.removing import remove_source  # noqa: PLC0415
    from rddm.serve.places import require_source  # noqa: PLC0415

    root = find_project(project)
    with wire.open_warehouse(root, os.environ) as warehouse:
        if name not in warehouse.settings.sources:
            with reading(project) as opened:
                require_source(opened, name)
            raise NotFound(
                f"No file of the project names {name} any more. Put sources/{name}.yaml back, and say it again."
            )
        be_sure(f"Take every record of {name} out of the warehouse?", yes=yes)
        removed = remove_source(warehouse, name)
    summary = run_project(root, read=False, is_silent=as_json)
    if as_json:
        print_json({"source": name, "removed": removed})
    else:
        typer.echo(
            f"{removed:,} records of {name} are taken out. Now take sources/{name}.yaml away, or they come again."
        )
    if summary.problems:
        raise typer.Exit(SourceError.exit_code)


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
