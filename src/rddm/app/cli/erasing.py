"""``rddm person erase``, ``erasures`` and ``allow-again``: remove somebody for good, prove it, let them come again."""

from __future__ import annotations

import datetime as dt
import os
import sys
import uuid
from typing import TYPE_CHECKING, Annotated

import typer

from rddm.app.cli.confirming import be_sure
from rddm.app.cli.opening import author, reading
from rddm.app.cli.options import ByOption, JsonOption, LimitOption, ProjectOption, YesOption, find_project, given_reason
from rddm.contracts.errors import NotFound, StoreError
from rddm.contracts.tables.golden import golden_id

if TYPE_CHECKING:
    from rddm.pipeline.erasing import Wanted
    from rddm.pipeline.erasing_find import LeavingRecord
    from rddm.serve.addresses import IdRange, RecordAddress
    from rddm.serve.reading import Reading
    from rddm.store.erasures import Erasure, Erasures

ERASE_HELP = """
Remove somebody from every layer: all versions of all their records, the participations that name them, what people
have said of them, earlier snapshots, the shop window. A proof without data is kept, and their records do not come back.

What goes is shown first, with the ids of others who may be the same person and would stay, and you are asked. It cannot be
undone, and `--as-of` reaches back to it at most.

[bold]Examples[/bold]

  rddm person erase 489d3d54 --reason "asked for it, letter 17"
  rddm person erase camps/camper/1178 --reason "asked for it, letter 17" --yes --json
"""
ERASURES_HELP = """
List the proofs of who was erased: when, by whom, why, how much. None holds anything of the person.

[bold]Examples[/bold]

  rddm person erasures
  rddm person erasures --proof 3 --json    [dim]# one of them, with the keyed hashes of its records[/dim]
"""
ALLOW_HELP = """
Let the records of somebody who was erased be taken in again, from the next delivery on. What was erased stays erased.

[bold]Example[/bold]

  rddm person allow-again 3 --reason "she has signed up anew"
"""
ReasonOption = Annotated[
    str,
    typer.Option(
        "--reason",
        metavar="TEXT",
        help="Why; kept in the proof, so name no data of theirs.",
        show_default=False,
        callback=given_reason,
    ),
]


def add_commands(group: typer.Typer) -> None:
    """Add the commands on erasing to *group*."""
    group.command("erase", help=ERASE_HELP)(erase_command)
    group.command("erasures", help=ERASURES_HELP)(erasures_command)
    group.command("allow-again", help=ALLOW_HELP)(allow_command)


