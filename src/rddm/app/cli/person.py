"""``rddm person``: find people, look at one, ask why, say who is who."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from rddm.app.cli.opening import author, reading
from rddm.app.cli.options import AsOfOption, ByOption, JsonOption, LimitOption, ProjectOption, find_project
from rddm.contracts.errors import SourceError

HELP = """
People: find them, look at their portrait, ask why their records belong together, say who is who.

A person is named by their id, its first digits (four at least), or any record of theirs as SOURCE/ENTITY/KEY.
"""
FIND_HELP = """
Find people by parts of the name in any script, phone, e-mail, SNILS or date of birth. All that is given must hold.

[bold]Examples[/bold]

  rddm person find Щербакова Аня
  rddm person find Sherbakova 2009-05-14
  rddm person find "8 (916) 123-45-67"
"""
SHOW_HELP = """
Show a person's portrait: every value with where it came from, the records behind it, what they took part in, what was
mended, what became of the id.

[bold]Examples[/bold]

  rddm person show 489d3d54
  rddm person show camps/camper/1178
  rddm person show 489d3d54 --as-of 2026-03-01
"""
WHY_HELP = """
Explain a link. With two, what speaks for and against their being one person, weight by weight; with one, how each of
the person's records came to it.

[bold]Examples[/bold]

  rddm person why 489d3d54
  rddm person why camps/camper/1178 academy/student/88
"""
POSSIBLE_HELP = """
List the people who may be one and wait for your word, one pair a line, the most probable first.

For each: how probable it is, by their two most alike records, and what speaks loudest for it and against it. A pair
goes from the list when you have said what they are, or when their records say it.

[bold]Examples[/bold]

  rddm person possible --limit 50
  rddm person why 489d3d54 0f44aa10         [dim]# all the weights between two of them[/dim]
  rddm person same 489d3d54 0f44aa10 --reason "the club's secretary knows her"
  rddm person different 489d3d54 0f44aa10 --reason "twins"
"""
HISTORY_HELP = """
Tell what happened to an id: founded, merged, split.

[bold]Example[/bold]

  rddm person history 489d3d54
"""
SAME_HELP = """
Say that two are the same person. It stands through all later runs, until you say otherwise.

[bold]Example[/bold]

  rddm person same 489d3d54 0f44aa10 --reason "the club's secretary knows her" --run
"""
DIFFERENT_HELP = """
Say that two are different people. It stands through all later runs, until you say otherwise. Of one person, name the
two records that are to be apart.

[bold]Example[/bold]

  rddm person different camps/camper/1178 academy/student/88 --reason "twins"
