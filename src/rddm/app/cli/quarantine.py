"""``rddm quarantine``: what waits, why, and how to release it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from rddm.app.cli.opening import author, reading
from rddm.app.cli.options import (
    AsOfOption,
    ByOption,
    JsonOption,
    LimitOption,
    ProjectOption,
    find_project,
    given_reason,
)
from rddm.contracts.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rddm.pipeline.landing import Place
    from rddm.serve.quarantine import RecordState
    from rddm.serve.reading import Reading

HELP = """
Records that wait: for their parent, for what is missing, for a value that can be read.

A waiting record is never lost and never in the way: it is released in the run in which its reason goes away.
"""
LIST_HELP = """
Show how many records wait and why, and the newest of them.

[bold]Examples[/bold]

  rddm quarantine list
  rddm quarantine list --source camps --kind missing_parent --limit 100
"""
SHOW_HELP = """
Show one record: what was delivered, why it waits, what would release it.

[bold]Examples[/bold]

  rddm quarantine show camps camper 1178
  rddm quarantine show camps/camper/1178
"""
FIX_HELP = """
Repair delivered values of one record. What was delivered stays; the patch is laid over it as long as the source
delivers the same.

[bold]Examples[/bold]

  rddm quarantine fix camps camper 1178 --set birthday=2011-04-30 --reason "asked the parents"
  rddm quarantine fix camps camper 1178 --set birthday=2011-04-30 --set tel= --reason "..." --run
"""
PATCHES_HELP = """
List the patches that were made, newest first, withdrawn ones too.

[bold]Example[/bold]

  rddm quarantine patches --limit 50
"""
DISMISS_HELP = """
Take out a record that was delivered without a key and is of no more use: nothing that its source delivers can release it.

It counts as deleted from then on, also when the source delivers the same again; what was delivered stays in the raw layer.
`rddm quarantine unfix` takes it back.

[bold]Example[/bold]

  rddm quarantine dismiss 'camps/camper/#missing:0f3c…' --reason "a test row"
"""
UNFIX_HELP = """
Take back the patches of one record, or of one column of it, or its dismissal: the next run goes by what the source delivered.

[bold]Examples[/bold]

  rddm quarantine unfix camps camper 1178
  rddm quarantine unfix camps camper 1178 --column birthday --run
"""
REDRIVE_HELP = """
Judge again what waits, without reading the sources: after a patch, or a change of the mapping or the model.

[bold]Example[/bold]

  rddm quarantine redrive
