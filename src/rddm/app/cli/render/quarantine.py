"""What waits in quarantine, and one record of it in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import begun, day, moment, number, text
from rddm.conform.words import KIND_MEANINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from rddm.serve.quarantine import PatchListed, RecordState, Version, Waiting, WaitingCount

STATES = {"conformed": "green", "quarantined": "yellow", "deleted": "dim", "dismissed": "dim"}


def draw_waiting(counts: Sequence[WaitingCount], records: Sequence[Waiting]) -> RenderableType:
    """Return the newest that wait, and how many there are."""
    if not counts:
        return Text("Nothing waits in quarantine.", style="green")
    summary = listing("source", "entity", "!kind", "what it means", ">records", "!since")
    for each in counts:
        meaning = dim(KIND_MEANINGS.get(each.kind, ""))
        summary.add_row(each.source, each.entity, each.kind, meaning, number(each.records), dim(day(each.since)))
    table = listing("record", "!kind", "why it waits", "!since")
    for record in records:
        place = Text(f"{record.source} {record.entity} ", style="cyan").append(record.key, "bold")
        why = "; ".join(record.reasons)
        if record.waits_for:
            why += f" ({', '.join(record.waits_for)})"
        table.add_row(place, record.kind, why, dim(day(record.first_seen)))
    total = sum(each.records for each in counts)
    notes = [f"{number(len(records))} of {number(total)} shown; --limit N shows more."] if len(records) < total else []
    notes.append("Go on with: rddm quarantine show SOURCE ENTITY KEY")
    return Group(table, *(dim(note) for note in notes), summary)


def draw_record(record: RecordState) -> RenderableType:
    """Return one record: its state, why, what releases it, what was delivered, what was patched."""
    head = Text(f"\n{record.source} {record.entity} ", style="cyan").append(record.key, "bold")
    head.append(f"   {record.state}", STATES.get(record.state, ""))
    head.append(f"   record {record.record_id}\n", "dim")
    parts: list[RenderableType] = [head]
    waiting = record.waiting
    if waiting is not None:
        parts += [Text.assemble(("  waits because  ", "bold"), reason) for reason in waiting.reasons]
        parts += [Text.assemble(("  until          ", "bold"), release) for release in waiting.releases]
        tries = f"tried {_times(waiting.attempts)}, last {moment(waiting.last_seen)}"
        parts.append(dim(f"  since {moment(waiting.first_seen)} UTC, {tries}"))
    parts.append(_versions(record.versions))
    if record.repairs:
        table = listing("field", "delivered", "stands", "why", title="Mended and left out")
        for repair in record.repairs:
            stands = text(repair.after) if waiting is None else ""
            table.add_row(repair.field, repair.before or dim("–"), stands or dim("–"), dim(repair.words))
        parts.append(table)
    if record.patches:
        table = listing("column", "delivered", "patched to", "why", "by", "!when (UTC)", "state", title="Patches")
        for patch in record.patches:
            table.add_row(
                patch.column, patch.before or dim("–"), patch.after or dim("–"), begun(patch.reason), begun(patch.made_by),
                dim(moment(patch.made_at)), patch.state,
            )  # fmt: skip
        parts.append(table)
    if waiting is not None and waiting.kind == "technical":
        address = f"{record.source}/{record.entity}/{record.key}"
        parts.append(dim(f"Take it out: rddm quarantine dismiss '{address}' --reason TEXT"))
    if waiting is not None and waiting.kind in ("invalid", "incomplete"):
        parts.append(
            dim(
                f"Mend it: rddm quarantine fix {record.source} {record.entity} {record.key} --set COLUMN=VALUE --reason TEXT"
            )
        )
    return Group(*parts)


def draw_patches(patches: Sequence[PatchListed], total: int) -> RenderableType:
    """Return the patches, a line each."""
    if not patches:
        return Text("No patch has been made.")
    table = listing("record", "column", "delivered", "patched to", "why", "by", "!when (UTC)", "state")
    for each in patches:
        place = Text(f"{each.source} {each.entity} ", style="cyan").append(each.key, "bold")
        patch = each.patch
        table.add_row(
            place, patch.column, patch.before or dim("–"), patch.after or dim("–"), begun(patch.reason), begun(patch.made_by),
            dim(moment(patch.made_at)), patch.state,
        )  # fmt: skip
    notes = [f"{number(len(patches))} of {number(total)} shown; --limit N shows more."] if len(patches) < total else []
    notes.append("Take one back: rddm quarantine unfix SOURCE ENTITY KEY --column COLUMN")
    return Group(table, *(dim(note) for note in notes))


def _versions(versions: Sequence[Version]) -> RenderableType:
    """Columns down, versions across: what changed between deliveries is seen at a glance."""
    shown = versions[:3]
    headers = [
        f"received {moment(each.received_at)}{' (gone)' if each.operation == 'delete' else ''}" for each in shown
    ]
    title = "Delivered" if len(versions) == 1 else f"Delivered, newest first ({number(len(versions))} versions)"
    table = listing("column", *headers, title=title)
    for column in dict.fromkeys(name for each in shown for name in each.delivered):
        values = [each.delivered.get(column) for each in shown]
        differs = len(set(values)) > 1
        cells = [Text(value, style="yellow" if differs else "") if value is not None else dim("–") for value in values]
        table.add_row(dim(column), *cells)
    return table


def _times(count: int) -> str:
    return "once" if count == 1 else f"{number(count)} times"