"""
WhoArgument = Annotated[
    str, typer.Argument(metavar="ID", help="An id, its beginning, or SOURCE/ENTITY/KEY.", show_default=False)
]
FirstArgument = Annotated[
    str, typer.Argument(metavar="A", help="An id, its beginning, or SOURCE/ENTITY/KEY.", show_default=False)
]
SecondArgument = Annotated[str, typer.Argument(metavar="B", help="The other one.", show_default=False)]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with it.", show_default=False)]
RunOption = Annotated[bool, typer.Option("--run", help="Apply it now (without reading the sources).")]

group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode="rich")


@group.command("find", help=FIND_HELP)
def find_command(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="What you know of them.", show_default=False)],
    limit: LimitOption = 20,
    as_of: AsOfOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.person import draw_search  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415
    from rddm.serve.search import find  # noqa: PLC0415

    with reading(project, as_of) as warehouse:
        found = find(warehouse, people_entity(warehouse), texts, limit)
    show(found, lambda: draw_search(found), as_json=as_json)
    if not found.found:
        raise typer.Exit(7)


@group.command("show", help=SHOW_HELP)
def show_command(
    who: WhoArgument,
    as_of: AsOfOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.portrait import draw_portrait  # noqa: PLC0415
    from rddm.serve.lookup import identify, people_entity  # noqa: PLC0415
    from rddm.serve.portrait import portrait  # noqa: PLC0415

    with reading(project, as_of) as warehouse:
        found = portrait(warehouse, identify(warehouse, people_entity(warehouse), who))
    show(found, lambda: draw_portrait(found), as_json=as_json)


@group.command("why", help=WHY_HELP)
def why_command(
    who: WhoArgument,
    other: Annotated[str | None, typer.Argument(metavar="[B]", help="The other one.", show_default=False)] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.why import draw_group, draw_pair  # noqa: PLC0415
    from rddm.app.explaining import explain_group, explain_two  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415

    with reading(project) as warehouse:
        entity = people_entity(warehouse)
        if other is None:
            group_explained = explain_group(warehouse, entity, who)
            show(group_explained, lambda: draw_group(group_explained), as_json=as_json)
        else:
            pair = explain_two(warehouse, entity, who, other)
            show(pair, lambda: draw_pair(pair), as_json=as_json)


@group.command("possible", help=POSSIBLE_HELP)
def possible_command(limit: LimitOption = 20, project: ProjectOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.possible import draw_possible  # noqa: PLC0415
    from rddm.app.explaining import explain_possible  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415
    from rddm.serve.possible import count_possible  # noqa: PLC0415

    with reading(project) as warehouse:
        entity = people_entity(warehouse)
        found = explain_possible(warehouse, entity, limit)
        total = count_possible(warehouse.lake, warehouse.control, entity)
    show({"pairs": found, "total": total}, lambda: draw_possible(found, total), as_json=as_json)


@group.command("history", help=HISTORY_HELP)
def history_command(who: WhoArgument, project: ProjectOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.person import draw_history  # noqa: PLC0415
    from rddm.serve.history import history  # noqa: PLC0415
    from rddm.serve.lookup import identify_ever, people_entity  # noqa: PLC0415

    with reading(project) as warehouse:
        entity = people_entity(warehouse)
        found = identify_ever(warehouse, entity, who)
        happened = history(warehouse, entity, found.golden_id)
    value = {"id": found.golden_id, "redirected": found.redirected, "history": happened}
    show(value, lambda: draw_history(happened), as_json=as_json)


@group.command("same", help=SAME_HELP)
def same_command(  # noqa: PLR0913 - the options of the command line
    first: FirstArgument,
    second: SecondArgument,
    reason: ReasonOption,
    by: ByOption = None,
    apply: RunOption = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    _judge("same", first, second, reason, by, project, apply=apply, as_json=as_json)


@group.command("different", help=DIFFERENT_HELP)
def different_command(  # noqa: PLR0913 - the options of the command line
    first: FirstArgument,
    second: SecondArgument,
    reason: ReasonOption,
    by: ByOption = None,
    apply: RunOption = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    _judge("different", first, second, reason, by, project, apply=apply, as_json=as_json)


def _judge(  # noqa: PLR0913 - the options of the two commands
    verdict: str,
    first: str,
    second: str,
    reason: str,
    by: str | None,
    project: ProjectOption,
    *,
    apply: bool,
    as_json: bool,
) -> None:
    from rddm.app.cli.output import print_json  # noqa: PLC0415
    from rddm.app.cli.run import run_project  # noqa: PLC0415
    from rddm.serve.judging import records_to_judge  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415

    with reading(project) as warehouse:
        entity = people_entity(warehouse)
        records = records_to_judge(warehouse, entity, verdict, first, second)
        at = dt.datetime.now(dt.UTC)
        warehouse.control.add_judgement(entity, str(records[0]), str(records[1]), verdict, reason, author(by), at)
    if as_json:
        print_json({"verdict": verdict, "records": records, "applied": apply})
    else:
        then = "" if apply else " The next run applies it (now: rddm quarantine redrive)."
        typer.echo(
            f"Noted: {first} and {second} are {'the same person' if verdict == 'same' else 'different people'}.{then}"
        )
    if apply:
        summary = run_project(find_project(project), read=False, is_silent=as_json)
        if summary.problems:
            raise typer.Exit(SourceError.exit_code)
