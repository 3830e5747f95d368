"""How matching stands, what runs did to ids, and what learning anew changes, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import golden_words, moment, number, percent
from rddm.contracts.tables.identity import KINDS_OF_TWO

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from rich.console import RenderableType

    from rddm.pipeline.relearning import LearntAnew
    from rddm.serve.identity_changes import Changes, Proof
    from rddm.serve.identity_report import IdentityReport

KIND_STYLES = {"merged": "yellow", "split": "yellow", "moved": "yellow", "ended": "red"}
TELLING_BITS = 0.5
"""A weight that moved less than this is not worth a line."""
OUTCOMES = {"none": "apart", "possible": "possible", "match": "match"}


def draw_report(report: IdentityReport, place: Path | None) -> RenderableType:
    """Return the report in a few lines, and where the page is, if there is one."""
    found = report.summary
    precision, recall = ("not known" if each is None else percent(each) for each in (found.precision, found.recall))
    lines: list[RenderableType] = [
        Text.assemble(
            (number(found.records), "bold"), " records are ", (number(found.people), "bold"),
            f" {golden_words(report.entity)}. Links: ",
            (number(found.matched_pairs), "bold"), ", expected precision ", (precision, "bold"), ", recall ",
            (recall, "bold"), ". ", (number(found.waiting), "bold"), " pairs wait for a word.",
        )
    ]  # fmt: skip
    lines += [Text(f"! {each}", style="yellow") for each in report.warnings]
    if place is not None:
        lines.append(dim(f"The page: {place}"))
    return Group(*lines)


def draw_changes(changes: Changes) -> RenderableType:
    """Return the table of ids before and after a run, and what the links themselves prove."""
    counts = ", ".join(f"{number(count)} {kind}" for kind, count in changes.counts.items() if count)
    head = Text.assemble(
        f"\nrun {changes.run}  ", (counts or "no id changed", "bold"), (f"  {moment(changes.at)}", "dim")
    )
    table = listing("!what", "!id before", "!id after", "why", "!record")
    for each in changes.changes:
        table.add_row(
            Text(each.kind, style=KIND_STYLES.get(each.kind, "green")),
            _id(each.before, each.kind), _id(each.after, each.kind), each.words, dim(str(each.record or "")),
        )  # fmt: skip
    lines: list[RenderableType] = [head]
    if changes.changes:
        lines.append(table)
    if len(changes.changes) < changes.total:
        lines.append(dim(f"{number(len(changes.changes))} of {number(changes.total)} shown; --limit N shows more."))
    lines += _proof(changes.proof)
    return Group(*lines)


def _id(golden_id: uuid.UUID | None, kind: str) -> RenderableType:
    """Return an id of a change of this *kind*; where one is missing that had part in it, that it was erased."""
    if golden_id is not None:
        return Text(str(golden_id), style="cyan")
    return dim("erased" if kind in KINDS_OF_TWO else "")


def _proof(proof: Proof | None) -> list[RenderableType]:
    if proof is None:
        return [
            dim("The lake keeps no snapshots of before and after this run, so its links cannot be compared any more.")
        ]
    clean = proof.relabels == 0 and proof.unexplained == 0
    return [
        Text(
            f"pure relabels: {number(proof.relabels)}   ids that came or went without an event: {number(proof.unexplained)}",
            style="green" if clean else "bold red",
        ),
        dim(
            f"Compared were the links themselves: {number(proof.people_before)} ids before, {number(proof.people_after)} after;"
            f" {number(proof.changed_records)} records belong to another id."
        ),
    ]


def draw_learning(told: LearntAnew) -> RenderableType:
    """Return what learning anew changes, or would change."""
    done = "was learnt" if told.applied else "would be learnt; nothing is changed yet"
    lines: list[RenderableType] = [
        Text.assemble(
            ("\nversion ", "bold"), (f"{told.version_now}", "bold"),
            f" of the model {done} (in use was {told.version_before}), from {number(told.pairs)} candidate pairs.",
        )
    ]  # fmt: skip
    if not told.is_learnt:
        lines.append(Text("There is too little to learn from: the shipped weights stay.", style="yellow"))
    lines += [_weights(told), *_kinds(told), _crossing(told), *_people(told)]
    if not told.applied:
        lines.append(dim("Do it: rddm identity learn --apply"))
    return Group(*lines)


def _weights(told: LearntAnew) -> RenderableType:
    table = listing("field", "agreement", ">against strangers", ">before", ">against a family", ">before")
    unmoved = 0
    for field in told.fields:
        for level in field.levels:
            now, then = level.bits, level.shipped_bits
            moved = max((abs((now[name] or 0) - (then[name] or 0)) for name in ("random", "family")), default=0.0)
            if moved < TELLING_BITS:
                unmoved += 1
                continue
            cells = [_bits(each[name]) for name in ("random", "family") for each in (now, then)]
            table.add_row(Text(field.name, style="bold"), level.level, cells[0], dim(cells[1]), cells[2], dim(cells[3]))
    note = dim(f"{number(unmoved)} weights move by less than {TELLING_BITS} bits.")
    return Group(table, note) if table.row_count else note


def _kinds(told: LearntAnew) -> list[RenderableType]:
    """Return which kinds of match keys come into use and go out of it."""
    came = [each for each in told.kinds_now if each not in told.kinds_before]
    went = [each for each in told.kinds_before if each not in told.kinds_now]
    return [
        Text(f"match keys {what}: {', '.join(kinds)}")
        for what, kinds in (("that come into use", came), ("that go out of use", went))
        if kinds
    ]


def _bits(bits: float | None) -> str:
    return "" if bits is None else f"{bits:+.1f}"


def _crossing(told: LearntAnew) -> RenderableType:
    table = listing("pairs that were", *(f">{words} now" for words in OUTCOMES.values()))
    for then, words in OUTCOMES.items():
        row = told.crossing.get(then, {})
        cells = ["·" if then == now == "none" else number(row.get(now, 0)) for now in OUTCOMES]
        table.add_row(words, *cells)
    return table


def _people(told: LearntAnew) -> list[RenderableType]:
    merged, split, moved = (number(each) for each in (told.merged, told.split, told.moved))
    lines: list[RenderableType] = [
        Text.assemble(
            (f"{number(told.people_before)} ids become {number(told.people_now)}", "bold"),
            f": {merged} merged, {split} split off, {moved} records moved.",
        )
    ]
    if told.regroupings:
        table = listing("!what", "!id before", "!id after")
        for each in told.regroupings:
            table.add_row(
                Text(each.kind, style="yellow"),
                Text(str(each.before), style="cyan"),
                Text(str(each.after), style="cyan"),
            )
        lines.append(table)
        shown = len(told.regroupings)
        if shown < told.merged + told.split:
            lines.append(dim(f"{number(shown)} of {number(told.merged + told.split)} shown."))
        lines.append(dim(f"What holds one together: rddm {told.entity} why ID"))
    return lines