"""
AddressArgument = Annotated[
    list[str],
    typer.Argument(metavar="SOURCE ENTITY KEY", help="One record. SOURCE/ENTITY/KEY will do too.", show_default=False),
]
RunOption = Annotated[bool, typer.Option("--run", help="Apply it now (without reading the sources).")]
KINDS = "missing_parent, incomplete, invalid or technical"

group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode="rich")


@group.command("list", help=LIST_HELP)
def list_command(  # noqa: PLR0913 - the options of the command line
    source: Annotated[str | None, typer.Option("--source", "-s", metavar="NAME", help="Only this source's.")] = None,
    entity: Annotated[str | None, typer.Option("--entity", "-e", metavar="NAME", help="Only this entity's.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", "-k", metavar="KIND", help=f"Only {KINDS}.")] = None,
    limit: LimitOption = 20,
    as_of: AsOfOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.quarantine import draw_waiting  # noqa: PLC0415
    from rddm.conform.split import KINDS as KNOWN  # noqa: PLC0415
    from rddm.serve.quarantine import Filter, count_waiting, list_waiting, require_filter  # noqa: PLC0415

    if kind is not None and kind not in KNOWN:
        raise typer.BadParameter(f"{kind} is no kind of quarantine: it is {KINDS}.", param_hint="--kind")
    which = Filter(source, entity, kind)
    with reading(project, as_of) as warehouse:
        require_filter(warehouse, which)
        counts, records = count_waiting(warehouse, which), list_waiting(warehouse, which, limit)
    show({"counts": counts, "records": records}, lambda: draw_waiting(counts, records), as_json=as_json)


@group.command("show", help=SHOW_HELP)
def show_command(
    record: AddressArgument,
    as_of: AsOfOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.quarantine import draw_record  # noqa: PLC0415
    from rddm.serve.quarantine import locate, show_record  # noqa: PLC0415

    with reading(project, as_of) as warehouse:
        found = show_record(warehouse, *locate(warehouse, record))
    show(found, lambda: draw_record(found), as_json=as_json)


@group.command("fix", help=FIX_HELP)
def fix_command(  # noqa: PLR0913 - the options of the command line
    record: AddressArgument,
    values: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="COLUMN=VALUE",
            help="A delivered column and its value; none after = empties it. Repeatable.",
        ),
    ],
    reason: Annotated[
        str,
        typer.Option(
            "--reason", metavar="TEXT", help="Why; kept with the patch.", show_default=False, callback=given_reason
        ),
    ],
    by: ByOption = None,
    apply: RunOption = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.pipeline.patching import Author, patch_record  # noqa: PLC0415
    from rddm.serve.quarantine import locate  # noqa: PLC0415

    after = dict(_assignment(each) for each in values)
    with reading(project) as warehouse:
        place = locate(warehouse, record)
        who = Author(author(by), reason, dt.datetime.now(dt.UTC))
        mapped = _mapped(warehouse, place)
        patches = patch_record(warehouse.lake, warehouse.control, mapped, place[2], after, who)
    columns = ", ".join(patch.column_name for patch in patches)
    decision = Decision(place, f"Patched {'/'.join(place)}: {columns}", "applies it", {"patches": patches})
    _conclude(decision, project, apply=apply, as_json=as_json)


@group.command("dismiss", help=DISMISS_HELP)
def dismiss_command(
    record: AddressArgument,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; kept.", show_default=False, callback=given_reason)
    ],
    by: ByOption = None,
    apply: RunOption = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.pipeline.patching import Author, dismiss_record  # noqa: PLC0415
    from rddm.serve.quarantine import locate, show_record  # noqa: PLC0415

    with reading(project) as warehouse:
        place = locate(warehouse, record)
        show_record(warehouse, *place)
        who = Author(author(by), reason, dt.datetime.now(dt.UTC))
        patch = dismiss_record(warehouse.control, _mapped(warehouse, place), place[2], who)
    decision = Decision(place, f"Dismissed {'/'.join(place)}", "takes it out", {"patches": [patch]})
    _conclude(decision, project, apply=apply, as_json=as_json)


@group.command("patches", help=PATCHES_HELP)
def patches_command(limit: LimitOption = 20, project: ProjectOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.quarantine import draw_patches  # noqa: PLC0415
    from rddm.serve.quarantine import list_patches  # noqa: PLC0415

    with reading(project) as warehouse:
        patches = list_patches(warehouse)
    shown = patches[:limit]
    show({"patches": shown, "total": len(patches)}, lambda: draw_patches(shown, len(patches)), as_json=as_json)


@group.command("unfix", help=UNFIX_HELP)
def unfix_command(
    record: AddressArgument,
    column: Annotated[
        str | None, typer.Option("--column", metavar="COLUMN", help="Only this column's.", show_default=False)
    ] = None,
    apply: RunOption = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.serve.quarantine import locate, withdraw_patches  # noqa: PLC0415

    with reading(project) as warehouse:
        place = locate(warehouse, record)
        columns = withdraw_patches(warehouse, *place, column, dt.datetime.now(dt.UTC))
    said = f"Withdrawn from {'/'.join(place)}: {', '.join(columns)}"
    decision = Decision(place, said, "takes it back", {"withdrawn": columns})
    _conclude(decision, project, apply=apply, as_json=as_json)


@group.command("redrive", help=REDRIVE_HELP)
def redrive_command(project: ProjectOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    from rddm.app.cli.run import run_project  # noqa: PLC0415

    summary = run_project(find_project(project), read=False, as_json=as_json)
    raise typer.Exit(SourceError.exit_code if summary.problems else 0)


@dataclass(frozen=True)
class Decision:
    """What a steward decided of the record at *place* (source, entity, key): in words, what a run makes of it, and as JSON."""

    place: tuple[str, str, str]
    said: str
    a_run: str
    value: Mapping[str, object]


def _conclude(decision: Decision, project: Path | None, *, apply: bool, as_json: bool) -> None:
    """Say what was decided; with *apply*, let a run take it up and say where the record is then."""
    from rddm.app.cli.output import print_json  # noqa: PLC0415
    from rddm.app.cli.run import run_project  # noqa: PLC0415
    from rddm.serve.quarantine import show_record  # noqa: PLC0415

    value = {"record": "/".join(decision.place), **decision.value, "applied": apply}
    # A name that was cut short ends with dots of its own.
    said = decision.said if decision.said.endswith((".", "…")) else f"{decision.said}."
    if not apply:
        if as_json:
            print_json(value)
        else:
            typer.echo(f"{said} The next run {decision.a_run} (now: rddm quarantine redrive).")
        return
    summary = run_project(find_project(project), read=False, is_silent=as_json)
    with reading(project) as warehouse:
        record = show_record(warehouse, *decision.place)
    if as_json:
        reasons = record.waiting.reasons if record.waiting else []
        print_json({**value, "state": record.state, "reasons": reasons})
    else:
        typer.echo(f"{said} {_outcome(record)}")
    if summary.problems:
        raise typer.Exit(SourceError.exit_code)


def _outcome(record: RecordState) -> str:
    if record.waiting is not None:
        return f"It waits in quarantine: {'; '.join(record.waiting.reasons)}."
    return {"conformed": "It is conformed.", "dismissed": "It is out of quarantine."}.get(
        record.state, "It is deleted."
    )


def _mapped(warehouse: Reading, place: tuple[str, str, str]) -> Place:
    """
    Return where the record at *place* (source, entity, key) is delivered.

    Raises:
        NotFound: there is no such source or entity, or no file of the project names it any more.
    """
    from rddm.contracts.errors import NotFound  # noqa: PLC0415
    from rddm.pipeline.landing import Place  # noqa: PLC0415
    from rddm.serve.places import require_place  # noqa: PLC0415

    source, entity, _ = place
    require_place(warehouse, source, entity)
    settings = warehouse.settings.sources.get(source)
    if settings is None or entity not in settings.entities:
        raise NotFound(f"The project has no {source}/{entity} any more, so nothing would apply a patch of it.")
    return Place(source, entity, settings.entities[entity])


def _assignment(text: str) -> tuple[str, str | None]:
    column, sign, value = text.partition("=")
    if not sign or not column.strip():
        raise typer.BadParameter("write --set COLUMN=VALUE.", param_hint="--set")
    return column.strip(), value or None
