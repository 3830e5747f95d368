"""What an erasure removes, and the proof that it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import begun, moment, number, percent, size

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from rddm.pipeline.erasing_find import Leaving
    from rddm.serve.maybe_same import MaybeSame
    from rddm.store.erasures import Erasure

_NUMBERS = {"snils": "insurance number", "document_number": "number of a document"}
STATES = {
    "begun": "begun; the next run goes on with it",
    "removed": "removed; the next run clears what was deleted",
    "done": "done",
}


SHOWN_OTHERS = 10


def draw_leaving(
    leaving: Leaving, title: str, merged: Sequence[uuid.UUID], others: Sequence[MaybeSame]
) -> RenderableType:
    """Return what would go: whose, and how much from where; and which *others* may be the same person and would stay."""
    who = leaving.golden_ids[0] if leaving.golden_ids else "a record that belongs to nobody"
    head = Text.assemble(("\nto erase ", "bold"), (title, "bold red"), "  " if title else "", (who, "cyan"))
    notes = [f"{each} was merged into it; all records of both go." for each in merged]
    places = listing("source", "entity", "becomes", ">records", ">versions", title="")
    for each in leaving.places:
        places.add_row(each.source, each.entity, each.model_entity, number(each.records), number(each.versions))
    notes += [_rows(leaving.counts or {})]
    if leaving.referring:
        notes.append(
            f"{number(leaving.referring)} records of other kinds name them and stay: have the service change these."
        )
    notes.append("Earlier snapshots go too, everybody's: --as-of will reach back to now at most.")
    notes.append("Backups, and files that sources delivered, are not in our power; mind them.")
    return Group(head, places, *(dim(note) for note in notes), *_draw_others(who, others), "")


def _draw_others(who: str, others: Sequence[MaybeSame]) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for each in others[:SHOWN_OTHERS]:
        reasons = [f"same {_NUMBERS[column]}" for column in each.same]
        if each.probability is not None:
            reasons.append(f"{percent(each.probability)} by their records")
        why = f"  {', '.join(reasons)}"
        lines.append(Text.assemble(("may be the same person, and stays  ", "bold yellow"), (str(each.id), "cyan"), why))
    if len(others) > SHOWN_OTHERS:
        lines.append(dim(f"{number(len(others) - SHOWN_OTHERS)} more; --json names them all."))
    if others:
        lines += [
            dim("By the erasure it may also come to somebody else, from whom only these records keep it apart."),
            dim(
                f"Look: rddm person why {who[:8]} ID. If they are one, join them first: rddm person same {who[:8]} ID --run."
            ),
        ]
    return lines


def draw_proof(proof: Erasure) -> RenderableType:
    """Return one proof in full, without the hashes."""
    lines = [
        ("proof", f"{proof.erasure_id}, {STATES[proof.state]}"),
        ("asked", f"{moment(proof.made_at)} UTC by {proof.made_by}: {proof.reason}"),
        ("ended", f"{moment(proof.done_at)} UTC" if proof.done_at else "not yet"),
        ("from", ", ".join(f"{each['source']}/{each['entity']} {number(each['versions'])}" for each in proof.places)),
        ("rows", _rows(proof.counts)),
        *_work(proof.work),
    ]
    if proof.lifted_at is not None:
        lines.append(("lifted", f"{moment(proof.lifted_at)} UTC by {proof.lifted_by}: {proof.lifted_reason}"))
    return Group(*(Text.assemble((f"{name:<9}", "bold"), words) for name, words in lines))


def draw_proofs(proofs: Sequence[Erasure], total: int) -> RenderableType:
    """Return the list of proofs, newest first."""
    if not proofs:
        return Text("Nobody was erased here.")
    table = listing(">proof", "!asked (UTC)", "by", "why", ">records", ">versions", "state", "may come again")
    for each in proofs:
        table.add_row(
            number(each.erasure_id), moment(each.made_at), begun(each.made_by), begun(each.reason),
            number(sum(place["records"] for place in each.places)),
            number(sum(place["versions"] for place in each.places)), each.state,
            f"since {moment(each.lifted_at)}" if each.lifted_at else "no",
        )  # fmt: skip
    notes = [f"{number(len(proofs))} of {number(total)} shown; --limit N shows more."] if len(proofs) < total else []
    return Group(table, *(dim(note) for note in notes))


def _rows(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number(count)} {name}" for name, count in counts.items() if count) or "no rows"


def _regrouped(runs: Sequence[Mapping[str, int]]) -> str:
    """Return in words what the erasure's runs did to ids of others."""
    told = [
        f"{number(each['merged'])} merged, {number(each['split'])} split off, {number(each['moved'])} records moved"
        f" (rddm identity changes --run {each['run']})"
        for each in runs
    ]
    return "; ".join(told) or "nobody merged or split through it"


def _work(work: Mapping[str, Any]) -> list[tuple[str, str]]:
    lines = [("others", _regrouped(work["ids"]))] if "ids" in work else []
    if "lake" in work:
        lake = {name: int(str(value)) for name, value in work["lake"].items()}
        words = (
            f"{number(lake['files_rewritten'])} files written anew ({size(lake['size_bytes_rewritten'])} of"
            f" {size(lake['size_bytes_all'])}), {number(lake['files_deleted'])} deleted,"
            f" {number(lake['snapshots_expired'])} snapshots expired"
        )
        lines.append(("lake", words))
    if "database" in work:
        database = work["database"]
        words = (
            f"{database['tables_rewritten']} tables written anew ({size(int(str(database['size_bytes_rewritten'])))})"
        )
        left = database["only_freed"]
        if isinstance(left, list) and left:
            words += f"; in {', '.join(left)} deleted bytes stay until other rows take their place"
        if not database["is_log_cleared"]:
            words += "; the write-ahead log is the server's to clear"
        lines.append(("database", words))
    return lines