def erase_command(
    who: Annotated[
        str, typer.Argument(metavar="ID", help="An id, its beginning, or SOURCE/ENTITY/KEY.", show_default=False)
    ],
    reason: ReasonOption,
    by: ByOption = None,
    yes: YesOption = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app import wire  # noqa: PLC0415
    from rddm.app.cli.output import print_json, show, stderr_console  # noqa: PLC0415
    from rddm.app.cli.render.erasing import draw_leaving, draw_proof  # noqa: PLC0415
    from rddm.app.cli.render.progress import RunProgress  # noqa: PLC0415
    from rddm.pipeline.erasing import erase, find  # noqa: PLC0415
    from rddm.pipeline.patching import Author  # noqa: PLC0415
    from rddm.serve.maybe_same import list_maybe_same  # noqa: PLC0415

    root = find_project(project)
    with reading(project) as warehouse:
        wanted, merged = _wanted(warehouse, who)
        # Only for who is asked: what scripts print ends in logs.
        title = "" if yes or not sys.stdin.isatty() else _title(warehouse, wanted)
        others = list_maybe_same(warehouse, wanted.entity, [wanted.golden_id] if wanted.golden_id else [])
    with wire.open_warehouse(root, os.environ) as opened:
        leaving = find(opened, wanted)
        stderr_console().print(draw_leaving(leaving, title, merged, others))
        be_sure("Erase all of it, for good?", yes=yes)
        with RunProgress(stderr_console()) as progress:
            proof = erase(opened, progress, wanted, leaving, Author(author(by), reason, dt.datetime.now(dt.UTC)))
    if as_json:
        print_json(_told(proof) | {"may_be_same": others})
    else:
        show(proof, lambda: draw_proof(proof), as_json=False)
    if proof.state != "done":
        raise StoreError(
            "Nothing of them can be read any more. But somebody reads all the while, tables of the shop window or with a"
            " command, so not all that was deleted could be cleared away; the next `rddm run` does it."
        )


def erasures_command(
    proof: Annotated[
        int | None, typer.Option("--proof", metavar="N", help="Only this one, in full.", show_default=False)
    ] = None,
    limit: LimitOption = 20,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.erasing import draw_proof, draw_proofs  # noqa: PLC0415

    with reading(project) as warehouse:
        erasures = _erasures(warehouse)
        if proof is None:
            made = erasures.made()
            shown = made[:limit]
            value = {"erasures": [_told(each) for each in shown], "total": len(made)}
            show(value, lambda: draw_proofs(shown, len(made)), as_json=as_json)
        else:
            found = erasures.get(proof)
            show(_told(found) | {"records": erasures.digests(proof)}, lambda: draw_proof(found), as_json=as_json)


def allow_command(
    number: Annotated[int, typer.Argument(metavar="PROOF", help="The number of the proof.", show_default=False)],
    reason: ReasonOption,
    by: ByOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import print_json  # noqa: PLC0415
    from rddm.pipeline.erasing import allow_again  # noqa: PLC0415
    from rddm.pipeline.patching import Author  # noqa: PLC0415

    with reading(project) as warehouse:
        proof = allow_again(_erasures(warehouse), number, Author(author(by), reason, dt.datetime.now(dt.UTC)))
    if as_json:
        print_json(_told(proof))
    else:
        typer.echo(
            f"Noted: what proof {number} was about may come again. It does with the next delivery that holds it; what is"
            " already read is not read anew."
        )


def _erasures(warehouse: Reading) -> Erasures:
    from rddm.store.erasures import SECRET_VARIABLE, Erasures  # noqa: PLC0415

    return Erasures(warehouse.database, os.environ.get(SECRET_VARIABLE))


def _told(proof: Erasure) -> dict[str, object]:
    """The proof as it is printed: without what is still to be removed, which names records."""
    return {name: value for name, value in vars(proof).items() if name != "unfinished"}


def _wanted(warehouse: Reading, who: str) -> tuple[Wanted, tuple[uuid.UUID, ...]]:
    """
    Return whom *who* means, and the ids that were merged into them on the way.

    Raises:
        Malformed: it is neither an id nor an address.
        NotFound: nobody; they were erased already; it is a record of something else.
    """
    from rddm.pipeline.erasing import Wanted  # noqa: PLC0415
    from rddm.serve.addresses import RecordAddress, read_who  # noqa: PLC0415
    from rddm.serve.lookup import identify_ever, people_entity  # noqa: PLC0415

    entity = people_entity(warehouse)
    named = read_who(who, entity)
    address = named if isinstance(named, RecordAddress) else None
    if address is not None:
        _refuse_other_entities(warehouse, entity, address)
    try:
        found = identify_ever(warehouse, entity, who)
    except NotFound:
        _refuse_erased(warehouse, named)
        record = None if address is None else _loose_record(warehouse, entity, address)
        if record is None:
            raise
        return Wanted(entity, None, record), ()
    return Wanted(entity, found.golden_id), found.redirected


def _refuse_other_entities(warehouse: Reading, entity: str, address: RecordAddress) -> None:
    settings = warehouse.settings.sources.get(address.source)
    if settings is None or address.entity not in settings.entities:
        return
    model = settings.entities[address.entity].model or address.entity
    if model != entity:
        raise NotFound(
            f"{address} is a record of {address.source}/{address.entity}, which becomes {model}: only a {entity} can be erased."
            " What names a person goes with the person."
        )


def _refuse_erased(warehouse: Reading, named: IdRange | RecordAddress) -> None:
    """Of the erased only hashes of whole ids are kept, so a beginning tells nothing."""
    from rddm.serve.addresses import RecordAddress  # noqa: PLC0415

    if isinstance(named, RecordAddress):
        proof = _erasures(warehouse).of(named.record_id)
    else:
        proof = _erasures(warehouse).of(named.low) if named.low == named.high else None
    if proof is not None:
        raise NotFound(
            f"Erased already, on {proof.made_at:%Y-%m-%d}: `rddm person erasures --proof {proof.erasure_id}` shows the proof."
        )


def _loose_record(warehouse: Reading, entity: str, address: RecordAddress) -> LeavingRecord | None:
    """A record that belongs to nobody: it waits in quarantine, or was deleted."""
    from rddm.pipeline.erasing_find import LeavingRecord  # noqa: PLC0415

    found = [
        row
        for table in (warehouse.table("quarantine", "record"), warehouse.table("conformed", "tombstone"))
        for row in warehouse.rows(
            f"SELECT key FROM {table} WHERE record_id = ? AND model_entity = ?", [address.record_id, entity]
        )
    ]
    return LeavingRecord(address.source, address.entity, address.key, entity) if found else None


def _title(warehouse: Reading, wanted: Wanted) -> str:
    """Return what they are called, to be sure that they are who is meant; nothing for who has no golden record."""
    from rddm.serve.portrait import title_of  # noqa: PLC0415

    rows = warehouse.rows(
        f"SELECT * FROM {warehouse.table('golden', wanted.entity)} WHERE {golden_id(wanted.entity)} = ?",
        [wanted.golden_id],
    )
    return title_of(warehouse.settings.model.entities[wanted.entity], rows[0]) if rows else ""
