"""``rddm identity``: how records become people - how sure that is, what runs did to ids, and learning anew."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rddm.app.cli.opening import reading
from rddm.app.cli.options import JsonOption, LimitOption, ProjectOption, find_project
from rddm.contracts.errors import ConfigurationError, ConfigurationProblem
from rddm.contracts.tables.identity import EVENT_KINDS

if TYPE_CHECKING:
    from rddm.pipeline.relearning import LearntAnew
    from rddm.serve.reading import Reading

HELP = "How records become people: how sure that is, what each run did to ids, and learning the weights anew."
REPORT_HELP = """
Write a page on how matching stands: what agreements weigh, how sure the joined pairs are and what another threshold would give,
the largest and the most doubtful groups, each source's duplicates, what the match keys find and miss, and what is odd in the
input.

With --json, the same as one value; a page is written then, too, where --out names it.

The page is one file that needs no network; it shows ids and counts, and people's names and shared values only with
--with-names. Precision and recall are expected values, reckoned without known answers; the page says how.

[bold]Examples[/bold]

  rddm identity report --out identity.html
  rddm identity report --json | jq .summary
  rddm identity report --out identity.html --json | jq -r .page
"""
CHANGES_HELP = """
Show what a run did to ids: the id before, the id after and why; merges and splits first. Besides, the links before and after
are compared themselves, to tell whether any id changed without a merge or a split.

[bold]Examples[/bold]

  rddm identity changes                      [dim]# the last run that touched ids[/dim]
  rddm identity changes --run 7 --kind merged --limit 100
"""
LEARN_HELP = """
Learn anew what agreements weigh, from all records that are there. Without --apply, show what that would change and change
nothing: the weights then and now, the pairs that cross a threshold, the people that merge and split.

The model is learnt by the first run and stays as it is until you say so here; every learning is a version of its own.

[bold]Examples[/bold]

  rddm identity learn                        [dim]# what would change?[/dim]
  rddm identity learn --apply
"""
DEFAULT_PAGE = Path("identity.html")
EntityOption = Annotated[
    str | None,
    typer.Option(
        "--entity", metavar="NAME", help="An entity that is matched by weights. Default: the first.", show_default=False
    ),
]

group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode="rich")


@group.command("report", help=REPORT_HELP)
def report_command(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Where the page goes. Default: identity.html; with --json, no page.",
            show_default=False,
        ),
    ] = None,
    entity: EntityOption = None,
    with_names: Annotated[  # noqa: FBT002
        bool,
        typer.Option(
            "--with-names",
            help="Show people's names, and the values that too many share; only you may read the page then.",
        ),
    ] = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415 - see the room's docstring
    from rddm.app.cli.render.identity import draw_report  # noqa: PLC0415
    from rddm.app.cli.render.identity_page import identity_page  # noqa: PLC0415
    from rddm.serve.identity_report import identity_report  # noqa: PLC0415

    with reading(project) as warehouse:
        made_at = dt.datetime.now(dt.UTC)
        found = identity_report(warehouse, _entity(warehouse, entity), made_at, with_names=with_names)
    place = out if as_json else out or DEFAULT_PAGE
    if place is not None:
        _write(place, identity_page(found), is_private=with_names)
    page = {"page": None if place is None else str(place.resolve())}
    show(page | vars(found), lambda: draw_report(found, place), as_json=as_json)


@group.command("changes", help=CHANGES_HELP)
def changes_command(
    run: Annotated[
        int | None,
        typer.Option("--run", metavar="N", help="Which run. Default: the last that touched ids.", show_default=False),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", metavar="KIND", help=f"Only these: {', '.join(EVENT_KINDS)}. Repeatable.", show_default=False
        ),
    ] = None,
    limit: LimitOption = 20,
    entity: EntityOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.identity import draw_changes  # noqa: PLC0415
    from rddm.serve.identity_changes import identity_changes  # noqa: PLC0415

    for each in kind or ():
        if each not in EVENT_KINDS:
            raise ConfigurationError(
                ConfigurationProblem(
                    "--kind", 0, each, "there is no such kind.", f"There are: {', '.join(EVENT_KINDS)}."
                )
            )
    with reading(project) as warehouse:
        found = identity_changes(warehouse, _entity(warehouse, entity), run, limit, kinds=kind or EVENT_KINDS)
    show(found, lambda: draw_changes(found), as_json=as_json)


@group.command("learn", help=LEARN_HELP)
def learn_command(
    apply: Annotated[bool, typer.Option("--apply", help="Do it, and publish what it changes.")] = False,  # noqa: FBT002
    entity: EntityOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.identity import draw_learning  # noqa: PLC0415

    with reading(project) as warehouse:
        name = _entity(warehouse, entity)
    told = _learn(find_project(project), name, apply=apply)
    show(told, lambda: draw_learning(told), as_json=as_json)


def _learn(root: Path, entity: str, *, apply: bool) -> LearntAnew:
    from rddm.app import wire  # noqa: PLC0415
    from rddm.app.cli.output import stderr_console  # noqa: PLC0415
    from rddm.app.cli.render.progress import RunProgress  # noqa: PLC0415
    from rddm.pipeline.relearning import learn_anew, preview_learning  # noqa: PLC0415

    with wire.open_warehouse(root, os.environ) as warehouse, RunProgress(stderr_console()) as progress:
        if apply:
            return learn_anew(warehouse, entity, progress)
        return preview_learning(warehouse, entity, progress.working)


def _entity(warehouse: Reading, given: str | None) -> str:
    """Return the entity to tell of: the one *given*, if it is matched by weights, or the first that is."""
    from rddm.serve.lookup import people_entity, require_probabilistic  # noqa: PLC0415

    name = given or people_entity(warehouse)
    require_probabilistic(warehouse, name)
    return name


def _write(place: Path, text: str, *, is_private: bool) -> None:
    from rddm.app.cli.output import write_privately  # noqa: PLC0415

    try:
        if is_private:
            write_privately(place, text)
        else:
            place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            ConfigurationProblem(
                "--out", 0, str(place), f"the page cannot be written ({error.strerror}).", "Name another file."
            )
        ) from None
